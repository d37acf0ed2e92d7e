"""Derivatives of d(x ** y)/dy at x = 0, y = 2: not finite along y."""

import torch

x, y = torch.tensor(0.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
(slope,) = torch.autograd.grad(x**y, y, create_graph=True)
print("gives", torch.autograd.grad(slope, y)[0].item())
print("true", 0.0, "- 0 ** y is 0 for all y > 0")
