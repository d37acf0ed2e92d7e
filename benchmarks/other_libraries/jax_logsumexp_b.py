"""jax.scipy.special.logsumexp with a weight of 0: its slope is lost."""

import jax
import jax.numpy as jnp
from jax.scipy import special

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(lambda b: special.logsumexp(jnp.zeros(2), b=b))(jnp.array([1.0, 0.0])).tolist())
print("true", [1.0, 1.0], "- of log(b0 + b1) at b0 + b1 = 1")
