"""Second derivative of torch.nn.functional.mish of a large number: not finite."""

import torch

hessian = torch.autograd.functional.hessian(torch.nn.functional.mish, torch.tensor(800.0, dtype=torch.float64))
print("gives", hessian.item())
print("true", 0.0, "- mish(x) is x there, to the last digit")
