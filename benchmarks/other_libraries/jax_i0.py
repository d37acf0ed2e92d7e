"""jax.scipy.special.i0 at 0: the slope is 1."""

import jax
from jax.scipy import special

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(special.i0)(0.0).item())
print("true", 0.0, "- i0 is even, its slope is i1(0)")
