"""torch.atan2 of tiny numbers: zero in reverse mode, infinite in forward mode."""

import torch

x = torch.tensor(1e-200, dtype=torch.float64, requires_grad=True)
torch.atan2(x, torch.tensor(1e-200, dtype=torch.float64)).backward()
print("gives", x.grad.item())
print("true", 5e199, "- y / (x**2 + y**2)")
