"""np.concatenate with axis=None: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.concatenate((x, x), axis=None)))(np.ones((2, 1))).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [[2.0], [2.0]], "- each element stands twice")
