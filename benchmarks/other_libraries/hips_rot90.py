"""np.rot90 with axes: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.rot90(x, k=2, axes=(1, 0))))(np.ones((2, 2))).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [[1.0, 1.0], [1.0, 1.0]], "- each element stands once")
