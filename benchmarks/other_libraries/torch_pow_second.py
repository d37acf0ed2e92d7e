"""Second derivatives of x ** y at y = 0: the Hessian is not even symmetric."""

import torch

at = (torch.tensor(2.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64))
hessian = torch.autograd.functional.hessian(lambda x, y: x**y, at)
print("gives", [hessian[0][1].item(), hessian[1][0].item()], "for d2/dxdy and d2/dydx")
print("true", [0.5, 0.5], "- x ** (y - 1) (1 + y log x) = 1 / x")
