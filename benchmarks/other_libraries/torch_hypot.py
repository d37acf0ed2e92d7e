"""torch.hypot at (0, 0): not finite, though every slope is between -1 and 1."""

import torch

x, y = torch.tensor(0.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
torch.hypot(x, y).backward()
print("gives", [x.grad.item(), y.grad.item()])
print("true", "any vector of length at most 1", "- the subgradients of the length; torch.linalg.norm gives 0")
