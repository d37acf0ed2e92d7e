"""torch.linalg.det of a singular matrix: the gradient is exactly zero."""

import torch

x = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64, requires_grad=True)
torch.linalg.det(x).backward()
print("gives", x.grad.tolist())
print("true", [[4.0, -2.0], [-2.0, 1.0]], "- det is x00 x11 - x01 x10")
