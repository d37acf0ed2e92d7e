"""jax.scipy.special.xlog1py at (0, -1): the slope along y is not finite."""

import jax
from jax.scipy import special

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(special.xlog1py, argnums=1)(0.0, -1.0).item())
print("true", 0.0, "- xlog1py(0, y) is 0 for every y >= -1")
