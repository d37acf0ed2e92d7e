"""torch.nn.functional.lp_pool1d of a window of zeros: forward mode is not finite where reverse mode gives 0."""

import torch
from torch.autograd import forward_ad

with forward_ad.dual_level():
    x = forward_ad.make_dual(torch.tensor([[1.0, 3.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0, 0.0]]))
    tangent = forward_ad.unpack_dual(torch.nn.functional.lp_pool1d(x, 2, 2)).tangent
print("gives", tangent[0].tolist())
print("true", [10**-0.5, 0.0], "- the second window has not moved")
