"""np.repeat along an axis: the gradient goes to other elements."""

import autograd.numpy as np
from autograd import grad

weights = np.array([[1.0, 10.0, 100.0, 1000.0], [2.0, 20.0, 200.0, 2000.0]])
print("gives", grad(lambda x: np.sum(weights * np.repeat(x, 2, axis=-1)))(np.ones((2, 2))).tolist())
print("true", [[11.0, 1100.0], [22.0, 2200.0]], "- each element stands twice, side by side")
