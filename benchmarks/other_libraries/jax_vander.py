"""jnp.vander at 0: not finite."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(lambda x: jnp.vander(x, 3).sum())(jnp.array([0.0, 1.0])).tolist())
print("true", [1.0, 3.0], "- x**2 + x + 1 summed")
