"""The batches of a run spread over devices, in steps, to its counts."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from sim.draw import cutting, keys
from sim.draw.batches import SAMPLING, Parts, failures_of, graded, piece_of, streams_of
from sim.draw.budget import BATCH
from sim.draw.counts import Counts, Masses
from sim.draw.plan import Plan, Steps, draw
from sim.samplers import attempts, memory

_ACCELERATED = 1024  # batches computed together on an accelerator: a million problems keep it busy
_FEWEST = 4  # steps of them: a small point of a sweep is not to spend its time on calls
_ACCELERATED_STEP = 2**14  # batches of a step of an accelerator, of a large run: each takes a millisecond to call
_ACCELERATED_LEARNERS = 512  # as many batches of learners, where they fit: each has some hundred kilobytes


def _failures(words, parts, examples, tries, sampling, *, mesh, chunk):
    """Failures of batches, from their streams (a multiple of devices x chunk), int32 [batches, ...grid]."""
    batch = partial(failures_of, platform=mesh.devices.flat[0].platform)
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


def failures(*asked, **more):
    """Counts of a run that is drawn here and now: as plan_failures."""
    return draw(plan_failures(*asked, **more))


def plan_failures(seed, physics, parts, budget, examples=None, tries=None, sampling="random"):
    """Plan of a run, which comes to Counts.

    seed, physics: what the keys are made from (sim.draw.keys).  parts: Parts.  examples, tries: grids of n and of k,
    float64, ascending, None for an axis that is left out.
    sampling: "random" for independent problems, "lattice" for batches that are a randomly shifted lattice each.
    Batch i depends on (seed, physics, i) alone, so the counts are the same for any chunk, device count and order.
    """
    grids = [None if g is None else np.asarray(g, np.float32) for g in (examples, tries)]
    arguments, cells = (parts, *grids, SAMPLING[sampling]), math.prod(len(g) for g in grids if g is not None)
    dealt = lambda key, numbers: keys.streams(key, numbers, sum(streams_of(parts)))  # noqa: E731
    quick = not any(isinstance(part, attempts.Bernoulli | memory.TrainingSet) for part in parts)
    size = cutting.Size(_FEWEST, _ACCELERATED_STEP) if quick else cutting.Size()
    work = _Work(_failures, dealt, arguments, budget.batches, cells, _ACCELERATED, size)
    return Plan(
        _steps(seed, physics, work, budget), lambda counts: Counts(counts.astype(np.int64), BATCH, sampling == "random")
    )


def masses(*asked):
    """Masses of learners that are drawn here and now: as plan_masses."""
    return draw(plan_masses(*asked))


def plan_masses(seed, physics, learner, learners, budget):
    """Plan of at least so many independent learners, whole batches of them, which comes to Masses.

    As `plan_failures`; learner: from `learner`.  budget: how the work is cut.
    """
    batches = -(-learners // learner.kernel.LEARNERS)
    cells = learner.kernel.LEARNERS * len(learner.offset)
    budget = replace(budget, chunk=0)  # rounding of masses may depend on it: it is not for choice
    work = _Work(_curves, keys.batch_keys, (learner.kernel,), batches, cells, _ACCELERATED_LEARNERS)

    def counted(curves):
        values = learner.offset + learner.scale * curves.reshape(-1, curves.shape[-1]).astype(float)
        return Masses(values, np.asarray(learner.kernel.resolution, float))

    return Plan(_steps(seed, physics, work, budget), counted)


def curves(*asked):
    """Curves that are drawn here and now: as plan_curves."""
    return draw(plan_curves(*asked))


def plan_curves(seed, physics, kernel, batches, budget):
    """Plan of whole batches from a kernel of its own, which comes to float64 [batches x LEARNERS, x], independent rows.

    As `plan_failures`; kernel: a NamedTuple of arrays with LEARNERS, `bytes` and `numbers` (random numbers) of a batch,
    and `curves(key)`: float32 [LEARNERS, x], whole numbers where counts are meant.
    """
    shape = jax.eval_shape(lambda own, key: own.curves(key), kernel, keys.run_key(seed, physics)).shape
    work = _Work(_curves, keys.batch_keys, (kernel,), batches, math.prod(shape), _ACCELERATED_LEARNERS)
    return Plan(_steps(seed, physics, work, budget), lambda counts: counts.reshape(-1, counts.shape[-1]).astype(float))


def batch_bytes(arguments, platform="cpu"):
    """Device bytes of one batch, an upper estimate, from the arguments of `_failures` or `_curves`."""
    if not isinstance(arguments[0], Parts):
        return arguments[0].bytes
    parts, examples, tries, _ = arguments
    points = [0 if grid is None else len(grid) for grid in (examples, tries)]
    return cutting.problem_bytes(piece_of(parts, platform), *points, 1 if graded(parts) else 32)


def device_memory(device):
    """Bytes of a device's memory: what its allocator may take; of a CPU's, its part of the machine's."""
    limit = (device.memory_stats() or {}).get("bytes_limit")
    return limit or cutting.machine_memory() // device.client.local_device_count()


class _Work(NamedTuple):
    """function(words, *arguments) of every batch.

    words: (key of the run, numbers of batches) -> what each of them draws from.  cells: counts of a batch.  together:
    batches computed together on an accelerator, where they fit.  size: of steps on an accelerator.
    """

    function: Callable
    words: Callable
    arguments: tuple
    batches: int
    cells: int
    together: int
    size: cutting.Size = cutting.Size()


def _steps(seed, physics, work, budget):
    """Steps of _Work, spread over the devices.  TooLarge, before anything is drawn, where one batch does not fit."""
    devices = local_devices(budget.devices)
    platform = devices[0].platform
    together, size = work.together, work.size
    if platform == "cpu":
        together, size = 1, size._replace(full=cutting.FULL)
    memory = cutting.Memory(budget.memory, device_memory(devices[0]), cutting.machine_memory())
    needed = batch_bytes(work.arguments, platform)
    cut = cutting.cut(work.batches, len(devices), budget.chunk or together, needed, work.cells, memory, size)
    program, key = kernel(work.function, platform), keys.run_key(seed, physics)
    mesh = Mesh(np.array(devices), ("batches",))
    arguments = jax.device_put(work.arguments, NamedSharding(mesh, PartitionSpec()))
    return Steps(program, partial(work.words, key), arguments, mesh, cut, f"{seed} {physics}", budget.first)
