"""np.roll along two axes: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.roll(x, (1, -1), axis=(0, 1))))(np.ones((2, 2))).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [[1.0, 1.0], [1.0, 1.0]], "- each element stands once")
