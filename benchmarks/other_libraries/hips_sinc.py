"""np.sinc at 0: not finite; close to 0 it has lost its digits."""

import autograd.numpy as np
from autograd import grad

print("gives", [grad(np.sinc)(0.0), grad(np.sinc)(1e-8)])
print("true", [0.0, -(np.pi**2) / 3 * 1e-8], "- sinc(x) = 1 - (pi x)**2 / 6 + ...")
