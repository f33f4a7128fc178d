"""Memory: which test examples a learner that has seen n examples gets wrong, for a whole grid of n in one pass."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import binomial, bits

_DRAWS = 4096  # training examples drawn at once: they and their features stay in the cache


class FirstArrival(NamedTuple):
    """Arrival at depth 1: one waiting time, no loop."""

    def unmemorised(self, stream, features, test, lanes, examples):
        """bool [len(examples), lanes], as Arrival."""
        arrival = bits.geometric(stream, 0, lanes, bits.rate(test.log_probability))
        return arrival[None, :] > examples[:, None]


class Arrival(NamedTuple):
    """Every test example is set before a learner of its own, of whom only the arrival of the d-th copy is drawn.

    The arrival is a sum of d geometric waiting times, so P(unmemorised after n) = P(Binomial(n, p) < d) exactly, for
    every n at once, and test examples are independent. Resolution: probabilities down to 1e-38, arrivals up to 1e38.
    depth: float32 scalar d >= 1, whole.
    """

    depth: jax.Array

    def unmemorised(self, stream, features, test, lanes, examples):
        """bool [len(examples), lanes]: the test example's feature seen fewer than d times in n examples.

        features: what training examples are drawn from (unused: an arrival time needs only the feature's own
        probability).  test: Feature of each lane.  examples: float32 grid of n.
        """
        rate = bits.rate(test.log_probability)

        def one_more(observation, arrival):
            return arrival + bits.geometric(stream, observation.astype(jnp.uint32), lanes, rate)

        arrival = jax.lax.fori_loop(0, self.depth.astype(jnp.int32), one_more, jnp.zeros(lanes.shape, jnp.float32))
        return arrival[None, :] > examples[:, None]


class Stored(NamedTuple):
    """What another memory memorises, as far as there is room: for the features of the first ranks.

    capacity: uint32, scalar or one for each number of examples, below 2^31.
    """

    memory: Any
    capacity: jax.Array

    def unmemorised(self, stream, features, test, lanes, examples):
        """bool [len(examples), lanes], as Arrival."""
        room = jnp.broadcast_to(self.capacity, examples.shape)[:, None]
        outside = (test.high > 0)[None, :] | (test.low[None, :] > room)
        return outside | self.memory.unmemorised(stream, features, test, lanes, examples)


class Guessing(NamedTuple):
    """What another memory memorises; an attempt at the rest succeeds by luck, log_guess the logarithm of its chance."""

    memory: Any
    log_guess: jax.Array

    def log_success(self, stream, features, test, lanes, examples, of_memorised):
        """float32 [len(examples), lanes]: log success probability of an attempt.  of_memorised: of what is, [lanes]."""
        unmemorised = self.memory.unmemorised(stream, features, test, lanes, examples)
        return jnp.where(unmemorised, self.log_guess, of_memorised[None, :])


class MultiTrace(NamedTuple):
    """Every copy of the test example among n examples leaves a trace; an attempt recalls each with probability q.

    Copies are counted from one n to the next, as Binomial(n - n', p).  log_forgotten: log(1 - q).
    Resolution: counts as samplers.binomial, their probabilities to 1e-6 relative.
    """

    log_forgotten: jax.Array

    def log_success(self, stream, features, test, lanes, examples, of_memorised):
        """As Guessing: that of what is recalled, times that of a recall."""
        probability = bits.exp(test.log_probability)
        steps = jnp.diff(examples, prepend=np.float32(0.0))

        def add(copies, step):
            number, more = step
            uniform = bits.uniform(stream, 2 * number, lanes)
            normal = bits.normal(stream, 2 * number + 1, lanes)
            copies = copies + binomial.draw(uniform, normal, jnp.broadcast_to(more, lanes.shape), probability)
            return copies, copies

        numbers = jnp.arange(examples.shape[0], dtype=jnp.uint32)
        _, copies = jax.lax.scan(add, jnp.zeros(lanes.shape, jnp.float32), (numbers, steps))
        forgotten = jnp.where(copies > 0.0, copies * self.log_forgotten, 0.0)  # -inf for q = 1, not times 0
        return jnp.log(-jnp.expm1(forgotten)) + of_memorised[None, :]


class TrainingSet(NamedTuple):
    """All test examples of a batch are set before one learner, whose training set is drawn example by example.

    Exact joint law of the missing mass, at the price of n draws a batch. Features are told apart by 63-bit rank.
    depth: float32 scalar d >= 1, whole.
    """

    depth: jax.Array
    WHOLE_BATCH = True  # all test examples of a batch look for themselves in one training set

    def unmemorised(self, stream, features, test, lanes, examples):
        """bool [len(examples), lanes], as Arrival; examples ascending, below 2^31."""
        order = jnp.lexsort((test.low, test.high))
        ranks = (test.high[order], test.low[order])
        stops = examples.astype(jnp.int32)
        starts = jnp.concatenate([jnp.zeros(1, jnp.int32), stops[:-1]])

        def segment(seen, span):
            seen = _count(seen, stream, features, ranks, *span)
            return seen, seen < self.depth.astype(jnp.int32)

        first = _find(ranks, ranks)  # equal ranks share the place of the first of them
        _, missing = jax.lax.scan(segment, jnp.zeros(lanes.shape, jnp.int32), (starts, stops))
        return missing[:, first[jnp.argsort(order)]]


def _count(seen, stream, features, ranks, start, stop):
    """`seen` plus how often training examples start ... stop - 1 showed each of the sorted `ranks`."""

    def chunk(i, seen):
        number = start + i * _DRAWS + jnp.arange(_DRAWS, dtype=jnp.int32)
        drawn = features.at(stream, number.astype(jnp.uint32))
        place = _find(ranks, (drawn.high, drawn.low))
        found = (ranks[0][place] == drawn.high) & (ranks[1][place] == drawn.low) & (number < stop)
        return seen.at[place].add(found.astype(jnp.int32))

    return jax.lax.fori_loop(0, (stop - start + _DRAWS - 1) // _DRAWS, chunk, seen)


def _find(ranks, wanted):
    """First place in the sorted two-word `ranks` that is not below each of `wanted` (at most the last place)."""
    count = ranks[0].shape[0]
    place = jnp.zeros(wanted[0].shape, jnp.int32)
    for step in [1 << b for b in reversed(range((count - 1).bit_length()))]:
        probe = jnp.minimum(place + step - 1, count - 1)
        high, low = ranks[0][probe], ranks[1][probe]
        below = (high < wanted[0]) | ((high == wanted[0]) & (low < wanted[1]))
        place = jnp.where(below, jnp.minimum(place + step, count - 1), place)
    return place
