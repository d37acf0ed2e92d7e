"""jnp.linalg.norm at 0: not finite, though every slope is between -1 and 1."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(jnp.linalg.norm)(jnp.zeros(2)).tolist())
print("true", "any vector of length at most 1", "- the subgradients of the length; jnp.hypot gives 0")
