"""torch.linspace and torch.logspace take tensors as ends and cut the gradient without a word."""

import torch

start, stop = torch.tensor(0.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
out = torch.linspace(start, stop, 5) * (start + 1)
out.sum().backward()
print("gives", start.grad.item())
print("true", 7.5, "- the sum is 5 (start + stop) / 2 (start + 1)")
