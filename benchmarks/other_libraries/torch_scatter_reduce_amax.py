"""torch.scatter_reduce "amax" with include_self=False: an element that is left out takes a share of the gradient."""

import torch

x, index = torch.tensor([3.0]), torch.tensor([0])
y = torch.tensor([3.0], requires_grad=True)
torch.scatter_reduce(x, 0, index, y, "amax", include_self=False).backward()
print("gives", y.grad.tolist())
print("true", [1.0], "- x is not included, so the result is y itself")
