"""np.cross of one vector with several: the gradient has another shape than the vector."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda y: np.sum(np.cross(np.eye(3), y)))(np.ones(3)).tolist())
print("true", [0.0, 0.0, 0.0], "- the rows' sum (1, 1, 1) times y, and its elements add to 0 for every y")
