"""torch.cholesky_inverse: the forward derivative is wrong, the gradient is right."""

import torch
from torch.autograd import forward_ad

factor = torch.tensor([[2.0, 0.0], [0.5, 3.0]], dtype=torch.float64)
along = torch.tensor([[1.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
for name, f in (("gives", torch.cholesky_inverse), ("true", lambda x: torch.linalg.inv(x @ x.T))):
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(f(forward_ad.make_dual(factor, along))).tangent
    print(name, tangent.numpy().round(4).tolist(), "- the inverse of x x'" if name == "true" else "")
