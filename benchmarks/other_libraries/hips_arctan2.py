"""np.arctan2 of tiny numbers: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(np.arctan2)(1e-200, 1e-200))
print("true", 5e199, "- y / (x**2 + y**2)")
