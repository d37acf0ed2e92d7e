"""x ** 0.0 at x = 0: not finite."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(lambda x: x**0.0)(0.0).item(), "and for jnp.power(x, y)", jax.grad(jnp.power)(0.0, 0.0).item())
print("true", 0.0, "- the function is 1 for all x; x ** 0 gives that")
