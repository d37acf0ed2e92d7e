"""jnp.std of one number: not finite."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(jnp.std)(jnp.array([3.0])).tolist())
print("true", [0.0], "- it is 0 whatever the number")
