"""np.diag of a matrix that is not square: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.diag(x, 1)))(np.ones((2, 3))).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "- x01 + x12")
