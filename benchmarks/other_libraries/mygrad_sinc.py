"""mg.sinc close to 0: the slope has lost its digits."""

import mygrad as mg
import numpy as np

x = mg.tensor(1e-8)
mg.sinc(x).backward()
print("gives", x.grad.item())
print("true", -(np.pi**2) / 3 * 1e-8, "- sinc(x) = 1 - (pi x)**2 / 6 + ...")
