"""torch.linalg.cond(x, 1): the backward pass raises."""

import torch

x = torch.tensor([[2.0, 1.0], [0.5, 3.0]], dtype=torch.float64, requires_grad=True)
try:
    torch.linalg.cond(x, 1).backward()
    print("gives", x.grad.tolist())
except RuntimeError as error:
    print("gives", "RuntimeError:", str(error).split(":")[0])
print("true", "a gradient", "- the product of two norms, each of which has one")
