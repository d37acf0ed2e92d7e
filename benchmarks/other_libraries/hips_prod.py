"""np.prod where an element is 0: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(np.prod)(np.array([2.0, 0.0, 3.0])).tolist())
print("true", [0.0, 6.0, 0.0], "- the product of the others")
