"""Learners as they are timed: their mean and their spread are the law's, or they are wrong."""

import time
from typing import NamedTuple

import jax
import numpy as np
import pytest

from sim.bench import learners
from sim.bench.timing import Wrong


@pytest.mark.seldom(0)
@pytest.mark.parametrize("device", [False, True])
def test_a_chain_passes_its_check_one_by_one_and_together(device):
    contestant = learners.chain_million(jax.devices("cpu")[0] if device else None, batches=2)
    contestant.check(contestant.call())
    assert contestant.items == 256


@pytest.mark.seldom(0)
def test_a_whole_run_passes_its_check():
    contestant = learners.chain_run_million()
    contestant.check(contestant.call())


@pytest.mark.seldom(0)
@pytest.mark.parametrize("wrong", [lambda c: 0 * c, lambda c: 2 * c, lambda c: c + 0.01])
def test_a_chain_of_wrong_mean_or_spread_is_seen(wrong):
    contestant = learners.chain_million(batches=8)
    with pytest.raises(Wrong):
        contestant.check(wrong(np.asarray(contestant.call())))


def test_learners_are_held_against_the_mean_and_the_variance_of_their_law(monkeypatch):
    """Of 3 features after n examples: the mass unseen, feature by feature and pair by pair."""
    seen = []
    monkeypatch.setattr(learners, "need_mean", lambda what, *numbers: seen.append(numbers))
    examples, p = [1, 4], np.arange(1.0, 4) ** -2 / (1 + 1 / 4 + 1 / 9)
    masses = np.array([[0.5, 0.25], [0.75, 0.125], [0.25, 0.0]])
    learners._check(3, examples)(masses)
    for i, n in enumerate(examples):
        both = (1 - p[:, None] - p[None, :]).clip(0) ** n
        np.fill_diagonal(both, (1 - p) ** n)
        mean = (p * (1 - p) ** n).sum()
        variance = p @ both @ p - mean**2
        (own, law, deviation, count), (spread, one, of_spread, fewer) = seen[2 * i : 2 * i + 2]
        np.testing.assert_allclose((own, law, deviation, count), (masses[:, i].mean(), mean, np.sqrt(variance), 3))
        assert one == 1.0 and fewer == 2
        np.testing.assert_allclose(spread, np.var(masses[:, i], ddof=1) / variance)
        np.testing.assert_allclose(of_spread, np.sqrt(2))  # of a chi-square over its degrees


def test_masses_are_what_a_kernel_gives_times_its_scale_above_its_offset():
    found = learners._masses(np.arange(6.0).reshape(1, 3, 2), np.array([1.0, 2.0]), np.array([10.0, 100.0]))
    np.testing.assert_array_equal(found, [[1, 102], [21, 302], [41, 502]])


class Member(NamedTuple):
    """Learners whose curves say which they are."""

    numbers: np.ndarray
    LEARNERS = 4

    def curves(self, key):
        return jax.random.uniform(key, (4, 2)) + 0 * self.numbers


@pytest.mark.parametrize("together", [False, True])
def test_every_learner_of_every_batch_is_counted_with_its_items(monkeypatch, together):
    checked, device = [], jax.devices("cpu")[0] if together else None
    monkeypatch.setattr(learners, "_check", lambda size, examples: checked.append)
    built = Member(np.float32(0)), np.array([1.0, 2.0]), np.array([10.0, 100.0])
    contestant = learners._curves(built, 100, [1, 2], 7, 3, device)
    assert contestant.items == 3 * 4 * 7
    assert contestant.clock is (time.perf_counter if device else time.process_time)
    drawn = contestant.call()
    contestant.check(drawn)
    assert np.asarray(drawn).shape == (3, 4, 2) and len(np.unique(drawn)) == 24  # batches have keys of their own
    np.testing.assert_allclose(checked[0], np.asarray(drawn, float).reshape(12, 2) * [10, 100] + [1, 2], rtol=1e-6)
