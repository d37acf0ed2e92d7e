"""np.tile of a matrix: the gradient goes to other elements."""

import autograd.numpy as np
from autograd import grad

weights = np.array([[1.0, 10.0, 100.0, 1000.0], [2.0, 20.0, 200.0, 2000.0]])
print("gives", grad(lambda x: np.sum(weights * np.tile(x, 2)))(np.ones((2, 2))).tolist())
print("true", [[101.0, 1010.0], [202.0, 2020.0]], "- the matrix stands twice, side by side")
