"""np.diag of a matrix that is not square: the gradient has another shape than the matrix."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.sum(np.diag(x, 1)))(np.ones((2, 3))).tolist())
print("true", [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "- x01 + x12")
