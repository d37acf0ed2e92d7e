"""The squared norm at 0: not finite."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(lambda x: jnp.linalg.norm(x) ** 2)(jnp.zeros(2)).tolist())
print("true", [0.0, 0.0], "- 2 x")
