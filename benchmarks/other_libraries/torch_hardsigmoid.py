"""torch.nn.functional.hardsigmoid in double precision: its slope of 1/6 is rounded to single precision."""

import torch

x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
torch.nn.functional.hardsigmoid(x).backward()
print("gives", x.grad.item())
print("true", 1 / 6, "- it is x / 6 + 1/2 for -3 < x < 3")
