"""np.linalg.solve of one matrix and several right sides: the gradient has another shape than the matrix."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.sum(np.linalg.solve(x, np.ones((2, 1, 1)))))(np.ones((1, 1, 1))).tolist())
print("true", [[[-2.0]]], "- 2 / x")
