"""Samplers composed, batched, spread over devices, summed to counts."""

import math
from dataclasses import replace
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from sim import keys, plan, quantiles, steps
from sim.laws import zipf as law
from sim.model import BATCH, Counts, Masses
from sim.samplers import attempts, difficulty, features, memory, quantile
from sim.samplers.lattice import Lattice
from sim.steps import Steps

# Problems computed together: with a curve of counters each they stay in a core's cache. XLA would split larger pieces,
# and those that look up tables already at half the size, between threads, which costs more than it saves.
_PIECE = 256
_ACCELERATED = 1024  # batches computed together on an accelerator: a million problems keep it busy
_FEWEST = 4  # steps of them: a small point of a sweep is not to spend its time on calls
_ACCELERATED_STEP = 2**14  # batches of a step of an accelerator, of a large run: each takes a millisecond to call
_ACCELERATED_LEARNERS = 512  # as many batches of learners, where they fit: each has some hundred kilobytes


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
    if name == "arrival" and depth == 1:
        return memory.FirstArrival()
    return {"arrival": memory.Arrival, "training_set": memory.TrainingSet}[name](np.float32(depth))


class Learner(NamedTuple):
    """A kernel of sim.samplers.learners; unmemorised mass = offset + scale * its curves, float64 [n]."""

    kernel: Any
    offset: np.ndarray
    scale: np.ndarray


def learner(name, exponent, size, depth, examples):
    """Learner of the memory member called `name`, for a grid of n."""
    from sim.samplers.learners import block_chain, direct, feature_arrivals, jump_chain

    arguments = exponent, size, depth, examples, law.normaliser(exponent, size)
    if name == "direct":
        return Learner(*direct.build(feature_sampler(exponent, size), *arguments))
    kernels = {"feature_arrivals": feature_arrivals, "block_chain": block_chain, "jump_chain": jump_chain}
    return Learner(*kernels[name].build(*arguments))


def beta_sampler(alpha, beta, ceiling):
    """samplers.quantile.BetaQuantile, its table from float64."""
    return quantile.beta_quantile(quantiles.beta_log_odds(alpha, beta), ceiling)


def small_ball_sampler(dimension, temperature, ceiling):
    """samplers.quantile.BetaQuantile with the table of a small ball, from float64."""
    return quantile.beta_quantile(quantiles.small_ball_log_odds(dimension, temperature), ceiling)


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


_DIMENSIONS = Parts(features=0, memory=3, difficulty=1, attempts=2)  # of a lattice, from which on a part draws


class _Random(NamedTuple):
    """Problems independent of each other."""

    def stream(self, word0, word1, dimension):
        return word0, word1


class _Lattice(NamedTuple):
    """Every batch a randomly shifted lattice."""

    def stream(self, word0, word1, dimension):
        return Lattice(word0, word1, dimension)


_SAMPLING = {"random": _Random(), "lattice": _Lattice()}


def _dealt(words, parts, sampling):
    """Parts(...) of the streams of one batch, dealt to those who draw from them.  words: two uint32 [streams]."""
    hands, start = [], 0
    for count, dimension in zip(_streams_of(parts), _DIMENSIONS, strict=True):
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
    if _graded(parts):
        return _unsolved_of_graded(streams, parts, lanes, examples, tries).astype(jnp.int32)
    unmemorised = _unmemorised(streams, parts, lanes, examples)
    if parts.attempts is None:
        return unmemorised.astype(jnp.int32)
    # A problem is solved if it was memorised and retrieved: pairs of masks, 32 lanes a word.
    memorised, solved = _packed(~unmemorised), _packed(~_unsolved(streams, parts, lanes, tries))
    both = jax.lax.population_count(memorised[:, None, :] & solved[None, :, :])
    return 32 - both.astype(jnp.int32)


def _graded(parts):
    """Whether attempts may fail or succeed for what is memorised or not."""
    return hasattr(parts.memory, "log_success")


def _packed(masks):
    """uint32 [masks, lanes / 32]: the bits of bool [masks, lanes]."""
    words = masks.reshape(len(masks), 32, -1).astype(jnp.uint32) << jnp.arange(32, dtype=jnp.uint32)[None, :, None]
    return words.sum(axis=1, dtype=jnp.uint32)


def _batch(words, parts, examples, tries, sampling, *, platform):
    """Failures of one batch: int32 [len(examples)], [len(tries)], or their outer grid where both are asked."""
    piece, streams = _piece(parts, platform), _dealt(words, parts, sampling)

    def add(total, start):
        return total + _failed(streams, parts, start + jnp.arange(piece, dtype=jnp.uint32), examples, tries), None

    if piece == BATCH:
        total = _failed(streams, parts, jnp.arange(piece, dtype=jnp.uint32), examples, tries)
    else:
        shape = [len(grid) for grid in (examples, tries) if grid is not None]
        zero = jnp.zeros((*shape, piece // 32 if len(shape) == 2 and not _graded(parts) else piece), jnp.int32)
        total, _ = jax.lax.scan(add, zero, jnp.arange(0, BATCH, piece, dtype=jnp.uint32))
    return total.sum(axis=-1)


def _piece(parts, platform):
    """Problems computed together: on a CPU a piece of the batch, which its cache holds; all of it on an accelerator.

    All of it too where a member needs them in one place.
    """
    if platform != "cpu" or any(getattr(part, "WHOLE_BATCH", False) for part in parts):
        return BATCH
    table = lambda part: isinstance(part, quantile.BetaQuantile)  # noqa: E731 (it may stand inside another sampler)
    return _PIECE // 2 if any(map(table, jax.tree.leaves(parts.difficulty, is_leaf=table))) else _PIECE


def _failures(words, parts, examples, tries, sampling, *, mesh, chunk):
    """Failures of batches, from their streams (a multiple of devices x chunk), int32 [batches, ...grid]."""
    batch = partial(_batch, platform=mesh.devices.flat[0].platform)
    return _spread(batch, mesh, chunk, words, parts, examples, tries, sampling)


def _curves(words, kernel, *, mesh, chunk):
    """Curves of batches of learners, from their keys, as `_failures`: float32 [batches, LEARNERS, n]."""
    return _spread(lambda own, kernel: kernel.curves(keys.key_of(own)), mesh, chunk, words, kernel)


def _spread(batch, mesh, chunk, words, *arguments):
    """batch(its own words, *arguments) for every batch, `chunk` of them at once on each device, joined up in order."""

    def on_one_device(words, *arguments):
        return jax.lax.map(lambda own: batch(own, *arguments), words, batch_size=chunk if chunk > 1 else None)

    split, whole = PartitionSpec("batches"), PartitionSpec()
    specs = (split, *[whole] * len(arguments))
    return jax.shard_map(on_one_device, mesh=mesh, in_specs=specs, out_specs=split, check_vma=False)(words, *arguments)


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


def failures(seed, physics, parts, budget, examples=None, tries=None, take=steps.take, sampling="random"):
    """Counts of a run.

    seed, physics: what the keys are made from (sim.keys).  parts: Parts.  examples, tries: grids of n and of k,
    float64, ascending, None for an axis that is left out.  take: is given the Steps, gives the counts of all batches.
    sampling: "random" for independent problems, "lattice" for batches that are a randomly shifted lattice each.
    Batch i depends on (seed, physics, i) alone, so the counts are the same for any chunk, device count and order.
    """
    grids = [None if g is None else np.asarray(g, np.float32) for g in (examples, tries)]
    arguments, cells = (parts, *grids, _SAMPLING[sampling]), math.prod(len(g) for g in grids if g is not None)
    dealt = lambda key, numbers: keys.streams(key, numbers, sum(_streams_of(parts)))  # noqa: E731
    together = _ACCELERATED
    quick = not any(isinstance(part, attempts.Bernoulli | memory.TrainingSet) for part in parts)
    size = {"fewest": _FEWEST, "full": _ACCELERATED_STEP} if quick else {}
    counts = _run(_failures, dealt, seed, physics, arguments, budget, budget.batches, cells, together, take, **size)
    return Counts(counts.astype(np.int64), BATCH, sampling == "random")


def masses(seed, physics, learner, learners, budget, take=steps.take):
    """Masses of at least so many independent learners, whole batches of them.

    As `failures`; learner: from `learner`.  budget: how the work is cut.
    """
    batches = -(-learners // learner.kernel.LEARNERS)
    cells, together = learner.kernel.LEARNERS * len(learner.offset), _ACCELERATED_LEARNERS
    budget = replace(budget, chunk=0)  # rounding of masses may depend on it: it is not for choice
    own = (learner.kernel,)
    curves = _run(_curves, keys.batch_keys, seed, physics, own, budget, batches, cells, together, take)
    values = learner.offset + learner.scale * curves.reshape(-1, curves.shape[-1]).astype(float)
    return Masses(values, np.asarray(learner.kernel.resolution, float))


def curves(seed, physics, kernel, batches, budget, take=steps.take):
    """Curves of whole batches, from a kernel of its own: float64 [batches x LEARNERS, x], rows independent.

    As `failures`; kernel: a NamedTuple of arrays with LEARNERS, `bytes` and `numbers` (random numbers) of a batch, and
    `curves(key)`: float32 [LEARNERS, x], whole numbers where counts are meant.
    """
    together = _ACCELERATED_LEARNERS
    shape = jax.eval_shape(lambda own, key: own.curves(key), kernel, keys.run_key(seed, physics)).shape
    cells = math.prod(shape)
    run = _run(_curves, keys.batch_keys, seed, physics, (kernel,), budget, batches, cells, together, take)
    return run.reshape(-1, run.shape[-1]).astype(float)


def batch_bytes(arguments, platform="cpu"):
    """Device bytes of one batch, an upper estimate, from the arguments of `_failures` or `_curves`."""
    if not isinstance(arguments[0], Parts):
        return arguments[0].bytes
    parts, examples, tries, _ = arguments
    points = [0 if grid is None else len(grid) for grid in (examples, tries)]
    return plan.problem_bytes(_piece(parts, platform), *points, 1 if _graded(parts) else 32)


def device_memory(device):
    """Bytes of a device's memory: what its allocator may take; of a CPU's, its part of the machine's."""
    limit = (device.memory_stats() or {}).get("bytes_limit")
    return limit or plan.machine_memory() // device.client.local_device_count()


def _run(
    function,
    words,
    seed,
    physics,
    arguments,
    budget,
    batches,
    cells,
    together,
    take,
    fewest=plan.FEWEST,
    full=plan.FULL,
):
    """function(words, *arguments) of every batch, in steps spread over the devices: [batches, ...].

    words: (key of the run, numbers of batches) -> what each of them draws from.  cells: counts of a batch.  together:
    batches computed together on an accelerator, where they fit.  take: is given the Steps.  fewest: of those.  full:
    batches of each of many, on an accelerator.
    TooLarge, before anything is drawn, where one batch does not fit.
    """
    devices = local_devices(budget.devices)
    platform = devices[0].platform
    if platform == "cpu":
        together, full = 1, plan.FULL
    chunk = budget.chunk or together
    memory, needed = (device_memory(devices[0]), plan.machine_memory()), batch_bytes(arguments, platform)
    cut = plan.cut(batches, len(devices), chunk, needed, cells, budget.memory, *memory, fewest, full)
    program, key = kernel(function, platform), keys.run_key(seed, physics)
    mesh = Mesh(np.array(devices), ("batches",))
    arguments = jax.device_put(arguments, NamedSharding(mesh, PartitionSpec()))
    return take(Steps(program, partial(words, key), arguments, mesh, cut, f"{seed} {physics}", budget.first))
