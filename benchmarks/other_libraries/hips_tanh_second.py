"""Second derivative of np.tanh of a large number: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(grad(np.tanh))(800.0))
print("true", 0.0, "- -2 tanh(x) / cosh(x)**2")
