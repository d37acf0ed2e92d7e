"""jnp.sinc close to 0: the slope has lost its digits."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

print("gives", jax.grad(jnp.sinc)(1e-8).item())
print("true", -(jnp.pi**2) / 3 * 1e-8, "- sinc(x) = 1 - (pi x)**2 / 6 + ...")
