"""Second derivative of torch.nn.functional.normalize at a row of zeros: not finite."""

import torch

zeros = torch.zeros(2, dtype=torch.float64)
hessian = torch.autograd.functional.hessian(lambda x: torch.nn.functional.normalize(x, dim=0)[0], zeros)
print("gives", hessian.tolist())
print("true", [[0.0, 0.0], [0.0, 0.0]], "- near 0 it is x / 1e-12")
