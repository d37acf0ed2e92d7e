"""jnp.where with a root in the branch that is not taken: not finite."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0))(-1.0).item())
print("true", 0.0, "- the function is 0 for all x <= 0")
