"""A dry run counts what would be drawn, times a part of it, and is right where time is linear."""

from types import SimpleNamespace
from typing import NamedTuple

import jax
import numpy as np
import pytest

from sim.app.runs import dry
from sim.draw.batches import Parts
from sim.draw.budget import BATCH
from sim.draw.cutting import Cut
from sim.draw.plan import Steps
from sim.model import build

GRID = np.array([1.0, 10, 1e3, 1e6], np.float32)


def problems(memory=None, depth=2, attempts=None):
    """Arguments of a program for problems."""
    parts = {}
    if memory:
        sampler = build.memory_sampler(memory, depth)
        parts |= {"features": build.feature_sampler(1.5, np.inf), "memory": sampler}
    if attempts:
        sampler = build.attempts_sampler(attempts)
        parts |= {"difficulty": build.beta_sampler(5.0, 0.35, 1.0), "attempts": sampler}
    return Parts(**parts), GRID if memory else None, GRID if attempts else None, None


def learners(name, depth=2):
    """The same for learners."""
    return (build.learner(name, 1.5, 5000.0, depth, GRID.astype(float)).kernel,)


def test_random_numbers_are_counted_as_they_are_drawn():
    for arguments, expected in [
        (problems(attempts="first_success"), 2 * BATCH),
        (problems(attempts="bernoulli"), (1 + 10**6) * BATCH),
        (problems("arrival"), 3 * BATCH),
        (problems("arrival", depth=1), 2 * BATCH),
        (problems("training_set"), BATCH + 10**6),
        (problems("arrival", attempts="first_success"), 5 * BATCH),
        (learners("direct"), 10**6),
        (learners("feature_arrivals"), 5000 * 2),
        (learners("jump_chain"), 2 * 5000 * 2),
    ]:
        of_a_batch = 1 if isinstance(arguments[0], Parts) else arguments[0].LEARNERS
        assert dry.random_numbers(arguments) == expected * of_a_batch


KINDS = {
    "attempts": lambda: problems(attempts="bernoulli"),
    "examples": lambda: problems("training_set"),
    "both": lambda: problems("training_set", attempts="bernoulli"),
    "direct": lambda: learners("direct"),
    "counted": lambda: learners("direct", depth=1),
    "features": lambda: learners("feature_arrivals"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_pulled_lever_changes_one_number_and_no_shape(kind):
    arguments = KINDS[kind]()
    for lever in dry._levers(arguments):
        light = lever.pulled(arguments, 4096)
        assert dry.random_numbers(light) < dry.random_numbers(arguments)
        assert dry.random_numbers(lever.pulled(arguments, lever.full)) == dry.random_numbers(arguments)
        for one, other in zip(_leaves(light), _leaves(arguments), strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)


def _leaves(arguments):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(arguments)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("each", [1e-9, 1e-5])
def test_time_linear_in_each_lever_is_told_exactly(monkeypatch, kind, each):
    arguments = KINDS[kind]()
    clock = lambda call, own, most=5: 0.01 + each * dry.random_numbers(own)  # noqa: E731
    monkeypatch.setattr(dry, "_timed", clock)
    levers = dry._levers(arguments)
    seconds, part = dry._seconds(None, arguments, levers)
    assert abs(seconds / clock(None, arguments) - 1) < 1e-6
    slow = each > 1e-8 or kind in ("attempts", "both")
    assert (part is not None) == (slow and kind != "features")  # of those all are timed at once


def test_what_has_no_lever_is_timed_as_it_is(monkeypatch):
    monkeypatch.setattr(dry, "_timed", lambda call, own, most=5: 0.5)
    for arguments in (problems("arrival", attempts="first_success"), learners("block_chain"), learners("jump_chain")):
        assert dry._levers(arguments) == []
        assert dry._seconds(None, arguments, []) == (0.5, None)
        assert dry._shortened(arguments) == (arguments, 1.0, None)


# A whole run, from a part of it ---------------------------------------------------------------------------------------


class Counted(NamedTuple):
    """A kernel of its own that says how many random numbers a batch is."""

    numbers: np.ndarray


def steps_of(batches=100, devices=2, chunk=4, per_step=24, numbers=1000.0):
    """Steps of a program that counts how often it was called, with how many batches."""
    called = []

    def program(words, kernel, *, mesh=None, chunk=None):
        called.append(len(words))
        return words

    program.lower = lambda words, *arguments, **rest: SimpleNamespace(
        compile=lambda: lambda words, *arguments: program(words, *arguments)
    )
    cut = Cut(batches, devices, chunk, per_step, 0, 0, 0)
    return Steps(program, lambda own: own, (Counted(np.array(numbers)),), None, cut, "0 {}"), called


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass by the batches of a call: 0.01 s each; compiling takes 5 s."""
    now = [0.0]
    monkeypatch.setattr(dry.time, "perf_counter", lambda: now[0])
    real = dry._compiled

    def compiled(steps, arguments, batches):
        program, _ = real(steps, arguments, batches)

        def call(words, *own):
            now[0] += 0.01 * len(words)
            return program(words, *own)

        return call, 5.0

    monkeypatch.setattr(dry, "_compiled", compiled)
    return now


@pytest.mark.parametrize(
    ("cut", "seconds"),
    [
        ({}, 5 * 24),  # 100 batches are 5 steps of 24, the last of which draws some that nobody counts
        ({"batches": 96}, 4 * 24),
        ({"batches": 1000}, 42 * 24),
        ({"per_step": 8, "batches": 9}, 2 * 8),
    ],
)
def test_a_run_takes_as_long_as_all_of_its_steps_and_draws_as_much_as_all_of_its_batches(clock, cut, seconds):
    steps, called = steps_of(**cut)
    found = dry.of_steps(steps)
    assert found.drawing == pytest.approx(0.01 * seconds)
    assert (found.cut, found.numbers, found.part) == (steps.cut, 1000.0 * steps.cut.batches, None)
    assert found.compiling == 5.0
    assert set(called) == {steps.cut.per_step}


def test_of_a_large_step_some_rounds_are_measured_and_the_rest_is_in_proportion(clock):
    """2^26 operations a device: of 10^7 a batch and 4 batches a round, that is one round of 8 batches."""
    steps, called = steps_of(numbers=1e7)
    assert dry.of_steps(steps).drawing == pytest.approx(0.01 * 5 * 24)
    assert set(called) == {8}
    steps, called = steps_of(numbers=8e6)
    assert dry.of_steps(steps).drawing == pytest.approx(0.01 * 5 * 24)
    assert set(called) == {16}


def test_a_program_is_compiled_once_for_all_points_of_a_sweep(monkeypatch):
    steps, _ = steps_of()
    now, lower = [0.0], steps.program.lower

    def lowered(words, *arguments, **rest):
        now[0] += 1.0
        return lower(words, *arguments, **rest)

    monkeypatch.setattr(dry.time, "perf_counter", lambda: now[0])
    steps.program.lower = lowered
    (one, first), (other, again) = (dry._compiled(steps, steps.arguments, 8) for _ in range(2))
    assert (first, again) == (1.0, 0.0) and one is other
    assert dry._compiled(steps, steps.arguments, 16)[1] == 1.0
    assert dry._compiled(steps, (Counted(np.array([1.0, 2.0])),), 8)[1] == 1.0


def test_the_least_of_some_measurements_is_told_and_a_long_one_is_not_repeated(monkeypatch):
    for times, told, calls in (([0.03, 0.02, 0.04, 0.05, 0.06], 0.02, 5), ([0.2, 0.1], 0.1, 2), ([0.3], 0.3, 1)):
        now, called = [0.0], []
        monkeypatch.setattr(dry.time, "perf_counter", lambda now=now: now[0])

        def call(arguments, now=now, called=called, times=times):
            now[0] += times[len(called)]
            called.append(arguments)

        assert dry._timed(call, None) == pytest.approx(told)
        assert len(called) == calls


def test_a_jump_chain_of_many_features_is_timed_on_fewer_as_a_sort():
    [kernel] = learners("jump_chain")
    mass = np.zeros((2**20, 2), np.float32)
    whole = (kernel._replace(mass=mass, rate=np.zeros(2**20, np.float32)),)
    (shortened,), factor, part = dry._shortened(whole)
    assert shortened.mass.shape == (2**19, 2) and shortened.rate.shape == (2**19,)
    assert factor == pytest.approx(2 * 20 / 19)
    assert part == "524,288 of 1,048,576 features"


def test_blocks_count_what_is_drawn_at_each_of_their_steps_beside_their_head():
    [kernel] = learners("block_chain")
    head = dry.random_numbers((kernel.head,))
    steps = np.asarray(kernel.steps.reference).size
    assert head > 0 and steps > 0
    assert dry.random_numbers((kernel,)) == head + kernel.LEARNERS * steps
