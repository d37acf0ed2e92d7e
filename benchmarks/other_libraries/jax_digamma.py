"""jax.scipy.special.digamma of a negative number: the slope is wrong."""

import math

import jax
from jax.scipy import special

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(special.digamma)(-12.5).item())
true = math.pi**2 - special.polygamma(1, 13.5).item()
print("true", true, "- reflected: pi**2 / sin(pi x)**2 - trigamma(1 - x)")
