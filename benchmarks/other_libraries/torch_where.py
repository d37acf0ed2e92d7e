"""torch.where with a root in the branch that is not taken: not finite."""

import torch

x = torch.tensor(-1.0, requires_grad=True)
torch.where(x > 0, torch.sqrt(x), 0.0).backward()
print("gives", x.grad.item())
print("true", 0.0, "- the function is 0 for all x <= 0")
