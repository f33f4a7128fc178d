"""Feature arrivals: when each feature was seen d times, features independent of each other; finite sets."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits
from sim.samplers.learners import sums

_ROWS = 8  # ranks taken at once: their arrivals stay in the innermost cache


class Member(NamedTuple):
    """Each feature's d-th copy arrives after a sum of d geometric waiting times, independently of the others.

        U(n) = sum_i theta_i [T_i > n],   T_i ~ d + NegBin(d, theta_i),   theta_i = i^-s / H,   first <= i <= last

    The mean is exact for every n and d, and so is the law of each feature; training sets of n examples have
    correlated features, so the variance here is larger, by a relative O(E_n). It costs d exponentials a feature.
    Resolution: theta_i to 4e-6 relative, n to 6e-8.  Ranks below 2^32.
    """

    exponent: jax.Array  # s
    log_total: jax.Array  # log H
    first: jax.Array  # uint32, the first rank that is drawn
    last: jax.Array  # uint32, the last
    depth: jax.Array  # int32, d >= 1
    examples: jax.Array  # float32 grid of n, ascending

    LEARNERS = 128
    resolution = 1e-6  # relative: that of float32 sums

    @property
    def bytes(self):
        """Device bytes that one batch needs: accumulators [n, 128], and the arrivals of 8 ranks."""
        return 4 * self.LEARNERS * (3 * len(self.examples) + 8 * _ROWS)

    def curves(self, key):
        """float32 [128, n]: unmemorised mass of each learner's ranks from first to last."""
        stream = bits.stream(key)
        pieces = (self.last + jnp.uint32(_ROWS) - self.first) // jnp.uint32(_ROWS)

        def piece(number):
            rank = self.first + number.astype(jnp.uint32) * jnp.uint32(_ROWS) + jnp.arange(_ROWS, dtype=jnp.uint32)
            log_mass = -self.exponent * jnp.log(rank.astype(jnp.float32)) - self.log_total
            arrival = self._arrivals(stream, rank, bits.rate(log_mass))
            mass = jnp.where(rank <= self.last, jnp.exp(log_mass), 0.0)
            late = self.examples[:, None]
            return sums.of_rows([jnp.where(arrival[i][None, :] > late, mass[i], 0.0) for i in range(_ROWS)])

        start = jnp.zeros((len(self.examples), self.LEARNERS), jnp.float32)
        return sums.in_runs(piece, start, pieces.astype(jnp.int32)).T

    def _arrivals(self, stream, rank, rate):
        """float32 [8, 128]: number of the example that shows the feature for the d-th time."""
        learner = jnp.arange(self.LEARNERS, dtype=jnp.uint32)[None, :]

        def one_more(copy, arrival):
            lane = copy.astype(jnp.uint32) * jnp.uint32(self.LEARNERS) + learner
            return arrival + bits.geometric(stream, rank[:, None], lane, rate[:, None])

        return jax.lax.fori_loop(0, self.depth, one_more, jnp.zeros((_ROWS, self.LEARNERS), jnp.float32))


def member(exponent, first, last, depth, examples, total):
    """Member for the ranks from first to last, from float64 numbers."""
    return Member(
        np.float32(exponent),
        np.float32(np.log(total)),
        np.uint32(first),
        np.uint32(last),
        np.int32(depth),
        np.asarray(examples, np.float32),
    )


def build(exponent, size, depth, examples, total):
    """Member for all of a finite feature set, and the offset and the scale of its curves: zeros and ones.

    exponent: s.  size: N < 2^32.  depth: d.  examples: float64 grid of n, ascending.  total: H = sum_{i<=N} i^-s.
    """
    if not size < 2.0**32:
        raise ValueError(f"memory.name: feature_arrivals needs fewer than 2^32 features, got {size}")
    examples = np.asarray(examples, float)
    return member(exponent, 1, size, depth, examples, total), np.zeros(len(examples)), np.ones(len(examples))
