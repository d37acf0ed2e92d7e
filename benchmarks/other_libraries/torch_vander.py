"""torch.vander: the backward pass raises."""

import torch

x = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
try:
    torch.vander(x, 3).sum().backward()
    print("gives", x.grad.tolist())
except RuntimeError as error:
    print("gives", "RuntimeError:", str(error).split(":")[0])
print("true", [1.0, 3.0, 5.0], "- x**2 + x + 1 summed")
