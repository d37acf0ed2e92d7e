"""jnp.arctan2 of tiny numbers: not finite."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(jnp.arctan2)(1e-200, 1e-200).item())
print("true", 5e199, "- y / (x**2 + y**2)")
