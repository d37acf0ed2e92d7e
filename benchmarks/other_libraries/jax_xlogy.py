"""jax.scipy.special.xlogy at (0, 0): the slope along y is not finite."""

import jax
from jax.scipy import special

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(special.xlogy, argnums=1)(0.0, 0.0).item())
print("true", 0.0, "- xlogy(0, y) is 0 for every y >= 0")
