"""np.hypot at (0, 0): not finite, though every slope is between -1 and 1."""

import autograd.numpy as np
from autograd import grad

print("gives", [grad(np.hypot, argnum=i)(0.0, 0.0) for i in (0, 1)])
print("true", "any vector of length at most 1", "- the subgradients of the length")
