"""Second derivative of the squared norm at 0: not finite."""

import torch

zeros = torch.zeros(2, dtype=torch.float64)
print("gives", torch.autograd.functional.hessian(lambda x: torch.linalg.norm(x) ** 2, zeros).tolist())
print("true", [[2.0, 0.0], [0.0, 2.0]], "- it is x0**2 + x1**2")
