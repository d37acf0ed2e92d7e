"""jnp.quantile by its level, at a level that meets an element: the slope is that of neither side, nor between."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(lambda q: jnp.quantile(jnp.array([1.0, 2.0, 4.0]), q))(0.5).item())
print("true", "between 2 and 4", "- the slopes to the left and to the right")
