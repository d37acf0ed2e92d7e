"""Second derivative of 0 ** x at x > 0: not finite."""

import torch

print("gives", torch.autograd.functional.hessian(lambda x: torch.pow(0.0, x), torch.tensor(2.0)).item())
print("true", 0.0, "- 0 ** x is 0 for all x > 0")
