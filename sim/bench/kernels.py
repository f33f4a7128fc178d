"""The shipped samplers, as they are timed: what they draw is summed, so that nothing of it is dead code."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import special

from sim.bench.rows import JAX_CHOICE
from sim.bench.timing import need_mean, need_share
from sim.draw import keys
from sim.laws import zipf as law
from sim.model import build
from sim.samplers import attempts, bits

ALPHA, BETA = 5.0, 0.35  # the default difficulty of `sim run`
_GRID = 2.0 ** np.arange(0, 41, 2)  # 21 k from 1 to 2^40
_TRIALS = 4096  # attempts a problem is given one by one
_PROBLEMS = 2**14  # problems of different difficulty, taken in rotation: 64 KiB, in the cache


class Kernel(NamedTuple):
    """A sampler to be timed.

    draw(numbers, piece, lanes) -> uint32, int32 or float32 [..., lanes], to be summed over lanes and pieces. One array:
    XLA on a CPU would draw afresh for each of two.
    numbers: all that is traced.  items: items of work a lane stands for.  words: 32-bit words an item needs.
    check(sums, lanes): raises Wrong; sums of what was drawn, over so many lanes in all, some of the lane axis left.
    """

    draw: Callable
    numbers: Any
    items: float
    words: float
    check: Callable[[np.ndarray, int], None]


def _dealt(name, sampler=None):
    """The stream of bits that a sampler draws from, or a tuple of as many as it wants."""
    count = getattr(sampler, "STREAMS", 1)
    streams = tuple(bits.stream(key) for key in jax.random.split(keys.run_key(0, f"bench {name}"), count))
    return streams[0] if count == 1 else streams


# Words --------------------------------------------------------------------------------------------------------------


def words():
    """Both words of the counter generator at two turns, as whoever needs many takes them; an item is a word."""

    def draw(stream, piece, lanes):
        (one, other), (third, fourth) = (bits.words(stream, turn, lanes) for turn in (0, 1))
        return (one + other) + (third + fourth)

    def check(sums, lanes):  # a sum of uniform words is a uniform word, and neighbours have nothing in common
        for what, drawn in (("words", sums), ("words that differ from the next", sums ^ np.roll(sums, 1))):
            need_share(
                f"share of ones among the bits of {what}", np.bitwise_count(drawn).mean() / 32, 0.5, 32 * sums.size
            )

    return Kernel(draw, _dealt("words"), 4, 1, check)


# Zipf ---------------------------------------------------------------------------------------------------------------


def _zipf(exponent, size):
    """Ranks as two words, an item a draw. Checked: their mean, ranks from 1000 on counting as 1000."""
    highest = 1000

    def draw(numbers, piece, lanes):
        sampler, stream = numbers
        feature = sampler.at(stream, lanes)
        return jnp.where(feature.high > 0, jnp.uint32(highest), jnp.minimum(feature.low, jnp.uint32(highest)))

    def check(sums, lanes):
        rank = np.arange(highest)
        tail = law.tail(rank, exponent, size)
        mean, square = tail.sum(), ((2 * rank + 1) * tail).sum()
        deviation = np.sqrt(square - mean**2)
        need_mean(f"Zipf s = {exponent}, mean rank", sums.sum(dtype=float) / lanes, mean, deviation, lanes)

    numbers = build.feature_sampler(exponent, size), _dealt(f"zipf {exponent} {size}")
    return Kernel(draw, numbers, 1, 2, check)


def zipf2():
    """Zipf s = 2, infinite N."""
    return _zipf(2.0, np.inf)


def zipf17():
    """Zipf s = 1.7, infinite N."""
    return _zipf(1.7, np.inf)


def zipf2_million():
    """Zipf s = 2, N = 10^6."""
    return _zipf(2.0, JAX_CHOICE)


# Attempts -----------------------------------------------------------------------------------------------------------


def success():
    """Success probabilities from 1e-12 to 1/2 in no order, float64 [_PROBLEMS]."""
    return np.geomspace(1e-12, 0.5, _PROBLEMS)[np.arange(_PROBLEMS) * 5 % _PROBLEMS]


def _attempts(sampler, problems, grid, items, words):
    """Unsolved problems, summed for each k of the grid. Checked: their share at every k."""
    log_table, grid = np.log(problems).astype(np.float32), np.asarray(grid, np.float32)

    def draw(numbers, piece, lanes):
        streams, log_table, grid = numbers
        start = piece * jnp.uint32(lanes.size) % jnp.uint32(log_table.size)
        own = jax.lax.dynamic_slice(log_table, (start,), (lanes.size,))
        unsolved = sampler.unsolved(streams, own, lanes, grid)
        return unsolved.astype(jnp.int32)

    def check(sums, lanes):
        probability = np.exp(np.log1p(-problems)[:, None] * grid.astype(float)).mean(axis=0)
        shares = sums.reshape(len(grid), -1).sum(axis=1, dtype=float) / lanes
        for k, share, expected in zip(grid, shares, probability, strict=True):
            need_share(f"unsolved after {k:.0f} attempts", share, expected, lanes)

    return Kernel(draw, (_dealt("attempts", sampler), log_table, grid), items, words, check)


def _first(grid):
    return _attempts(attempts.FirstSuccess(), success(), grid, 1, 2)


def first_thousand():
    """First success, k = 10^3; an item is a problem."""
    return _first([1e3])


def first_million():
    """First success, k = 10^6."""
    return _first([1e6])


def first_trillion():
    """First success, k = 10^12."""
    return _first([1e12])


def first_grid():
    """First success, 21 k to 2^40."""
    return _first(_GRID)


def bernoulli():
    """Attempts one by one, 4096 a problem; an item is a trial. Rarely solved, so that hardly any could stop early."""
    problems = np.full(_PROBLEMS, 1e-4)
    return _attempts(attempts.Bernoulli(), problems, [_TRIALS], _TRIALS, 1)


# Difficulty ---------------------------------------------------------------------------------------------------------


def beta():
    """Log success probability under Beta(5, 0.35), from the table of quantiles; an item is a problem."""
    return _beta(build.beta_sampler(ALPHA, BETA, 1.0))


def gamma_ratio():
    """The same as a ratio of Gamma variates."""
    return _beta(build.gamma_ratio_sampler(ALPHA, BETA, 1.0))


def _beta(sampler):
    """Checked: the mean of the logarithms."""

    def draw(numbers, piece, lanes):
        sampler, streams = numbers
        return sampler.at(streams, lanes)

    def check(sums, lanes):
        mean = special.digamma(BETA) - special.digamma(ALPHA + BETA)
        deviation = np.sqrt(special.polygamma(1, BETA) - special.polygamma(1, ALPHA + BETA))
        need_mean("mean log success", sums.sum(dtype=float) / lanes, mean, deviation, lanes)

    return Kernel(draw, (sampler, _dealt("beta", sampler)), 1, 2, check)
