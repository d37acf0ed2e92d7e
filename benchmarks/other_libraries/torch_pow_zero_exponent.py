"""Second derivative of x ** y at x = 0, y = 0: not finite, and it reaches the other elements."""

import torch

powers = torch.tensor([0.0, 2.0], dtype=torch.float64)
hessian = torch.autograd.functional.hessian(lambda x: (x**powers).sum(), torch.zeros(2, dtype=torch.float64))
print("gives", hessian.tolist())
print("true", [[0.0, 0.0], [0.0, 2.0]], "- the function is 1 + x1 ** 2")
