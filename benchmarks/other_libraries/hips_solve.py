"""np.linalg.solve of one matrix and several right sides: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.linalg.solve(x, np.ones((2, 1, 1)))))(np.ones((1, 1, 1))).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [[[-2.0]]], "- 2 / x")
