"""jnp.ldexp at 0: the slope is 1 whatever the exponent."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(jnp.ldexp)(0.0, 2).item())
print("true", 4.0, "- it is x 2**2")
