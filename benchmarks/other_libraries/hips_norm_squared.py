"""The squared norm at 0: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.linalg.norm(x) ** 2)(np.zeros(2)).tolist())
print("true", [0.0, 0.0], "- 2 x")
