"""What a run would take: cut and bytes from its plan, seconds from a small part of the very same program."""

import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import jax
import numpy as np

from sim.draw import cutting
from sim.draw.batches import Parts
from sim.draw.budget import BATCH
from sim.experiments import asking
from sim.samplers.attempts import Bernoulli
from sim.samplers.learners import block_chain, direct, feature_arrivals, jump_chain
from sim.samplers.memory import MultiTrace, TrainingSet

_SECONDS = 0.25  # a measurement is long enough then; a lever is pulled no further
_FURTHER = 4  # times as much is measured next: 1 s more at most
_OPERATIONS = 2**26  # on a device, measured at least: a quarter of a second, more or less
_SORTED = 2**20  # sightings that a jump chain is measured on


class Estimate(NamedTuple):
    """What a run would draw, in what memory, in how many seconds.

    numbers: random numbers drawn, training examples among them.  part: what was measured in place of the whole of a
    batch, in words; None where it was the whole.
    """

    cut: cutting.Cut
    numbers: float
    compiling: float
    drawing: float
    part: str | None


class Lever(NamedTuple):
    """A number that the time of a batch grows with in proportion: full in the run, pulled back for a measurement."""

    what: str
    full: int
    least: int
    pulled: Callable  # (arguments, number) -> arguments of the same shapes


def estimate(name, question):
    """Estimate of an experiment; where models have to be trained first, of the attempts of untrained ones."""
    untrained = asking.prepared(name, question, lambda training: training.begin())
    return of_steps(asking.plan(name, untrained).steps)


def of_steps(steps):
    """Estimate of a run from its simulate.Steps."""
    cut, (measured, factor, part) = steps.cut, _shortened(steps.arguments)
    levers = [lever for lever in _levers(measured) if lever.full > lever.least]
    light = _pulled(measured, levers, [lever.least for lever in levers])
    rounds = int(max(1, min(cut.per_step // cut.at_once, _OPERATIONS // (cut.chunk * operations(light)))))
    whole, compiling = _compiled(steps, measured, cut.per_step)
    of_rounds = cut.at_once * rounds
    program = whole if of_rounds == cut.per_step else _compiled(steps, measured, of_rounds)[0]
    words = steps.words(np.arange(of_rounds, dtype=np.uint32))
    seconds, left = _seconds(lambda arguments: program(words, *arguments), measured, levers)
    drawing = factor * seconds * cut.steps * cut.per_step / of_rounds
    return Estimate(cut, random_numbers(steps.arguments) * cut.batches, compiling, drawing, part or left)


# How much a batch is --------------------------------------------------------------------------------------------------


def random_numbers(arguments):
    """Random numbers that a batch draws, training examples among them, from the arguments of its program."""
    kernel = arguments[0]
    if isinstance(kernel, direct.FirstSeen | direct.Counted):
        return kernel.LEARNERS * float(kernel.stops[-1])
    if isinstance(kernel, feature_arrivals.Member):
        return kernel.LEARNERS * max(0.0, float(kernel.last) - float(kernel.first) + 1) * float(kernel.depth)
    if isinstance(kernel, block_chain.Member):
        return random_numbers((kernel.head,)) + kernel.LEARNERS * float(kernel.steps.reference.size)
    if isinstance(kernel, jump_chain.Member):
        return 2.0 * kernel.LEARNERS * kernel.mass.size
    if not isinstance(kernel, Parts):
        return float(kernel.numbers)
    return _of_problems(*arguments)


def _of_problems(parts, examples, tries, *_):
    of_one, shared = sum(part is not None for part in parts[:1] + parts[2:]), 0.0
    if isinstance(parts.memory, TrainingSet):
        shared = float(examples[-1])
    elif parts.memory is not None:
        of_one += float(getattr(parts.memory, "depth", 1))
        of_one += 2.0 * len(examples) if isinstance(parts.memory, MultiTrace) else 0.0
    if isinstance(parts.attempts, Bernoulli):
        of_one += float(tries[-1]) - 1
    return BATCH * of_one + shared


def operations(arguments):
    """Operations of a batch, each a random number or some sixteen comparisons with a grid, to a factor of a few."""
    kernel = arguments[0]
    if isinstance(kernel, Parts):
        points = [len(grid) for grid in arguments[1:3] if grid is not None]
        compared = BATCH * np.prod(points, dtype=float) / (32 if len(points) == 2 else 1)
        if isinstance(kernel.memory, TrainingSet):  # a sort, and a search in it for each example of whole draws
            compared += 256 * (4 * BATCH + max(float(arguments[1][-1]), 2.0**12 * points[0]))
    elif isinstance(kernel, direct.FirstSeen | direct.Counted):
        compared = kernel.LEARNERS * kernel.bytes * len(kernel.stops)
    elif isinstance(kernel, jump_chain.Member):  # a sort
        compared = 16 * random_numbers(arguments) * np.log2(kernel.mass.size + 1)
    else:
        compared = 0.0
    return random_numbers(arguments) + compared / 16 + 1


# A part of it ---------------------------------------------------------------------------------------------------------


def _pulled(arguments, levers, numbers):
    """The arguments with each lever at its number."""
    for lever, number in zip(levers, numbers, strict=True):
        arguments = lever.pulled(arguments, number)
    return arguments


def _levers(arguments):
    """Levers of a program's arguments."""
    kernel = arguments[0]
    if isinstance(kernel, Parts):
        return _levers_of_problems(*arguments)
    if isinstance(kernel, direct.FirstSeen | direct.Counted):
        pulled = lambda own, number: (own[0]._replace(stops=np.minimum(own[0].stops, np.int32(number))),)  # noqa: E731
        return [Lever("examples", int(kernel.stops[-1]), 2**16, pulled)]
    if isinstance(kernel, feature_arrivals.Member):
        first = int(kernel.first)
        pulled = lambda own, number: (own[0]._replace(last=np.uint32(first + number - 1)),)  # noqa: E731
        return [Lever("features", int(kernel.last) - first + 1, 2**12, pulled)]
    return []


def _levers_of_problems(parts, examples, tries, *_):
    shortened = lambda grid, number: np.minimum(grid, np.float32(number))  # noqa: E731
    levers = []
    if isinstance(parts.memory, TrainingSet):
        pulled = lambda own, number: (own[0], shortened(own[1], number), *own[2:])  # noqa: E731
        levers.append(Lever("examples", int(examples[-1]), 2**12, pulled))
    if isinstance(parts.attempts, Bernoulli):
        again = lambda own, number: (*own[:2], shortened(own[2], number), *own[3:])  # noqa: E731
        levers.append(Lever("attempts", int(tries[-1]), 2**7, again))
    return levers


def _shortened(arguments):
    """(arguments, factor, part): a jump chain with fewer features, whose time is that of a sort; all others as are."""
    kernel = arguments[0]
    if not isinstance(kernel, jump_chain.Member) or kernel.mass.size <= _SORTED:
        return arguments, 1.0, None
    kept = max(1, _SORTED // kernel.mass.shape[1])
    size, fewer = len(kernel.mass), kernel._replace(mass=kernel.mass[:kept], rate=kernel.rate[:kept])
    return (fewer,), size * np.log(size) / (kept * np.log(kept)), f"{kept:,} of {size:,} features"


# Seconds --------------------------------------------------------------------------------------------------------------


def _compiled(steps, arguments, batches):
    """(program, seconds it took to compile) for so many batches."""
    words = steps.words(np.arange(batches, dtype=np.uint32))
    leaves, tree = jax.tree.flatten((words, *arguments))
    shapes = tuple(jax.ShapeDtypeStruct(np.shape(leaf), np.asarray(leaf).dtype) for leaf in leaves)
    began = time.perf_counter()
    return _program(steps.program, steps.mesh, steps.cut.chunk, tree, shapes), time.perf_counter() - began


@cache  # the points of a sweep share a program
def _program(program, mesh, chunk, tree, shapes):
    words, *arguments = tree.unflatten(shapes)
    return program.lower(words, *arguments, mesh=mesh, chunk=chunk).compile()


def _seconds(call, arguments, levers):
    """Seconds of a call with all levers at full, and which were left how far from it, in words or None.

    Measured with all levers at their least, then with one at a time pulled further; linear in each of them.
    """
    least = [lever.least for lever in levers]
    light = _pulled(arguments, levers, least)
    base = _timed(call, light, 1)  # finds its memory and threads
    base = _timed(call, light) if base < 2 * _SECONDS else base
    total, left = base, []
    for i, lever in enumerate(levers):
        number, seconds = lever.least, base
        while number < lever.full and seconds < base + _SECONDS:
            number = min(lever.full, number * _FURTHER)
            seconds = _timed(call, _pulled(arguments, levers, [*least[:i], number, *least[i + 1 :]]))
        each = max(0.0, seconds - base) / max(1, number - lever.least)
        total += each * (lever.full - lever.least)
        left += [f"{number:,} of {lever.full:,} {lever.what}"] if number < lever.full else []
    return total, " and ".join(left) or None


def _timed(call, arguments, most=5):
    """Seconds of a call: the least of five, or of fewer where they are long."""
    times = []
    while len(times) < most and sum(times) < _SECONDS:
        began = time.perf_counter()
        jax.block_until_ready(call(arguments))
        times.append(time.perf_counter() - began)
    return min(times)
