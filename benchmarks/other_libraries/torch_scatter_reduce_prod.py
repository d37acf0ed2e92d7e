"""torch.scatter_reduce "prod": forward mode drops the tangent."""

import torch
from torch.autograd import forward_ad

with forward_ad.dual_level():
    x = forward_ad.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0]))
    out = torch.scatter_reduce(x, 0, torch.tensor([0, 0, 1]), torch.tensor([3.0, 4.0, 5.0]), "prod")
    print("gives", forward_ad.unpack_dual(out).tangent)
print("true", [12.0, 0.0], "- the first result is 3 4 x0")
