"""Second derivative of torch.renorm at a row of zeros: not finite."""

import torch

zeros = torch.zeros(1, 2, dtype=torch.float64)
hessian = torch.autograd.functional.hessian(lambda x: torch.renorm(x, 2, 0, 1.0)[0, 0], zeros)
print("gives", hessian.flatten().tolist())
print("true", [0.0, 0.0, 0.0, 0.0], "- rows shorter than 1 stay as they are")
