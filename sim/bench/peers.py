"""The peers, each at its best: arrays reused, chunks that stay in the cache, tables made beforehand.

Each function prepares one and returns it as a Contestant; timing.Absent where its package is not installed.
NumPy, SciPy and torch draw from generators of their own, seeded once: they are measured, never simulated with.
"""

import math

import jax
import numpy as np
from numpy.random import PCG64, Generator

from sim.bench import kernels
from sim.bench.rows import JAX_CHOICE
from sim.bench.timing import Contestant, need_mean, need_share, package
from sim.draw import keys, simulate
from sim.laws import zipf as law

_CHUNK = 2**14  # numbers a NumPy call makes: 128 KiB, in the cache


def _numpy():
    return Generator(PCG64(0))


def _compiled(function):
    return simulate.compiled(function, "cpu", ())


# Words --------------------------------------------------------------------------------------------------------------


def _uniforms(call, count):
    def check(drawn):
        need_mean("mean of uniforms", np.asarray(drawn, float).mean(), 0.5, 1 / math.sqrt(12), count)

    return Contestant(call, count, check)


def numpy_uniform():
    """PCG64, float64 uniforms, in place."""
    rng, room = _numpy(), np.empty(_CHUNK)
    return _uniforms(lambda: rng.random(out=room), _CHUNK)


def torch_uniform():
    """torch.rand, float32, in place, one thread."""
    torch = package("torch")
    torch.set_num_threads(1)
    room = torch.empty(_CHUNK)
    return _uniforms(lambda: torch.rand(_CHUNK, out=room), _CHUNK)


def _jax_bits(count):
    key = keys.run_key(0, "bench jax.random.bits")
    compiled = _compiled(lambda key: jax.random.bits(key, (count,)))

    def check(words):
        ones = np.bitwise_count(np.asarray(words)).mean() / 32
        need_share("share of ones among the bits of words", ones, 0.5, 32 * count)

    return Contestant(lambda: jax.block_until_ready(compiled(key)), count, check)


def jax_bits():
    """jax.random.bits of the default generator, 4M at once."""
    return _jax_bits(2**22)


def jax_bits_small():
    """jax.random.bits of the default generator, 64k at once."""
    return _jax_bits(2**16)


# Zipf ---------------------------------------------------------------------------------------------------------------


def _ranks(call, count, exponent, size, first):
    """Contestant that draws ranks counted from `first`; the share of the commonest is checked."""

    def check(ranks):
        share = (np.asarray(ranks) == first).mean()
        need_share("Zipf, share of the first rank", share, law.mass(1, exponent, size), count)

    return Contestant(call, count, check)


def _numpy_zipf(exponent):
    rng = _numpy()
    return _ranks(lambda: rng.zipf(exponent, _CHUNK), _CHUNK, exponent, np.inf, 1)


def numpy_zipf2():
    """Rejection, infinite N, s = 2."""
    return _numpy_zipf(2.0)


def numpy_zipf17():
    """Rejection, infinite N, s = 1.7."""
    return _numpy_zipf(1.7)


def _masses(size, dtype):
    return law.mass(np.arange(1, size + 1), 2.0, size).astype(dtype)


def jax_choice():
    """jax.random.choice with probabilities, which sums them up at every call: 1M draws a call, 4M take longer each."""
    count = 2**20
    key = keys.run_key(0, "bench jax.random.choice")
    compiled = _compiled(lambda key, masses: jax.random.choice(key, JAX_CHOICE, (count,), p=masses))
    masses = jax.device_put(_masses(JAX_CHOICE, np.float32), jax.devices("cpu")[0])
    return _ranks(lambda: jax.block_until_ready(compiled(key, masses)), count, 2.0, JAX_CHOICE, 0)


def torch_multinomial():
    """torch.multinomial with replacement, float64, 1M draws a call, one thread."""
    torch = package("torch")
    torch.set_num_threads(1)
    masses, count = torch.from_numpy(_masses(JAX_CHOICE, np.float64)), 2**20
    return _ranks(lambda: torch.multinomial(masses, count, replacement=True), count, 2.0, JAX_CHOICE, 0)


def scipy_zipfian():
    """scipy.stats.zipfian, which solves for each rank: 1024 draws a call."""
    stats, rng, count = package("scipy.stats"), _numpy(), 1024
    return _ranks(lambda: stats.zipfian.rvs(2.0, JAX_CHOICE, size=count, random_state=rng), count, 2.0, JAX_CHOICE, 1)


# Attempts and difficulty --------------------------------------------------------------------------------------------


def numpy_geometric():
    """Geometric waiting times of the problems that first_million has, a probability each."""
    rng, success = _numpy(), kernels.success()

    def check(waits):
        share = np.exp(np.log1p(-success) * 1e6).mean()
        need_share("unsolved after 10^6 attempts", (waits > 10**6).mean(), share, success.size)

    return Contestant(lambda: rng.geometric(success), success.size, check)


def _success(call, count):
    """Contestant that draws success probabilities; their mean is checked."""
    a, b = kernels.BETA, kernels.ALPHA
    deviation = math.sqrt(a * b / (a + b + 1)) / (a + b)

    def check(success):
        need_mean("mean success probability", np.asarray(success, float).mean(), a / (a + b), deviation, count)

    return Contestant(call, count, check)


def numpy_beta():
    """Success probabilities, Beta(0.35, 5)."""
    rng = _numpy()
    return _success(lambda: rng.beta(kernels.BETA, kernels.ALPHA, _CHUNK), _CHUNK)


def jax_beta():
    """jax.random.beta, 16,384 at once: a million take seven times as long each."""
    key = keys.run_key(0, "bench jax.random.beta")
    compiled = _compiled(lambda key: jax.random.beta(key, kernels.BETA, kernels.ALPHA, (_CHUNK,)))
    return _success(lambda: jax.block_until_ready(compiled(key)), _CHUNK)
