"""Samplers composed, batched, spread over devices, summed to counts."""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from sim import keys, quantiles
from sim.laws import zipf as law
from sim.model import BATCH, Counts, Masses
from sim.samplers import attempts, difficulty, features, memory, quantile
from sim.samplers.learners import block_chain, direct, feature_arrivals, jump_chain

_STEPS = 64  # a run is cut into at most so many steps, for progress; each ends in one transfer of counts
_PIECE = 256  # problems computed together: with a curve of counters each they stay in a core's cache
_ACCELERATED = 1024  # batches computed together on an accelerator: a million problems keep it busy
_ACCELERATED_LEARNERS = 64  # as many batches of learners: each has some hundred kilobytes


class Parts(NamedTuple):
    """The samplers of a run; an axis the question leaves out is None. Numbers are traced, classes are static."""

    features: Any = None
    memory: Any = None
    difficulty: Any = None
    attempts: Any = None


def feature_sampler(exponent, size):
    """samplers.features.Zipf of `size` (or infinitely many) features, tail sums from float64."""
    total = law.normaliser(exponent, size)
    ranks = np.arange(1, features.HEAD + 1)
    return features.zipf(exponent, size, total * law.tail(ranks, exponent, size), total)


def memory_sampler(name, depth):
    """samplers.memory member called `name`."""
    return {"arrival": memory.Arrival, "training_set": memory.TrainingSet}[name](np.float32(depth))


class Learner(NamedTuple):
    """A kernel of sim.samplers.learners; unmemorised mass = offset + scale * its curves, float64 [n]."""

    kernel: Any
    offset: np.ndarray
    scale: np.ndarray


def learner(name, exponent, size, depth, examples):
    """Learner of the memory member called `name`, for a grid of n."""
    arguments = exponent, size, depth, examples, law.normaliser(exponent, size)
    if name == "direct":
        return Learner(*direct.build(feature_sampler(exponent, size), *arguments))
    kernels = {"feature_arrivals": feature_arrivals, "block_chain": block_chain, "jump_chain": jump_chain}
    return Learner(*kernels[name].build(*arguments))


def beta_sampler(alpha, beta, ceiling):
    """samplers.quantile.BetaQuantile, its table from float64."""
    return quantile.beta_quantile(quantiles.beta_log_odds(alpha, beta), ceiling)


def gamma_ratio_sampler(alpha, beta, ceiling):
    """samplers.difficulty.GammaRatio."""
    return difficulty.GammaRatio(*(np.asarray(x, np.float32) for x in (alpha, beta, ceiling)))


def table_sampler(recorded, successes):
    """samplers.difficulty.Table with the success rate of each problem."""
    with np.errstate(divide="ignore"):
        return difficulty.Table(np.log(successes / recorded).astype(np.float32))


def row_sampler(problems):
    """samplers.difficulty.Rows of a table of so many problems."""
    return difficulty.Rows(np.uint32(problems))


def attempts_sampler(name):
    """samplers.attempts member called `name`."""
    return {"first_success": attempts.FirstSuccess, "bernoulli": attempts.Bernoulli}[name]()


def replay_sampler(recorded, successes):
    """samplers.attempts.Replay of a table of problems."""
    return attempts.Replay(np.asarray(recorded, np.float32), np.asarray(successes, np.float32))


def _streams_of(parts):
    """How many streams each of the parts wants."""
    return [0 if part is None else getattr(part, "STREAMS", 1) for part in parts]


def _dealt(words, parts):
    """Parts(...) of the streams of one batch, dealt to those who draw from them.  words: two uint32 [streams]."""
    hands, start = [], 0
    for count in _streams_of(parts):
        hand = tuple((words[0][i], words[1][i]) for i in range(start, start + count))
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
        own = own[0], keys.key_of(own[1])
    return parts.attempts.unsolved(own, parts.difficulty.at(streams.difficulty, lanes), lanes, tries)


def _failed(streams, parts, lanes, examples, tries):
    """Counters of failures to be summed over their last axis, int32 [n, lanes], [k, lanes] or [n, k, lanes / 32]."""
    if parts.memory is None:
        return _unsolved(streams, parts, lanes, tries).astype(jnp.int32)
    unmemorised = _unmemorised(streams, parts, lanes, examples)
    if parts.attempts is None:
        return unmemorised.astype(jnp.int32)
    # A problem is solved if it was memorised and retrieved: pairs of masks, 32 lanes a word.
    memorised, solved = _packed(~unmemorised), _packed(~_unsolved(streams, parts, lanes, tries))
    both = jax.lax.population_count(memorised[:, None, :] & solved[None, :, :])
    return 32 - both.astype(jnp.int32)


def _packed(masks):
    """uint32 [masks, lanes / 32]: the bits of bool [masks, lanes]."""
    words = masks.reshape(len(masks), 32, -1).astype(jnp.uint32) << jnp.arange(32, dtype=jnp.uint32)[None, :, None]
    return words.sum(axis=1, dtype=jnp.uint32)


def _batch(words, parts, examples, tries):
    """Failures of one batch: int32 [len(examples)], [len(tries)], or their outer grid where both are asked."""
    piece, streams = _piece(parts), _dealt(words, parts)

    def add(total, start):
        return total + _failed(streams, parts, start + jnp.arange(piece, dtype=jnp.uint32), examples, tries), None

    if piece == BATCH:
        total = _failed(streams, parts, jnp.arange(piece, dtype=jnp.uint32), examples, tries)
    else:
        shape = [len(grid) for grid in (examples, tries) if grid is not None]
        zero = jnp.zeros((*shape, piece // 32 if len(shape) == 2 else piece), jnp.int32)
        total, _ = jax.lax.scan(add, zero, jnp.arange(0, BATCH, piece, dtype=jnp.uint32))
    return total.sum(axis=-1)


def _piece(parts):
    """Problems computed together: a piece of the batch, or all of it where a member needs them in one place."""
    return BATCH if any(getattr(part, "WHOLE_BATCH", False) for part in parts) else _PIECE


def _failures(key, numbers, parts, examples, tries, *, mesh, chunk):
    """Failures of the batches `numbers` (uint32, a multiple of devices x chunk), int32 [batches, ...grid]."""

    def on_one_device(key, numbers, parts, examples, tries):
        words = keys.streams(key, numbers, sum(_streams_of(parts)))
        batch = lambda own: _batch(own, parts, examples, tries)  # noqa: E731
        return jax.lax.map(batch, words, batch_size=chunk if chunk > 1 else None)

    return _spread(on_one_device, mesh, key, numbers, parts, examples, tries)


def _curves(key, numbers, kernel, *, mesh, chunk):
    """Curves of the batches `numbers` of learners, as `_failures`: float32 [batches, LEARNERS, n]."""

    def on_one_device(key, numbers, kernel):
        batch = lambda number: kernel.curves(keys.batch_key(key, number))  # noqa: E731
        return jax.lax.map(batch, numbers, batch_size=chunk if chunk > 1 else None)

    return _spread(on_one_device, mesh, key, numbers, kernel)


def _spread(on_one_device, mesh, key, numbers, *arguments):
    """on_one_device(key, its numbers, *arguments) on every device of the mesh, joined up in order."""
    split, whole = PartitionSpec("batches"), PartitionSpec()
    specs = (whole, split, *[whole] * len(arguments))
    return jax.shard_map(on_one_device, mesh=mesh, in_specs=specs, out_specs=split, check_vma=False)(
        key, numbers, *arguments
    )


def compiled(function, platform, static):
    """jax.jit for a platform, with the options every kernel here wants."""
    # XLA's default of 256 bits leaves half of a wide core idle; narrower cores ignore the wish.
    options = {"xla_cpu_prefer_vector_width": 512} if platform == "cpu" else None
    return jax.jit(function, static_argnames=static, compiler_options=options)


@cache
def kernel(function, platform):
    """The compiled program for a platform; numbers are traced, so it compiles once for each shape."""
    return compiled(function, platform, ("mesh", "chunk"))


def local_devices(wanted):
    """The devices to spread over: `wanted` of the local ones, or all for 0.  ValueError if there are fewer."""
    devices = jax.local_devices()
    if wanted > len(devices):
        raise ValueError(f"budget.devices: need at most the {len(devices)} local devices, got {wanted}")
    return devices[: wanted or len(devices)]


def failures(seed, physics, parts, budget, examples=None, tries=None, progress=iter):
    """Counts of a run.

    seed, physics: what the keys are made from (sim.keys).  parts: Parts.  examples, tries: grids of n and of k,
    float64, ascending, None for an axis that is left out.  progress: wraps the iterable of steps (a progress bar).
    Batch i depends on (seed, physics, i) alone, so the counts are the same for any chunk, device count and order.
    """
    grids = [None if g is None else np.asarray(g, np.float32) for g in (examples, tries)]
    counts = _run(_failures, seed, physics, (parts, *grids), budget, budget.batches, _ACCELERATED, progress)
    return Counts(counts.astype(np.int64), BATCH)


def masses(seed, physics, learner, learners, budget, progress=iter):
    """Masses of at least so many independent learners, whole batches of them.

    As `failures`; learner: from `learner`.  budget: how the work is cut.
    """
    batches = -(-learners // learner.kernel.LEARNERS)
    curves = _run(_curves, seed, physics, (learner.kernel,), budget, batches, _ACCELERATED_LEARNERS, progress)
    values = learner.offset + learner.scale * curves.reshape(-1, curves.shape[-1]).astype(float)
    return Masses(values, np.asarray(learner.kernel.resolution, float))


def _run(function, seed, physics, arguments, budget, batches, together, progress):
    """function(key, batch numbers, *arguments) of every batch, in steps spread over the devices: [batches, ...]."""
    devices = local_devices(budget.devices)
    chunk = budget.chunk or (1 if devices[0].platform == "cpu" else together)
    chunk = min(chunk, -(-batches // len(devices)))
    at_once = len(devices) * chunk
    per_step = -(-batches // (_STEPS * at_once)) * at_once
    mesh = Mesh(np.array(devices), ("batches",))
    program, key = kernel(function, devices[0].platform), keys.run_key(seed, physics)
    done = []
    for start in progress(range(0, batches, per_step)):
        numbers = np.arange(start, start + per_step, dtype=np.uint32)
        done.append(np.asarray(program(key, numbers, *arguments, mesh=mesh, chunk=chunk)))
    return np.concatenate(done)[:batches]
