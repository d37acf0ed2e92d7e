"""np.linalg.norm at 0: not finite, though every slope is between -1 and 1."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(np.linalg.norm)(np.zeros(2)).tolist())
print("true", "any vector of length at most 1", "- the subgradients of the length")
