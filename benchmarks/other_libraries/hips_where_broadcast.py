"""np.where of shapes that broadcast: the gradient has another shape than the argument."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.sum(np.where(np.array([True, False]), x, 0.0)))(np.ones(1)).tolist())
print("true", [1.0], "- the first result is x0")
