"""Samplers composed, batched, spread over devices, summed to counts."""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from sim import keys
from sim.laws import zipf as law
from sim.model import BATCH, Counts
from sim.samplers import attempts, difficulty, features, memory

_STEPS = 64  # pieces a run is cut into, for progress; each ends in one transfer of counts


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


def beta_sampler(alpha, beta, ceiling):
    """samplers.difficulty.Beta."""
    return difficulty.Beta(*(np.asarray(x, np.float32) for x in (alpha, beta, ceiling)))


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


def _unmemorised(key, parts, lanes, grid):
    key_test, key_training = jax.random.split(key)
    test = parts.features.draw(key_test, lanes)
    return parts.memory.unmemorised(key_training, parts.features, test, lanes, grid)


def _unsolved(key, parts, lanes, grid):
    key_difficulty, key_attempts = jax.random.split(key)
    problems = parts.difficulty.draw(key_difficulty, lanes)
    return parts.attempts.unsolved(key_attempts, problems, lanes, grid)


def _batch(key, parts, examples, tries):
    """Failures of one batch: int32 [len(examples)], [len(tries)], or their outer grid where both are asked."""
    key_memory, key_attempts = jax.random.split(key)
    lanes = jnp.arange(BATCH, dtype=jnp.uint32)
    if parts.memory is None:
        return _unsolved(key_attempts, parts, lanes, tries).sum(axis=1, dtype=jnp.int32)
    unmemorised = _unmemorised(key_memory, parts, lanes, examples)
    if parts.attempts is None:
        return unmemorised.sum(axis=1, dtype=jnp.int32)
    unsolved = _unsolved(key_attempts, parts, lanes, tries)
    # A problem fails if it was not memorised or not retrieved. 0/1 products sum exactly: below 2^24 in float32.
    both_right = jnp.dot((~unmemorised).astype(jnp.float32), (~unsolved).astype(jnp.float32).T)
    return BATCH - both_right.astype(jnp.int32)


def _failures(key, numbers, parts, examples, tries, *, mesh, chunk):
    """Failures of the batches `numbers` (uint32, a multiple of the devices), int32 [batches, ...grid]."""

    def on_one_device(key, numbers, parts, examples, tries):
        batch = lambda number: _batch(keys.batch_key(key, number), parts, examples, tries)  # noqa: E731
        return jax.lax.map(batch, numbers, batch_size=chunk)

    split, whole = PartitionSpec("batches"), PartitionSpec()
    spread = jax.shard_map(
        on_one_device, mesh=mesh, in_specs=(whole, split, whole, whole, whole), out_specs=split, check_vma=False
    )
    return spread(key, numbers, parts, examples, tries)


@cache
def kernel(platform):
    """The compiled program for a platform; numbers are traced, so it compiles once for each shape."""
    # XLA's default of 256 bits leaves half of a wide core idle; narrower cores ignore the wish.
    options = {"xla_cpu_prefer_vector_width": 512} if platform == "cpu" else None
    return jax.jit(_failures, static_argnames=("mesh", "chunk"), compiler_options=options)


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
    devices = local_devices(budget.devices)
    chunk = budget.chunk or (1 if devices[0].platform == "cpu" else 64)
    mesh = Mesh(np.array(devices), ("batches",))
    per_step = -(-budget.batches // _STEPS)
    per_step = -(-per_step // len(devices)) * len(devices)
    program = kernel(devices[0].platform)
    grids = [None if g is None else np.asarray(g, np.float32) for g in (examples, tries)]
    key = keys.run_key(seed, physics)
    done = []
    for start in progress(range(0, budget.batches, per_step)):
        numbers = np.arange(start, start + per_step, dtype=np.uint32)
        done.append(np.asarray(program(key, numbers, parts, *grids, mesh=mesh, chunk=chunk)))
    counts = np.concatenate(done)[: budget.batches].astype(np.int64)
    return Counts(counts, BATCH)
