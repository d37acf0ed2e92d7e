"""torch.special.xlog1py at (0, -1): the slope along y is not finite."""

import torch

y = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
torch.special.xlog1py(torch.tensor(0.0, dtype=torch.float64), y).backward()
print("gives", y.grad.item())
print("true", 0.0, "- xlog1py(0, y) is 0 for every y >= -1")
