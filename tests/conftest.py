"""Hygiene for every test. JAX reads these when its backend starts, which no import of `sim` does."""

import os

import jax

# The devices a batch must not notice. Set here and not in XLA_FLAGS: commands that tests start in a process of their
# own see the machine as a user does.
jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_debug_key_reuse", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

os.environ["SIM_COMPILATION_CACHE"] = "off"  # tests leave nothing in the user's folders
