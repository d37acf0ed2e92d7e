"""np.where of shapes that broadcast: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.where(np.array([True, False]), x, 0.0)))(np.ones(1)).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [1.0], "- the first result is x0")
