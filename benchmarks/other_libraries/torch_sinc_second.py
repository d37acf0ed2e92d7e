"""Second derivative of torch.sinc at 0: not finite."""

import math

import torch

print("gives", torch.autograd.functional.hessian(torch.sinc, torch.tensor(0.0, dtype=torch.float64)).item())
print("true", -(math.pi**2) / 3, "- sinc(x) = 1 - (pi x)**2 / 6 + ...")
