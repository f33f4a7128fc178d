"""Answers chosen by votes and by scores."""

import numpy as np
import pytest
from agreements.tables import BUDGET, LEVI, meets
from checks import assert_mean, rejects

from sim.draw import simulate
from sim.laws import voting
from sim.samplers.selection import selection


def choose(wrong, shift=2.0, attempts=np.array([1, 2, 3, 5, 12, 50, 300, 1e4, 1e6])):  # noqa: B008
    """Means of 1024 problems each, right by votes and by exponential and Gaussian scores [means, k]; endless votes."""
    kernel = selection(LEVI.sampler(), attempts, wrong, shift)
    drawn = simulate.curves(1, f"choose {wrong}", kernel, 32, BUDGET)
    _, votes, exponential, gaussian, endless = np.split(drawn, len(attempts) * np.arange(1, 5), axis=1)
    return attempts, votes, exponential, gaussian, endless[:, 0]


def of_shares(means, law):
    """A mean of means of 1024 problems each, right or wrong, as assert_mean wants it."""
    return means.mean(), 1024 * len(means), law, np.sqrt(law * (1 - law))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("wrong", [1, 4])
def test_votes_end_where_the_right_answer_is_the_most_likely_and_on_hard_problems_they_do_harm(wrong):
    attempts, votes, *_, endless = choose(wrong)
    law = lambda alpha, m: voting.plurality_mean(attempts, alpha, 0.35, m)  # noqa: E731
    assert meets(votes, law(5, wrong))
    assert not meets(votes, law(5.25, wrong)) and not meets(votes, law(5, wrong + 1))
    for last in (votes[:, -1], endless):  # a million votes are as good as endless ones
        assert_mean(*of_shares(last, voting.plurality_limit(5, 0.35, wrong)))
        rejects(assert_mean, *of_shares(last, voting.plurality_limit(5.25, 0.35, wrong)))
    single, dozen = (votes[:, attempts == k][:, 0] for k in (1, 12))
    rejects(assert_mean, *of_shares(dozen, single.mean()))
    assert dozen.mean() < single.mean()


@pytest.mark.seldom(0)
def test_the_best_of_exponential_scores_levels_off_and_that_of_gaussian_ones_does_not():
    attempts, _, exponential, gaussian, _ = choose(4)
    problems = LEVI.problems()
    success = np.exp(problems.log_success)
    of_exponential = lambda mu: voting.best_exponential(attempts, success, mu) @ problems.weight  # noqa: E731
    of_gaussian = lambda mu: voting.best_gaussian_mean(attempts, success, problems.weight, mu)  # noqa: E731
    assert meets(exponential, of_exponential(2.0)) and meets(gaussian, of_gaussian(2.0))
    assert not meets(exponential, of_exponential(2.1)) and not meets(gaussian, of_gaussian(2.1))
    assert not meets(exponential, of_gaussian(2.0))
    assert_mean(*of_shares(exponential[:, -1], voting.best_exponential_ceiling(5, 0.35, 2.0)))
    rejects(assert_mean, *of_shares(exponential[:, -1], voting.best_exponential_ceiling(5, 0.35, 2.1)))
    assert np.all(np.diff(gaussian.mean(axis=0)) > 0) and gaussian[:, -1].mean() > 3 * exponential[:, -1].mean()
