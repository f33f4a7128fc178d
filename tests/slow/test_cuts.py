"""A run's counts are the same, bit by bit, however it is cut into pieces, chunks of batches, and devices.

A batch is 16,384 = 2^14 problems, addressed one by one. Pieces of 2^8 to 2^14 of them are computed together, then
chunks of 2^0 to 2^12 whole batches: together every power of two from 2^8 to 2^26 problems.
"""

from typing import NamedTuple

import jax
import numpy as np
import pytest
from checks import rejects

from sim.draw import batches, keys, simulate
from sim.draw.batches import Parts
from sim.draw.budget import BATCH, Budget
from sim.draw.plan import draw
from sim.model import build
from sim.samplers import attempts, memory

EXAMPLES, TRIES = np.array([1.0, 30, 1000]), np.array([1.0, 10, 300])
EVERYTHING = 1.0  # a share of the memory in which the largest chunk has room

pytestmark = pytest.mark.slow


class Question(NamedTuple):
    """One kind of run, its budget, and the largest chunk that it is cut into."""

    parts: Parts
    examples: np.ndarray | None
    tries: np.ndarray | None
    batches: int = 131  # a prime, which no chunk and no number of devices divides
    largest: int = 1 << 12
    sampling: str = "random"


class Careless(NamedTuple):
    """Attempts addressed by their place in the piece."""

    def unsolved(self, stream, log_success, lanes, tries):
        return attempts.FirstSuccess().unsolved(stream, log_success, lanes - lanes[0], tries)


def question(name):
    features, arrival = build.feature_sampler(1.5, np.inf), build.memory_sampler("arrival", 2)
    difficulty, first = build.beta_sampler(2.0, 0.35, 0.9), build.attempts_sampler("first_success")
    shared = build.memory_sampler("training_set", 1)
    return {
        "learning_curve": Question(Parts(features, arrival), EXAMPLES, None),
        "coverage": Question(Parts(difficulty=difficulty, attempts=first), None, TRIES),
        "lattice": Question(Parts(difficulty=difficulty, attempts=first), None, TRIES, sampling="lattice"),
        "joint": Question(Parts(features, arrival, difficulty, first), EXAMPLES, TRIES),
        # Its problems share one training set and cannot be computed in pieces: 2^14 to 2^22 of them together.
        "training_set": Question(Parts(features, shared), EXAMPLES, None, batches=37, largest=1 << 8),
        "careless": Question(Parts(difficulty=difficulty, attempts=Careless()), None, TRIES),
    }[name]


def counts(of, batches=None, chunk=1, devices=1):
    """Failures [batches, ...grid]; the run is really cut as it was told to be."""
    budget = Budget((batches or of.batches) * BATCH, chunk, devices, EVERYTHING)
    plan = simulate.plan_failures(0, "cuts", of.parts, budget, of.examples, of.tries, of.sampling)
    assert (plan.steps.cut.chunk, plan.steps.cut.devices) == (chunk, devices)
    return draw(plan).failures


@pytest.fixture(autouse=True)
def recompiled():
    """Programs know nothing of a size that is changed under them: none is kept."""
    forget()
    yield
    forget()


def forget():
    simulate.kernel.cache_clear()
    jax.clear_caches()


def assert_every_piece_counts_the_same(name, monkeypatch, sizes):
    of, found = question(name), []
    for size in sizes:
        for room in (batches, simulate):
            monkeypatch.setattr(room, "piece_of", lambda parts, platform, size=size: size)
        forget()
        found.append(counts(of))
    assert all((some == found[0]).all() for some in found)


@pytest.mark.parametrize("name", ["learning_curve", "coverage", "lattice", "joint"])
def test_pieces_of_any_size_give_the_same_counts(name, monkeypatch):
    """2^8, 2^9 ... 2^14 problems of a batch computed together."""
    assert_every_piece_counts_the_same(name, monkeypatch, [1 << digits for digits in range(8, 15)])


def test_training_examples_drawn_in_pieces_of_any_size_give_the_same_counts(monkeypatch):
    """2^8, 2^9 ... 2^14 training examples drawn and looked up together."""
    of, found = question("training_set"), []
    for digits in range(8, 15):
        monkeypatch.setattr(memory, "_DRAWS", 1 << digits)
        forget()
        found.append(counts(of))
    assert all((some == found[0]).all() for some in found)


def test_draws_addressed_by_their_place_in_the_piece_are_noticed(monkeypatch):
    rejects(assert_every_piece_counts_the_same, "careless", monkeypatch, [1 << 8, 1 << 9])


def assert_every_chunk_counts_the_same(name, chunks):
    """Each chunk in a run of three batches more than it holds, or of the question's own if that is longer."""
    of = question(name)
    reference = counts(of, max(of.batches, max(chunks) + 3))
    for chunk in chunks:
        batches = max(of.batches, chunk + 3)
        assert (counts(of, batches, chunk) == reference[:batches]).all(), chunk


@pytest.mark.parametrize("name", ["learning_curve", "coverage", "lattice", "joint", "training_set"])
def test_chunks_of_any_size_give_the_same_counts(name):
    """1, 2, 4 ... 4096 batches computed together, up to 67 million problems; of training sets up to 256."""
    chunks = [1 << digits for digits in range(13)]
    assert_every_chunk_counts_the_same(name, [chunk for chunk in chunks if chunk <= question(name).largest])


def assert_any_devices_count_the_same(name):
    of = question(name)
    reference = counts(of)
    for chunk, devices in [(1, 2), (1, 8), (4, 2), (4, 8)]:
        assert (counts(of, chunk=chunk, devices=devices) == reference).all(), (chunk, devices)


@pytest.mark.parametrize("name", ["learning_curve", "coverage", "lattice", "joint", "training_set"])
def test_one_two_and_eight_devices_give_the_same_counts(name):
    assert_any_devices_count_the_same(name)


def test_batches_numbered_by_their_place_in_the_step_are_noticed(monkeypatch):
    real = keys.streams
    monkeypatch.setattr(keys, "streams", lambda key, batches, count: real(key, batches - batches[0], count))
    rejects(assert_every_chunk_counts_the_same, "coverage", [4, 8])
    rejects(assert_any_devices_count_the_same, "coverage")
