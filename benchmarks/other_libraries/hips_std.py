"""np.std of equal numbers: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(np.std)(np.array([1.0, 1.0])).tolist())
print("true", "any (a, -a) with |a| <= 1/2", "- it is |x0 - x1| / 2")
