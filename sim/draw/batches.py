"""One batch of problems: samplers composed, their random words dealt, failures counted."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from sim.draw import keys
from sim.draw.budget import BATCH
from sim.samplers import attempts, quantile
from sim.samplers.lattice import Lattice

# Problems computed together: with a curve of counters each they stay in a core's cache. XLA would split larger pieces,
# and those that look up tables already at half the size, between threads, which costs more than it saves.
_PIECE = 256


class Parts(NamedTuple):
    """The samplers of a run; an axis the question leaves out is None. Numbers are traced, classes are static."""

    features: Any = None
    memory: Any = None
    difficulty: Any = None
    attempts: Any = None


def streams_of(parts):
    """How many streams each of the parts wants."""
    return [0 if part is None else getattr(part, "STREAMS", 1) for part in parts]


_DIMENSIONS = Parts(features=0, memory=3, difficulty=1, attempts=2)  # of a lattice, from which on a part draws


class _Random(NamedTuple):
    """Problems independent of each other."""

    def stream(self, word0, word1, dimension):
        return word0, word1


class _Lattice(NamedTuple):
    """Every batch a randomly shifted lattice."""

    def stream(self, word0, word1, dimension):
        return Lattice(word0, word1, dimension)


SAMPLING = {"random": _Random(), "lattice": _Lattice()}


def _dealt(words, parts, sampling):
    """Parts(...) of the streams of one batch, dealt to those who draw from them.  words: two uint32 [streams]."""
    hands, start = [], 0
    for count, dimension in zip(streams_of(parts), _DIMENSIONS, strict=True):
        numbers = range(start, start + count)
        hand = tuple(sampling.stream(words[0][i], words[1][i], dimension) for i in numbers)
        hands.append(hand[0] if count == 1 else hand)
        start += count
    return Parts(*hands)


def _unmemorised(streams, parts, lanes, examples):
    """bool [len(examples), lanes]: the lane's test example is not memorised after n examples."""
    test = parts.features.at(streams.features, lanes)
    return parts.memory.unmemorised(streams.memory, parts.features, test, lanes, examples)


def _unsolved(streams, parts, lanes, tries):
    """bool [len(tries), lanes]: the lane's problem is not solved in k attempts."""
    own = streams.attempts
    if isinstance(parts.attempts, attempts.Replay):
        own = own[0], keys.key_of(jnp.stack(own[1]))
    return parts.attempts.unsolved(own, parts.difficulty.at(streams.difficulty, lanes), lanes, tries)


def _unsolved_of_graded(streams, parts, lanes, examples, tries):
    """bool [len(examples), len(tries), lanes]: as `_unsolved`, by attempts as good as the memory makes them."""
    test = parts.features.at(streams.features, lanes)
    of_memorised = parts.difficulty.at(streams.difficulty, lanes)
    log_success = parts.memory.log_success(streams.memory, parts.features, test, lanes, examples, of_memorised)
    return jax.vmap(lambda own: parts.attempts.unsolved(streams.attempts, own, lanes, tries))(log_success)


def _failed(streams, parts, lanes, examples, tries):
    """Counters of failures to be summed over their last axis, int32 [n, lanes], [k, lanes] or [n, k, lanes / 32].

    [n, k, lanes] where memory is graded.
    """
    if parts.memory is None:
        return _unsolved(streams, parts, lanes, tries).astype(jnp.int32)
    if graded(parts):
        return _unsolved_of_graded(streams, parts, lanes, examples, tries).astype(jnp.int32)
    unmemorised = _unmemorised(streams, parts, lanes, examples)
    if parts.attempts is None:
        return unmemorised.astype(jnp.int32)
    # A problem is solved if it was memorised and retrieved: pairs of masks, 32 lanes a word.
    memorised, solved = _packed(~unmemorised), _packed(~_unsolved(streams, parts, lanes, tries))
    both = jax.lax.population_count(memorised[:, None, :] & solved[None, :, :])
    return 32 - both.astype(jnp.int32)


def graded(parts):
    """Whether attempts may fail or succeed for what is memorised or not."""
    return hasattr(parts.memory, "log_success")


def _packed(masks):
    """uint32 [masks, lanes / 32]: the bits of bool [masks, lanes]."""
    words = masks.reshape(len(masks), 32, -1).astype(jnp.uint32) << jnp.arange(32, dtype=jnp.uint32)[None, :, None]
    return words.sum(axis=1, dtype=jnp.uint32)


def failures_of(words, parts, examples, tries, sampling, *, platform):
    """Failures of one batch: int32 [len(examples)], [len(tries)], or their outer grid where both are asked."""
    piece, streams = piece_of(parts, platform), _dealt(words, parts, sampling)

    def add(total, start):
        return total + _failed(streams, parts, start + jnp.arange(piece, dtype=jnp.uint32), examples, tries), None

    if piece == BATCH:
        total = _failed(streams, parts, jnp.arange(piece, dtype=jnp.uint32), examples, tries)
    else:
        shape = [len(grid) for grid in (examples, tries) if grid is not None]
        zero = jnp.zeros((*shape, piece // 32 if len(shape) == 2 and not graded(parts) else piece), jnp.int32)
        total, _ = jax.lax.scan(add, zero, jnp.arange(0, BATCH, piece, dtype=jnp.uint32))
    return total.sum(axis=-1)


def piece_of(parts, platform):
    """Problems computed together: on a CPU a piece of the batch, which its cache holds; all of it on an accelerator.

    All of it too where a member needs them in one place.
    """
    if platform != "cpu" or any(getattr(part, "WHOLE_BATCH", False) for part in parts):
        return BATCH
    table = lambda part: isinstance(part, quantile.BetaQuantile)  # noqa: E731 (it may stand inside another sampler)
    return _PIECE // 2 if any(map(table, jax.tree.leaves(parts.difficulty, is_leaf=table))) else _PIECE
