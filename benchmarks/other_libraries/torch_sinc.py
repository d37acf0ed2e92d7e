"""torch.sinc close to 0: the slope has lost its digits."""

import math

import torch

x = torch.tensor(1e-8, dtype=torch.float64, requires_grad=True)
torch.sinc(x).backward()
print("gives", x.grad.item())
print("true", -(math.pi**2) / 3 * 1e-8, "- sinc(x) = 1 - (pi x)**2 / 6 + ...")
