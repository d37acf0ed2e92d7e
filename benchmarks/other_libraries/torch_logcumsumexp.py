"""torch.logcumsumexp where the first element is -inf: not finite for results that are."""

import torch

x = torch.tensor([-torch.inf, 0.0, 1.0], dtype=torch.float64, requires_grad=True)
torch.logcumsumexp(x, 0)[2].backward()
print("gives", x.grad.tolist())
print("true", torch.softmax(x.detach(), 0).tolist(), "- the last result is logsumexp, whose gradient is softmax")
