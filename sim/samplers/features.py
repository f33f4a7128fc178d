"""Features of examples: Zipf, finite or infinite, without rejection and without a table of the tail."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

HEAD = 16  # ranks drawn by comparison with float64 constants; above, Euler-Maclaurin is right to 2e-5 ranks
_DITHER = 12  # digits of a rank below 2^-12 of its size are drawn afresh: float32 cannot carry them
_BEYOND = 63  # ranks from 2^63 on are told apart by random bits alone: two of them agree with probability below 1e-19


class Feature(NamedTuple):
    """Drawn features, one per lane.

    log_probability: float32, natural logarithm of the feature's probability.  high, low: uint32 words of its rank
    (from 1); from 2^63 on the rank is too large to write down and the words, with the top bit set, only name it.
    """

    log_probability: jax.Array
    high: jax.Array
    low: jax.Array


class Zipf(NamedTuple):
    """Zipf features: P(rank = i) = i^-s / H, i = 1 ... N, N up to 1e9 or infinite (then s > 1).

    Inverse of the tail sum: y uniform on (0, H) with 64 bits, rank = the smallest i whose tail sum_{j>i} j^-s lies
    below y. Small y is the far tail, so float32 keeps its relative precision where ranks are rare. Above rank 16 the
    tail sum is inverted by midpoint Euler-Maclaurin:
        w = [top^(1-s) + (s-1) y]^(-1/(s-1)),  rank = floor(w + 1/2 - s/(24 w)).
    Where s < 1.1 the first ranks are rare too: the half of the draws with y > H/2 then measures from the other end.
    Resolution: every rank can be drawn; octaves are right to 2e-6, single ranks to 1e-3.
    All fields float32 scalars but `tails` and `heads` [16]: build with `zipf`.
    """

    tails: jax.Array  # sum_{j=i+1}^{N} j^-s at i = 1 ... HEAD
    heads: jax.Array  # sum_{j=1}^{i} j^-s at the same i
    total: jax.Array  # H = sum_{j=1}^{N} j^-s
    log_total: jax.Array
    exponent: jax.Array  # s
    excess: jax.Array  # s - 1, kept away from 0
    size: jax.Array  # N, or infinity
    log_top: jax.Array  # log of the continuous rank where the tail sum is 0; only where `flat`
    base: jax.Array  # top^(1-s), 0 if infinite; only where not `flat`
    scale: jax.Array  # s - 1, times top^(s-1) where `flat`
    log_bottom: jax.Array  # log of the continuous rank between HEAD and HEAD + 1
    bottom_scale: jax.Array  # (1 - s) times the (s-1)th power of that rank
    flat: jax.Array  # bool, s < 1.1 and finite: the inverse is taken from either end, through log1p

    def draw(self, key, lanes):
        """Features of the examples numbered `lanes` (uint32, any shape)."""
        return self.at(bits.stream(key), lanes)

    def at(self, stream, lanes):
        """As `draw`, from a stream of bits: example number i has the same feature however the work is cut."""
        one, other = bits.words(stream, 0, lanes)
        head_rank, rank = jax.lax.cond(self.flat, self._from_both_ends, self._from_the_top, one, other)
        in_head = head_rank > 0
        high, low = _whole_rank(rank, bits.words(stream, 1, lanes), self.size)
        high = jnp.where(in_head, jnp.uint32(0), high)
        low = jnp.where(in_head, head_rank, low)
        near = (high == 0) & (low < jnp.uint32(1 << 24))  # exactly a float32
        log_rank = jnp.log(jnp.where(near, low.astype(jnp.float32), jnp.where(in_head, 1.0, rank)))
        return Feature(-self.exponent * log_rank - self.log_total, high, low)

    def _from_the_top(self, one, other):
        """Rank within the head (0 outside) and continuous rank, from the tail sum that two words stand for."""
        mass = self.total * bits.as_float(one, other)
        rank = 1 + sum((mass < tail).astype(jnp.uint32) for tail in self.tails[: HEAD - 1])
        return jnp.where(mass >= self.tails[HEAD - 1], rank, jnp.uint32(0)), self._tail_rank(mass)

    def _from_both_ends(self, one, other):
        """As `_from_the_top`; where the words stand for more than half of H, from what is left of it."""
        head_top, rank_top = self._from_the_top(one, other)
        mass = self.total * bits.as_float(~one, ~other)
        beyond = mass - self.heads[HEAD - 1]
        head = 1 + sum((mass > head).astype(jnp.uint32) for head in self.heads[: HEAD - 1])
        head = jnp.where(beyond <= 0, head, jnp.uint32(0))
        rank = _rounding(jnp.exp(self.log_bottom - jnp.log1p(self.bottom_scale * beyond) / self.excess), self.exponent)
        lower = one >= jnp.uint32(1 << 31)
        return jnp.where(lower, head, head_top), jnp.where(lower, rank, rank_top)

    def _tail_rank(self, mass):
        """Continuous rank, before rounding down, of a tail sum `mass`; at least HEAD + 1."""
        ratio = self.scale * mass
        log_ratio = jnp.where(self.flat, jnp.log1p(ratio), jnp.log(self.base + ratio))
        return _rounding(jnp.exp(self.log_top - log_ratio / self.excess), self.exponent)


def _rounding(rank, exponent):
    """What rounds down to the rank, from the place at which a power of it is a tail sum; at least HEAD + 1."""
    return jnp.clip(rank + 0.5 - exponent / (24.0 * rank), HEAD + 1, jnp.float32(2.0**120))


def zipf(exponent, size, tails, total):
    """Zipf from float64 numbers: the exponent, the size, the tail sums beyond ranks 1 ... HEAD, the sum of all."""
    excess = np.where(abs(exponent - 1) < 1e-9, 1e-9, exponent - 1)  # the limit at s = 1: ranks move by 1e-9 (log N)^2
    top, bottom = (last + 0.5 + exponent / (24 * (last + 0.5)) for last in (size, HEAD))
    flat = exponent < 1.1 and np.isfinite(size)  # there top^(1-s) - ... cancels; above, top^(s-1) may overflow
    log_top, base = (np.log(top), 1.0) if flat else (0.0, top**-excess)
    scale = excess * top**excess if flat else excess
    ends = (size, log_top, base, scale, np.log(bottom), -excess * bottom**excess)
    numbers = (tails, np.cumsum(np.arange(1, HEAD + 1.0) ** -exponent), total, np.log(total), exponent, excess, *ends)
    return Zipf(*(np.asarray(x, np.float32) for x in numbers), np.asarray(flat))


def _whole_rank(rank, fresh, size):
    """Words of floor(rank) with the digits that float32 cannot carry drawn afresh from the words `fresh`.

    The digits are a uniform integer of 2^(e-12) values, e = floor(log2 rank), centred: masses move by less than
    (s 2^-12)^2. Beyond `size` the rank is reflected, so that the last rank gets no more than its due.
    """
    rank = jnp.maximum(rank, 1.0)
    biased = jax.lax.bitcast_convert_type(rank, jnp.uint32) >> jnp.uint32(23)
    octave = biased - jnp.uint32(127)
    digits = jnp.clip(octave.astype(jnp.int32) - _DITHER, 0, 63).astype(jnp.uint32)
    bounded = jnp.minimum(rank, jnp.float32(2.0**63))
    high = jnp.floor(bounded * jnp.float32(2.0**-32))
    low = bounded - high * jnp.float32(2.0**32)
    base = (high.astype(jnp.uint32), jnp.floor(low).astype(jnp.uint32))
    whole = _subtract(_add(base, _low_digits(fresh, digits)), _power_of_two_half(digits))
    whole = _reflect(whole, size)
    beyond = octave >= jnp.uint32(_BEYOND)
    return (
        jnp.where(beyond, fresh[0] | jnp.uint32(1 << 31), whole[0]),
        jnp.where(beyond, fresh[1], whole[1]),
    )


def _low_digits(words, digits):
    """The lowest `digits` (0 ... 63) binary digits of a two-word number."""
    high, low = words
    high_mask = (jnp.uint32(1) << jnp.where(digits > 32, digits - 32, 0)) - 1
    low_mask = jnp.where(digits >= 32, jnp.uint32(0xFFFFFFFF), (jnp.uint32(1) << jnp.where(digits < 32, digits, 0)) - 1)
    return high & high_mask, low & low_mask


def _power_of_two_half(digits):
    """2^digits / 2 as two words; 0 for digits = 0."""
    shift = jnp.where(digits > 0, digits - 1, 0)
    low = jnp.where((digits > 0) & (shift < 32), jnp.uint32(1) << jnp.where(shift < 32, shift, 0), jnp.uint32(0))
    high = jnp.where(shift >= 32, jnp.uint32(1) << jnp.where(shift >= 32, shift - 32, 0), jnp.uint32(0))
    return high, low


def _add(a, b):
    low = a[1] + b[1]
    return a[0] + b[0] + (low < a[1]).astype(jnp.uint32), low


def _subtract(a, b):
    return a[0] - b[0] - (a[1] < b[1]).astype(jnp.uint32), a[1] - b[1]


def _reflect(whole, size):
    """Ranks above a finite size N mapped to 2N + 1 - rank (N < 2^30, so one word is enough)."""
    high, low = whole
    last = jnp.where(jnp.isinf(size), 0.0, size).astype(jnp.uint32)
    over = jnp.isfinite(size) & (low > last)
    return high, jnp.where(over, jnp.maximum(2 * last + 1 - low, jnp.uint32(1)), low)
