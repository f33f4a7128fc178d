"""Direct: training examples drawn one by one and counted in a table of ranks; the exact joint law of all features.

The common features are memorised after the first few thousand examples, and then most examples teach nothing. So an
example is drawn digit by digit, as far as it matters: its share y of the tail of ranks (sim.samplers.features) is small
only if the first binary digits of y are all 0. These are drawn for 32 examples a word, and only an example that passes,
one in 2^digits, has its rank drawn with two words of its own.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits
from sim.samplers.learners import blocks, sums

_DRAWS = 4096  # examples drawn at once: they stay in the cache; so many are drawn whole before any is sifted
_SIFTED = 256  # pairs of words that examples are sifted by at once
_MOST_DIGITS = 7  # beyond, sifting costs more than it spares
_CERTAIN = 2.0**-60  # probability that a feature which sifting passes over is not memorised by then
_PIECE = 1024  # ranks whose masses are summed at once, lane by lane
_SIGHTINGS = 2.0**-10  # expected of the rarest rank in the table
MOST = 2.0e9  # examples: their numbers, to the end of the last chunk, are int32
_LARGEST = 2**30  # ranks in a table
_ENOUGH = 2**17  # examples a batch draws at least, where the grid is short


class FirstSeen(NamedTuple):
    """Learners that memorise a feature at first sight, each with a training set of its own.

        U(n) = sum_{i <= R} theta_i [i not among the first n examples] + P(i > R, unmemorised)
    The table is marked with the number of grid points at which the rank is still unseen. A mark costs no look at what
    is there, as the segments between grid points are drawn from the last to the first.
    Ranks above R = `table` stand at their mean: exact if there are none; else they are expected 2^-10 times each, which
    leaves out less than 2^-20 of the variance (at s > 1).
    Resolution: theta_i to 4e-6 relative; n below 2^31, up to 254 grid points.
    """

    features: Any  # sampler with at(stream, lanes)
    rare: Any  # the same of those examples that pass
    digits: jax.Array  # int32, that an example must pass
    exponent: jax.Array  # s
    log_total: jax.Array  # log H
    table: jax.Array  # int32, R
    pieces: jax.Array  # int32, first rank of each 1024 ranks of the table
    stops: jax.Array  # int32 grid of n, ascending
    learners: jax.Array  # uint32, numbers of the learners of a batch

    resolution = 1e-6  # relative: that of float32 sums

    @property
    def LEARNERS(self):
        """Learners of a batch: one, or as many as draw 131,072 examples together, up to 64."""
        return len(self.learners)

    @property
    def bytes(self):
        """Device bytes that one batch needs: a mark of every rank, a few thousand draws, and sums [n, 1024]."""
        return _places_in(self) + 64 * _DRAWS + 4 * _PIECE * (3 * len(self.stops) + 4)

    def curves(self, key):
        """float32 [LEARNERS, n]: unmemorised mass of the ranks in the table."""
        return jax.lax.map(self._curve, jax.vmap(bits.stream)(jax.random.split(key, self.LEARNERS)))

    def _curve(self, stream):
        points = jnp.arange(len(self.stops), dtype=jnp.uint8)
        starts = jnp.maximum(jnp.concatenate([jnp.zeros(1, jnp.int32), self.stops[:-1]]), _DRAWS)

        def segment(unseen, span):
            start, stop, point = span

            def mark(unseen, place):
                return unseen.at[place].set(point, mode="promise_in_bounds")

            return _sifted(self, stream, start, stop, mark, unseen), None

        never = jnp.full(_places_in(self), len(self.stops), jnp.uint8)
        unseen, _ = jax.lax.scan(segment, never, (starts, self.stops, points), reverse=True)
        # The first examples at last: many grid points may lie among them, so each example looks for its own.
        example = jnp.arange(_DRAWS, dtype=jnp.int32)
        before = (self.stops[:, None] <= example[None, :]).sum(axis=0, dtype=jnp.uint8)
        place = _places(self, self.features, stream, 0, self.stops[-1], 0)
        return _masses(self, unseen.at[place].min(before, mode="promise_in_bounds"))


class Counted(NamedTuple):
    """As FirstSeen, for learners that need depth sightings: the table counts, and is looked through at each grid point.

    Five bytes a rank instead of one.
    """

    features: Any
    rare: Any
    digits: jax.Array
    exponent: jax.Array
    log_total: jax.Array
    table: jax.Array
    pieces: jax.Array
    stops: jax.Array
    learners: jax.Array
    depth: jax.Array  # int32, d

    LEARNERS = FirstSeen.LEARNERS
    resolution = FirstSeen.resolution
    curves = FirstSeen.curves

    @property
    def bytes(self):
        """As FirstSeen."""
        return 4 * _places_in(self) + FirstSeen.bytes.fget(self)

    def _curve(self, stream):
        starts = jnp.concatenate([jnp.zeros(1, jnp.int32), self.stops[:-1]])

        def segment(state, span):
            start, stop = span
            counts, points = state

            def add(counts, place):
                return counts.at[place].add(1, mode="promise_in_bounds")

            counts = _drawn(self, self.features, stream, start, jnp.minimum(stop, _DRAWS), add, counts)
            counts = _sifted(self, stream, jnp.maximum(start, _DRAWS), stop, add, counts)
            return (counts, points + (counts < self.depth).astype(jnp.uint8)), None

        none = jnp.zeros(_places_in(self), jnp.int32)
        (_, unmemorised), _ = jax.lax.scan(segment, (none, none.astype(jnp.uint8)), (starts, self.stops))
        return _masses(self, unmemorised)


def _places_in(member):
    """Places of a table: its pieces, and a last one for examples that no rank in it shows."""
    return _PIECE * len(member.pieces) + 1


def _drawn(member, features, stream, start, stop, enter, table):
    """The table with the examples start ... stop - 1 entered.  enter: (table, places) -> table."""

    def chunk(number, table):
        return enter(table, _places(member, features, stream, start, stop, number))

    return jax.lax.fori_loop(0, (stop - start + _DRAWS - 1) // _DRAWS, chunk, table)


def _sifted(member, stream, start, stop, enter, table):
    """As `_drawn`, of those that pass: as they are alike, they may stand in the places of the first ones."""
    passed = _passing(stream, member.digits, start, stop)
    return _drawn(member, member.rare, stream, start, start + passed, enter, table)


def _passing(stream, digits, start, stop):
    """How many of the examples start ... stop - 1 (int32) have all of their first `digits` digits 0.

    Digit j of example e is bit e % 32 of word e // 32 % 2 at the address (1 + j, e // 64): turn 0 has the ranks.
    """
    first = start // 64

    def masks(lane):  # of the examples asked for
        example = 64 * lane[None, :] + jnp.array([[0], [32]], jnp.int32)
        return _bits_below(stop - example) & ~_bits_below(start - example)

    def chunk(number, total):
        lane = first + number * _SIFTED + jnp.arange(_SIFTED, dtype=jnp.int32)

        def digit(j, passing):
            return passing & ~jnp.stack(bits.words(stream, 1 + j.astype(jnp.uint32), lane.astype(jnp.uint32)))

        return total + jax.lax.population_count(jax.lax.fori_loop(0, digits, digit, masks(lane))).astype(jnp.int32)

    chunks = (stop - 64 * first + 64 * _SIFTED - 1) // (64 * _SIFTED)
    return jax.lax.fori_loop(0, chunks, chunk, jnp.zeros((2, _SIFTED), jnp.int32)).sum(dtype=jnp.int32)


def _bits_below(place):
    """uint32 with the bits below `place` set: none up to 0, all from 32 on."""
    return (jnp.uint32(1) << jnp.clip(place, 0, 32).astype(jnp.uint32)) - jnp.uint32(1)


def _places(member, features, stream, start, stop, number):
    """int32 [4096]: where chunk `number` of the examples start ... stop - 1 is marked; ranks from 1 at place 0."""
    example = start + number * _DRAWS + jnp.arange(_DRAWS, dtype=jnp.int32)
    drawn = features.at(stream, example.astype(jnp.uint32))
    inside = (drawn.high == 0) & (drawn.low <= member.table.astype(jnp.uint32)) & (example < stop)
    return jnp.where(inside, drawn.low.astype(jnp.int32) - 1, _PIECE * len(member.pieces))


def _masses(member, unmemorised):
    """float32 [n]: mass of the ranks whose number of grid points, `unmemorised`, is above that of the point."""
    points = jnp.arange(len(member.stops), dtype=jnp.uint8)[:, None]

    def piece(number):
        first = jnp.asarray(member.pieces)[number]
        rank = first + jnp.arange(_PIECE, dtype=jnp.int32)
        mass = jnp.exp(-member.exponent * jnp.log(rank.astype(jnp.float32)) - member.log_total)
        mass = jnp.where(rank <= member.table, mass, 0.0)
        last = jax.lax.dynamic_slice(unmemorised, (first - 1,), (_PIECE,))
        return jnp.where(last[None, :] > points, mass[None, :], 0.0)

    start = jnp.zeros((len(member.stops), _PIECE), jnp.float32)
    return sums.of_lanes(sums.in_runs(piece, start, jnp.int32(len(member.pieces))))


def build(features, exponent, size, depth, examples, total):
    """FirstSeen or Counted, and float64 [n] offset and scale: the unmemorised mass is offset + scale * curves.

    features: sampler of training examples.  exponent: s.  size: N, may be infinite.  depth: d.  examples: grid of n,
    whole numbers, ascending.  total: H.
    """
    examples = np.asarray(examples, float)
    if not examples[-1] <= MOST:
        raise ValueError(f"memory.name: direct needs at most {MOST:g} examples, got {examples[-1]:g}")
    rarest = np.exp(np.log(examples[-1] / total / _SIGHTINGS) / exponent)
    table = min(size, max(np.ceil(rarest), blocks.EXPLICIT))
    if not table <= _LARGEST:
        raise ValueError(f"memory.name: direct needs a table of at most 2^30 ranks, got {table:.3g}")
    edges = blocks.edges(table, examples, exponent, size, total)
    beyond = blocks.unmemorised(edges, examples, exponent, total, depth).mass.sum(1)
    offset = beyond + blocks.rest(edges[-1], exponent, size, total)
    pieces = 1 + _PIECE * np.arange(_rounded_up(-(-int(table) // _PIECE)), dtype=np.int32)
    learners = np.arange(1 << int(np.clip(np.ceil(np.log2(_ENOUGH / max(examples[-1], 1.0))), 0, 6)), dtype=np.uint32)
    digits = _digits(features, exponent, size, depth, total)
    numbers = (np.float32(exponent), np.float32(np.log(total)), np.int32(table), pieces, examples.astype(np.int32))
    kernel = FirstSeen(features, features.rarest(2.0**-digits), np.int32(digits), *numbers, learners)
    return kernel if depth == 1 else Counted(*kernel, np.int32(depth)), offset, np.ones(len(examples))


def _digits(features, exponent, size, depth, total):
    """Most digits to sift by such that all ranks which may fail are certain to be memorised by then."""
    if features.two_ended:
        return 0
    ranks = np.arange(1.0, min(size, 2.0**_MOST_DIGITS) + 1)
    mass = np.minimum(ranks**-exponent / total, 1.0)
    doubt = np.cumsum(blocks.fewer(depth, float(_DRAWS), mass))
    tail = 1 - np.cumsum(mass)
    for digits in range(_MOST_DIGITS, 0, -1):
        reached = np.searchsorted(-tail, -(2.0**-digits))  # index of the rarest rank that an example may fail with
        if reached < len(ranks) and doubt[reached] < _CERTAIN:
            return digits
    return 0


def _rounded_up(pieces):
    """To eighths of an octave, so that neighbouring exponents share a program."""
    step = 1 << max(0, int(pieces).bit_length() - 4)
    return -(-pieces // step) * step
