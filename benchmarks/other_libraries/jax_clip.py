"""jnp.clip between equal bounds, at the bound: the slope is that of a quarter of x."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(lambda x: jnp.clip(x, 1.0, 1.0))(1.0).item())
print("true", 0.0, "- the function is 1 for all x")
