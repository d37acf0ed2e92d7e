"""torch.nn.functional.ctc_loss: the gradient is not that of its argument, but of a softmax before it."""

import torch

x = torch.tensor([[[0.5, 0.5]]], dtype=torch.float64).log().requires_grad_()
torch.nn.functional.ctc_loss(x, torch.tensor([[1]]), torch.tensor([1]), torch.tensor([1])).backward()
print("gives", x.grad.flatten().tolist())
print("true", [0.0, -1.0], "- of one step and one label the loss is -x[0, 0, 1]")
