"""Features of examples: Zipf, finite or infinite, without rejection and without a table of the tail."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

HEAD = 5  # ranks drawn by comparison with float64 constants; above, Euler-Maclaurin is right to 7e-6 ranks (s <= 3)
_DITHER = 12  # digits of a rank below 2^-12 of its size are drawn afresh: float32 cannot carry them
_GOLDEN = 0x9E3779B9  # odd: multiplying by it permutes the words, and spreads neighbours evenly


class Feature(NamedTuple):
    """Drawn features, one per lane.

    log_probability: float32, natural logarithm of the feature's probability, from rank 2^12 on to 2^-12 s.
    high, low: uint32 words of its rank (from 1); from 2^63 on the rank is too large to write down and the words, with
    the top bit set, only name it.
    """

    log_probability: jax.Array
    high: jax.Array
    low: jax.Array


def _static():
    return field(metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Zipf:
    """Zipf features: P(rank = i) = i^-s / H, i = 1 ... N, N up to 1e9 or infinite (then s > 1).

    Inverse of the tail sum: y uniform on (0, 1) with 64 bits, rank = the smallest i whose share of the tail,
    sum_{j>i} j^-s / H, lies below y. Small y is the far tail, so float32 keeps its relative precision where ranks are
    rare. Above rank 5 the tail sum is inverted by midpoint Euler-Maclaurin:
        v = [top^(1-s) + (s-1) H y]^(-1/(s-1)),  rank = floor(v + 1/2 - s / (24 v) + s (s+2) (2s+7) / (5760 v^3)).
    Where s < 1.1 the first ranks are rare too: the half of the draws with y > 1/2 then measures from the other end.
    Resolution: every rank below 2^54 can be drawn; octaves are right to 2e-6, single ranks to 1e-6 below 2^12, to 3e-3
    (1.5e-2 at worst) above. From there on ranks
    are told apart by 54 binary digits: two draws from one octave agree with a probability of some 2^-54.
    Arrays are float32 scalars but `tails` and `heads` [5]: build with `zipf`. What is static chooses a program: ranks
    beyond 32 bits or not, a reciprocal where s = 2, one end or both.
    """

    tails: jax.Array  # sum_{j>i} j^-s / H at i = 1 ... HEAD
    heads: jax.Array  # sum_{j<=i} j^-s / H at the same i
    log_total: jax.Array  # log H
    exponent: jax.Array  # s
    power: jax.Array  # 1 / (1 - s), s kept away from 1
    size: jax.Array  # N, or infinity
    log_top: jax.Array  # log2 of the continuous rank where the tail sum is 0; only where two-ended
    base: jax.Array  # top^(1-s), 0 if infinite; 1 where two-ended
    scale: jax.Array  # (s - 1) H, times top^(s-1) where two-ended
    log_bottom: jax.Array  # log2 of the continuous rank between HEAD and HEAD + 1
    bottom_scale: jax.Array  # (1 - s) H times the (s-1)th power of that rank
    first: jax.Array  # s / 24
    second: jax.Array  # s (s+2) (2s+7) / 5760
    finite: bool = _static()
    reciprocal: bool = _static()  # s = 2: the power is one
    two_ended: bool = _static()  # s < 1.1 and finite: the inverse is taken from either end, through log1p

    def at(self, stream, lanes):
        """Features of the examples numbered `lanes` (uint32, any shape): the same however the work is cut."""
        one, other = bits.words(stream, 0, lanes)
        head, rank = self._from_both_ends(one, other) if self.two_ended else self._from_the_top(one, other)
        in_head = head <= HEAD
        high, low = self._whole_rank(rank, one, other)
        log_rank = bits.log(jnp.where(in_head, head.astype(jnp.float32), jnp.minimum(jnp.floor(rank), self.size)))
        return Feature(
            -self.exponent * log_rank - self.log_total,
            jnp.where(in_head, np.uint32(0), high),
            jnp.where(in_head, head, low),
        )

    def rarest(self, share):
        """Zipf of those examples that are among the rarest `share` of all: with y below it. Not where two-ended."""
        return replace(self, tails=self.tails / np.float32(share), scale=self.scale * np.float32(share))

    def _from_the_top(self, one, other):
        """Rank within the head (HEAD + 1 outside) and continuous rank, from the share that two words stand for."""
        share = bits.as_float(one, other)
        return 1 + sum((share < tail).astype(jnp.uint32) for tail in self.tails), self._tail_rank(share)

    def _from_both_ends(self, one, other):
        """As `_from_the_top`; where the words stand for more than half, from what is left of it."""
        head_top, rank_top = self._from_the_top(one, other)
        share = bits.as_float(~one, ~other)
        head = 1 + sum((share > end).astype(jnp.uint32) for end in self.heads)
        beyond = jnp.maximum(share - self.heads[HEAD - 1], 0.0)
        rank = self._rounding(bits.exp2(self.log_bottom + _log2_1p(self.bottom_scale * beyond) * self.power))
        lower = one >= np.uint32(1 << 31)
        return jnp.where(lower, head, head_top), jnp.where(lower, rank, rank_top)

    def _tail_rank(self, share):
        """Continuous rank, before rounding down, of a share of the tail; at least HEAD + 1."""
        ratio = self.scale * share
        if self.two_ended:
            return self._rounding(bits.exp2(self.log_top + _log2_1p(ratio) * self.power))
        if self.reciprocal:
            return self._rounding(1.0 / (self.base + ratio))
        return self._rounding(bits.exp2(jnp.minimum(bits.log2(self.base + ratio) * self.power, 120.0)))

    def _rounding(self, v):
        """What rounds down to the rank, from the place v at which a power of it is a tail sum; at least HEAD + 1."""
        inverse = 1.0 / v
        rank = v + 0.5 - inverse * (self.first - self.second * inverse * inverse)
        return jnp.maximum(rank, HEAD + 1)

    def _whole_rank(self, rank, one, other):
        """Words of floor(rank), with the digits that float32 cannot carry taken from the bits of y it left over.

        The lowest e - 12 digits, e = floor(log2 rank) up to 43, are uniform: ranks that differ in them alone are
        equally likely, right to s 2^-13. The last such run of a finite set ends at N.
        """
        octave = jax.lax.bitcast_convert_type(rank, jnp.uint32) >> np.uint32(23)
        window = np.uint32(1) << (jnp.clip(octave, 127 + _DITHER, 127 + _DITHER + 31) - np.uint32(127 + _DITHER))
        fresh = other * np.uint32(_GOLDEN) ^ one
        if not self.finite:
            return _two_words(rank, window, fresh)
        last = self.size.astype(jnp.uint32)
        start = jnp.minimum(rank.astype(jnp.uint32), last) & ~(window - 1)
        width = jnp.minimum(window, last + 1 - start).astype(jnp.float32)  # at most 2^18
        place = fresh.astype(jnp.float32) * np.float32(2.0**-32 * (1 - 2.0**-20)) * width
        return jnp.zeros_like(start), start + place.astype(jnp.uint32)


class Uniform(NamedTuple):
    """`size` features, all alike.  Resolution: each to within size / 2^32.  size: uint32; log_mass: -log(size)."""

    size: jax.Array
    log_mass: jax.Array

    def at(self, stream, lanes):
        """As Zipf.at."""
        word, _ = bits.words(stream, 0, lanes)
        rank = bits.scaled(word, self.size)
        return Feature(jnp.broadcast_to(self.log_mass, rank.shape), jnp.zeros_like(rank), rank + np.uint32(1))


class Exponential(NamedTuple):
    """P(rank = i) = (e^lambda - 1) e^(-lambda i), i = 1, 2, ...: the rank is a waiting time in whole steps of lambda.

    Resolution: ranks up to 45 / lambda, their probabilities to 1e-6 relative.  log_first: log probability of rank 1.
    """

    decay: jax.Array
    log_first: jax.Array

    def at(self, stream, lanes):
        """As Zipf.at."""
        rank = bits.geometric(stream, 0, lanes, self.decay)
        low = rank.astype(jnp.uint32)
        return Feature(self.log_first - self.decay * (rank - 1.0), jnp.zeros_like(low), low)


class Table(NamedTuple):
    """Features of a table, the most frequent first: a search for a uniform among the sums of what is rarer.

    beyond: float32 [features], probability of those after each, falling to 0.  log_mass: float32 [features].
    Resolution: sums to 2^-24 relative, so that rare features keep their precision; 64 bits a draw.
    """

    beyond: jax.Array
    log_mass: jax.Array

    def at(self, stream, lanes):
        """As Zipf.at."""
        share, count = bits.uniform(stream, 0, lanes), self.beyond.shape[0]
        place = jnp.zeros(share.shape, jnp.uint32)  # features that are certainly more frequent
        for step in [1 << b for b in reversed(range(count.bit_length()))]:
            probe = jnp.minimum(place + np.uint32(step), np.uint32(count))
            # Drawn is the first feature that leaves less than the share to those after it.
            place = jnp.where(self.beyond[probe - 1] >= share, probe, place)
        place = jnp.minimum(place, np.uint32(count - 1))
        return Feature(self.log_mass[place], jnp.zeros_like(place), place + np.uint32(1))


def table(mass):
    """Table of float64 masses, falling, that sum to 1."""
    beyond = np.append(np.cumsum(mass[::-1])[::-1][1:], 0.0)
    return Table(beyond.astype(np.float32), np.log(mass).astype(np.float32))


def zipf(exponent, size, tails, total):
    """Zipf from float64 numbers: the exponent, the size, the tail sums beyond ranks 1 ... HEAD, the sum of all."""
    s = exponent
    excess = np.where(abs(s - 1) < 1e-9, 1e-9, s - 1)  # the limit at s = 1: ranks move by 1e-9 (log N)^2
    top, bottom = (_unrounded(last + 0.5, s) for last in (size, HEAD))
    two_ended = bool(s < 1.1 and np.isfinite(size))  # there top^(1-s) - ... cancels; above, top^(s-1) may overflow
    log_top, base = (np.log2(top), 1.0) if two_ended else (0.0, top**-excess)
    scale = total * excess * (top**excess if two_ended else 1.0)
    heads = np.cumsum(np.arange(1, HEAD + 1.0) ** -s) / total
    ends = (size, log_top, base, scale, np.log2(bottom), -total * excess * bottom**excess)
    numbers = (tails / total, heads, np.log(total), s, -1 / excess, *ends, s / 24, s * (s + 2) * (2 * s + 7) / 5760)
    finite, reciprocal = bool(np.isfinite(size)), bool(s == 2)
    return Zipf(*(np.asarray(x, np.float32) for x in numbers), finite, reciprocal, two_ended)


def _unrounded(edge, s):
    """Place v at which v^(1-s) / (s-1) is the tail sum beyond the edge i + 1/2: what `_rounding` takes back."""
    return edge + s / (24 * edge) + (s**3 / 1152 - 7 * s * (s + 1) * (s + 2) / 5760) / edge**3


def _log2_1p(x):
    """log2(1 + x) in float32, relative precision 1e-6 for x above -0.29, absolute below."""
    return bits.log1p_or_log(x, 1.0 + x, (x > -0.29) & (x < 0.41)) * jnp.float32(bits.LOG2E)


def _two_words(rank, window, fresh):
    """Words of floor(rank), its digits below `window` fresh ones; from 2^63 on only a name with the top bit set."""
    bounded = jnp.minimum(rank, np.float32(1.5 * 2.0**63))
    top = jnp.floor(bounded * np.float32(2.0**-32))
    low = (bounded - top * np.float32(2.0**32)).astype(jnp.uint32)
    return top.astype(jnp.uint32), (low & ~(window - 1)) | (fresh & (window - 1))
