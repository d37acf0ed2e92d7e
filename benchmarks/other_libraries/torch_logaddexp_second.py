"""Second derivatives of torch.logaddexp far apart: not finite."""

import torch

at = (torch.tensor(800.0, dtype=torch.float64), torch.tensor(-800.0, dtype=torch.float64))
hessian = torch.autograd.functional.hessian(torch.logaddexp, at)
print("gives", [[h.item() for h in row] for row in hessian])
print("true", [[0.0, 0.0], [0.0, 0.0]], "- s (1 - s) with s = sigmoid(1600)")
