"""torch.cdist with p=inf where two differences are the largest: the gradient is twice too long."""

import torch

x = torch.tensor([[1.0, 2.0]], requires_grad=True)
torch.cdist(x, torch.tensor([[3.0, 4.0]]), p=torch.inf).backward()
print("gives", x.grad.tolist())
print("true", "(-a, a - 1) with 0 <= a <= 1", "- moving both by t changes the distance by -t, not by -2t")
