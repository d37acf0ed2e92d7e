"""torch.xlogy at (0, 0): the slope along y is not finite."""

import torch

y = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
torch.xlogy(torch.tensor(0.0, dtype=torch.float64), y).backward()
print("gives", y.grad.item())
print("true", 0.0, "- xlogy(0, y) is 0 for every y >= 0")
