"""np.linalg.norm(x, 1.5) where one element is 0: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.linalg.norm(x, 1.5))(np.array([1.0, 0.0])).tolist())
print("true", [1.0, 0.0], "- sign(x) |x|**(p - 1) / norm**(p - 1)")
