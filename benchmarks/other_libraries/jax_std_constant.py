"""jnp.std of equal numbers: not finite."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(jnp.std)(jnp.array([1.0, 1.0])).tolist())
print("true", "any (a, -a) with |a| <= 1/2", "- it is |x0 - x1| / 2")
