"""Difficulty by its quantile function, held as a table: one uniform a problem, three gathers, no rejection."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

OCTAVES = 64  # of the distance v of the uniform from its nearer end: 2^-65 <= v < 1/2
LEADING = 6  # binary digits of v that choose a cell of an octave; the others are the place in it
SIDE = (OCTAVES << LEADING) + 1  # cells of one half of the uniforms, the last for v = 1/2
_REST = 23 - LEADING  # of the digits of a float32
_FIRST = (126 - OCTAVES) << LEADING  # leading digits of the float32 number 2^-65, whose cell is 0


class BetaQuantile(NamedTuple):
    """Failure probability ~ Beta(alpha, beta) on a share of the problems; the others cannot be solved.

    Any other law is drawn alike from a table of its own (sim.model.quantiles). Log-odds x = log(s / (1 - s)) from one
    uniform u of 64 bits: a parabola in each cell of v = u (lower half) or 1 - u (upper half), a float32 number, so
    that both tails are as finely drawn as the middle.
    Resolution: probabilities of 2^-65, elsewhere 2^-24 of v. x is right to 1.2e-7 |x|, read as an error of u some 1e-6
    of v in the middle and 1e-5 at 2^-65 (8e-6 and 3e-5 for shapes of thousands). log s reaches -1e5 and, where s is
    near 1, -1e-38; unsolvable: -inf.
    coefficients: float32, three of [2 SIDE], constant term first, lower half first.
    last_word: uint32, the last first word of a solvable problem: odd, so that the halves end between two first words.
    """

    coefficients: tuple[jax.Array, jax.Array, jax.Array]
    last_word: jax.Array

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        high, low = bits.words(stream, 0, lanes)
        above = self.last_word - high  # with ~low: how far below the ceiling
        upper = above < high
        near = bits.as_float(bits.pick(upper, above, high), bits.pick(upper, ~low, low))
        near = jnp.minimum(near * self._stretch(), 0.5)
        return bits.pick(high <= self.last_word, bits.log_sigmoid(self._log_odds(near, upper)), -jnp.inf)

    def _stretch(self):
        """Reciprocal of the solvable share: what is left of a uniform below it is uniform again, so stretched."""
        return np.float32(2.0**32) / (self.last_word.astype(jnp.float32) + 1.0)

    def _log_odds(self, near, upper):
        word = jax.lax.bitcast_convert_type(near, jnp.int32)
        cell = (word >> _REST) - _FIRST + jnp.where(upper, SIDE, 0)
        place = (word & ((1 << _REST) - 1)).astype(jnp.float32) * jnp.float32(2.0**-_REST)
        level, slope, bend = (c.at[cell].get(mode="promise_in_bounds") for c in self.coefficients)
        return level + place * (slope + place * bend)


def beta_quantile(coefficients, ceiling):
    """BetaQuantile of a table [3, 2 SIDE] for a share 0 < ceiling <= 1 of solvable problems, in steps of 2^-31."""
    last = 2 * max(round(ceiling * 2**31), 1) - 1
    return BetaQuantile(tuple(np.asarray(coefficients, np.float32)), np.uint32(last))
