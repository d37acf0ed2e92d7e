"""np.broadcast_to with a new axis: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(lambda x: np.sum(np.broadcast_to(x, (2, 3))))(np.ones(3)).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [2.0, 2.0, 2.0], "- each element stands twice")
