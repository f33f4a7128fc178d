"""Random variates of a stream by NumPy in float64: what sim.samplers.bits has in float32, from the same words."""

from functools import partial

import jax
import numpy as np

from sim.samplers import bits

# Programs that run once: to compile them well takes longer than to run them.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
jit = partial(jax.jit, compiler_options=QUICK)


def words(stream, turn, lane):
    """Two uint32 words at (turn, lane)."""
    return bits.threefry2x32_on_host(*stream, turn, lane)


def uniform(stream, turn, lane):
    """On (0, 1)."""
    return _share(*words(stream, turn, lane))


def exponential(stream, turn, lane):
    """With mean 1, minus the logarithm of the uniform: through what is left of 1 where that is less."""
    high, low = words(stream, turn, lane)
    rest = _share(~high, ~low)
    return np.where(high < 2**31, -np.log(_share(high, low)), -np.log1p(-rest))


def geometric(stream, turn, lane, probability):
    """Number of the first success, infinite where there is none."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.ceil(exponential(stream, turn, lane) / -np.log1p(-np.asarray(probability))), 1)


def normal(stream, turn, lane):
    """Standard normal: the first of Box and Muller's two."""
    high, low = words(stream, turn, lane)
    turns = low.astype(np.int32) / 2**31  # from -1 to 1
    return np.sqrt(-2 * np.log((high + 0.5) / 2**32)) * np.sin(np.pi * (np.abs(turns) - 0.5))


def _share(high, low):
    return (high + (low + 0.5) / 2**32) / 2**32
