"""np.outer of a number and a vector: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.outer(2.0, x)))(np.ones(2)).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [2.0, 2.0], "- 2 x")
