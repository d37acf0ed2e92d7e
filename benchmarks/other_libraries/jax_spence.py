"""jax.scipy.special.spence at 1 and 2."""

import jax
from jax.scipy import special

jax.config.update("jax_enable_x64", True)

print("gives", [jax.grad(special.spence)(x).item() for x in (0.5, 1.0, 2.0)])
print("true", [-1.3862943611198906, -1.0, -0.6931471805599453], "- log(x) / (1 - x)")
