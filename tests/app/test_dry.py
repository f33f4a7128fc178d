"""A dry run counts what would be drawn, times a part of it, and is right where time is linear."""

import jax
import numpy as np
import pytest

from sim import build
from sim.app import dry
from sim.batches import Parts
from sim.model import BATCH

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
