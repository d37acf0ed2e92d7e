"""The sum of squared singular values where two are equal: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.sum(np.linalg.svd(x, full_matrices=False)[1] ** 2))(np.eye(2)).tolist())
print("true", [[2.0, 0.0], [0.0, 2.0]], "- it is the sum of all squared elements")
