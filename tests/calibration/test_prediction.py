"""Shares of problems that are predicted: by enumeration, on a lattice, whatever else is asked for."""

import itertools

import numpy as np
import pytest
from scipy import stats

from sim.calibration import mixtures, prediction
from sim.judging import estimators
from tests import checks, known

ALPHA, BETA = 5.0, 0.35


def law(alpha=ALPHA, beta=BETA, never=0.0):
    weights = mixtures.beta(np.log([[beta, alpha]]))[0] * (1 - never)
    weights[0] += never
    return weights


def many(*laws, draws=4000):
    """So many draws of laws, in turn."""
    return known.posterior(*(laws[i % len(laws)] for i in range(draws)))


UNEQUAL = mixtures.of_counts(np.array([3.0, 3, 3, 8, 40]), np.array([1.0, 1, 1, 6, 0]))  # groups of 3, 1 and 1


def enumerated(chances):
    """Distribution of how many of problems with these chances succeed, [1 + problems], outcome by outcome."""
    found = np.zeros(len(chances) + 1)
    for outcome in itertools.product((0, 1), repeat=len(chances)):
        found[sum(outcome)] += np.prod([p if won else 1 - p for p, won in zip(chances, outcome, strict=True)])
    return found


def test_shares_of_these_problems_come_as_often_as_enumerated():
    """Groups of unequal size: one that counts each group once is seen."""
    reach = mixtures.reach([7.0])[:, 0]
    chances = [UNEQUAL.kernel[row] * law() @ reach / (UNEQUAL.kernel[row] @ law()) for row in UNEQUAL.row]
    drawn = np.round(5 * prediction.shares(many(law()), UNEQUAL, reach[:, None])[:, 0]).astype(int)
    checks.assert_counts(np.bincount(drawn, minlength=6), enumerated(chances))
    once = [chances[int(np.flatnonzero(UNEQUAL.row == row)[0])] for row in range(3)]
    checks.rejects(checks.assert_counts, np.bincount(drawn, minlength=6), np.pad(enumerated(once), (0, 2)))


def test_weights_count_problems_one_by_one():
    weights = np.array([0.5, 0.5, 0.25, 3.0, 0.75])
    always = prediction.shares(many(law(), draws=3), UNEQUAL, np.ones((len(law()), 1)), weights)
    assert always == pytest.approx(np.ones((3, 1)))
    drawn = prediction.shares(many(law()), UNEQUAL, mixtures.reach([7.0]), weights)[:, 0]
    reach = mixtures.reach([7.0])[:, 0]
    chances = np.array([UNEQUAL.kernel[row] * law() @ reach / (UNEQUAL.kernel[row] @ law()) for row in UNEQUAL.row])
    deviation = np.sqrt((weights**2 * chances * (1 - chances)).sum()) / 5
    checks.assert_mean(drawn.mean(), len(drawn), weights @ chances / 5, deviation)
    checks.rejects(checks.assert_mean, drawn.mean(), len(drawn), chances.mean(), deviation)
    checks.assert_mean(((drawn - weights @ chances / 5) ** 2).mean(), len(drawn), deviation**2, deviation**2 * 2)


def test_new_problems_are_binomial():
    drawn = np.round(9 * prediction.new_shares(many(law()), mixtures.reach([7.0]), 9)[:, 0]).astype(int)
    own = stats.binom(9, law() @ mixtures.reach([7.0])[:, 0]).pmf(np.arange(10))
    checks.assert_counts(np.bincount(drawn, minlength=10), own)
    assert prediction.new_shares(many(law(), draws=2), mixtures.reach([7.0]))[0, 0] == pytest.approx(
        law() @ mixtures.reach([7.0])[:, 0]
    )


def test_a_share_of_ten_problems_is_a_multiple_of_a_tenth():
    likelihood = mixtures.of_counts(np.full(10, 20.0), np.arange(10.0))
    ks = np.array([1.0, 10, 300])
    for found in (prediction.these(many(law()), likelihood, ks), prediction.new(many(law()), ks, 10)):
        np.testing.assert_allclose(10 * found.quantiles, np.round(10 * found.quantiles), atol=1e-9)
        assert (found.median == found.quantiles[:, 2]).all()


def test_what_is_said_of_k_does_not_depend_on_what_else_is_asked_and_never_falls():
    likelihood = mixtures.of_counts(np.full(60, 50.0), np.repeat([0.0, 3, 20], 20))
    posterior, ks = many(law(), law(never=0.3), draws=500), np.geomspace(1, 1e6, 30)
    for of in (
        lambda k: prediction.these(posterior, likelihood, k),
        lambda k: prediction.new(posterior, k, 60),
    ):
        found = of(ks)
        assert (np.diff(found.quantiles, axis=0) >= 0).all() and (np.diff(found.quantiles, axis=1) >= 0).all()
        np.testing.assert_array_equal(of(ks[[3, 17]]).quantiles, found.quantiles[[3, 17]])


def test_a_problem_with_known_law_has_its_golden_posterior():
    """Failure Beta(5, .35), 97 failures and 3 successes, k = 50: .733888730506."""
    likelihood = mixtures.of_counts(np.full(7, 100.0), np.full(7, 3.0))
    drawn = prediction.shares(many(law()), likelihood, mixtures.reach([50.0]))[:, 0]
    golden = 0.733888730506
    checks.assert_proportion(np.round(7 * drawn).sum(), 7 * len(drawn), golden)
    checks.rejects(checks.assert_proportion, np.round(7 * drawn).sum(), 7 * len(drawn), golden - 0.02)


@pytest.mark.parametrize("problems", [1999, 2001])
def test_very_many_problems_are_as_normal_as_the_sum_of_them(problems):
    likelihood = mixtures.of_counts(np.full(problems, 20.0), np.where(np.arange(problems) % 2, 0.0, 3.0))
    drawn = prediction.shares(many(law(), draws=1000), likelihood, mixtures.reach([30.0]))[:, 0]
    reach = mixtures.reach([30.0])[:, 0]
    chance = np.array([kernel * law() @ reach / (kernel @ law()) for kernel in likelihood.kernel])
    share = likelihood.problems / problems
    deviation = np.sqrt((share * chance * (1 - chance)).sum() / problems)
    checks.assert_mean(drawn.mean(), 1000, share @ chance, deviation)
    pulls = (drawn - share @ chance) / deviation
    checks.assert_mean((pulls**2).mean(), 1000, 1.0, np.sqrt(2))
    checks.rejects(checks.assert_mean, (pulls**2).mean(), 1000, 0.5, np.sqrt(2))


@pytest.mark.parametrize("problems", [2000, 2001])
def test_very_many_new_problems_are_as_normal_as_the_sum_of_them(problems):
    drawn = prediction.new_shares(many(law(), draws=1000), mixtures.reach([30.0]), problems)[:, 0]
    np.testing.assert_allclose(problems * drawn, np.round(problems * drawn), atol=1e-6)
    chance = law() @ mixtures.reach([30.0])[:, 0]
    deviation = np.sqrt(chance * (1 - chance) / problems)
    checks.assert_mean(drawn.mean(), 1000, chance, deviation)
    checks.rejects(checks.assert_mean, drawn.mean(), 1000, chance + deviation / 4, deviation)
    pulls = ((drawn - chance) / deviation) ** 2
    checks.assert_mean(pulls.mean(), 1000, 1.0, np.sqrt(2))


@pytest.mark.parametrize("problems", [1998, 2001])
def test_what_more_attempts_at_very_many_problems_will_show_has_the_spread_of_all_of_them(problems):
    """Drawn one by one up to 2000, normal beyond: unbiased pass@5 from 40 more attempts, by all counts of a problem."""
    likelihood = mixtures.of_counts(np.full(problems, 20.0), np.repeat([0.0, 3, 19], problems // 3))
    counts, success = np.arange(41), np.append(0.0, np.exp(mixtures.LOG_SUCCESS))
    solved = estimators.pass_at_k([5], np.full(41, 40.0), counts.astype(float))[0]
    mean = variance = 0.0
    for kernel in likelihood.kernel:
        chance = stats.binom.pmf(counts[:, None], 40, success) @ (kernel * law()) / (kernel @ law())
        mean, variance = mean + chance @ solved / 3, variance + (chance @ solved**2 - (chance @ solved) ** 2) / 3
    deviation = np.sqrt(variance / problems)
    found = prediction.measured(many(law(), draws=1000), likelihood, np.array([5.0]), 40)
    checks.assert_mean(found.mean[0], 1000, mean, deviation)
    checks.rejects(checks.assert_mean, found.mean[0], 1000, mean + deviation / 4, deviation)
    ends = stats.norm(mean, deviation).ppf(prediction.LEVELS)
    np.testing.assert_allclose(found.quantiles[0], ends, atol=0.2 * deviation)  # of 1000 draws: 7 standard errors


def test_the_number_of_problems_that_are_drawn_one_by_one_is_no_seam():
    """Quantiles at 1999 problems and at 2001 with the same counts: nearer than a quarter of their width."""
    posterior, ks = many(law(), law(2.0, 0.6), draws=1000), np.array([1.0, 30, 1000])
    for of in (
        lambda likelihood: prediction.these(posterior, likelihood, ks),
        lambda likelihood: prediction.new(posterior, ks, len(likelihood.row)),
    ):
        below, above = (
            of(mixtures.of_counts(np.full(number, 20.0), np.arange(number) % 4.0)).quantiles for number in (1999, 2001)
        )
        assert (np.abs(below - above) < 0.25 * np.ptp(below, axis=1, keepdims=True)).all()


def test_what_more_attempts_will_show_is_enumerated():
    """Unbiased pass@2 from 4 more attempts at 3 problems, by all counts of each."""
    likelihood = mixtures.of_counts(np.array([3.0, 3, 8]), np.array([1.0, 1, 6]))
    counts = np.arange(5)
    solved = estimators.pass_at_k([2], np.full(5, 4.0), counts.astype(float))[0]
    chance = []
    for row in likelihood.row:
        own = likelihood.kernel[row] * law()
        success = np.append(0.0, np.exp(mixtures.LOG_SUCCESS))
        chance.append(stats.binom.pmf(counts[:, None], 4, success) @ own / own.sum())
    expected = sum(each @ solved for each in chance) / 3
    variance = sum(each @ solved**2 - (each @ solved) ** 2 for each in chance) / 9
    found = prediction.measured(many(law(), draws=20_000), likelihood, np.array([2.0]), 4)
    checks.assert_mean(found.mean[0], 20_000, expected, np.sqrt(variance))
    checks.rejects(checks.assert_mean, found.mean[0], 20_000, 1.05 * expected, np.sqrt(variance))
    # As many as all attempts that are counted: the same as will be solved.
    these = prediction.these(many(law(), draws=20_000), likelihood, np.array([4.0]))
    whole = prediction.measured(many(law(), draws=20_000), likelihood, np.array([4.0]), 4)
    np.testing.assert_allclose(these.quantiles, whole.quantiles, atol=0.34)


def test_success_probabilities_of_a_problem_are_those_of_the_conjugate_law():
    likelihood = mixtures.of_counts(np.array([8.0]), np.array([6.0]))
    mixed = many(law(2.0, 0.8), draws=4000)
    found = prediction.success(mixed, likelihood.kernel[0], 1, np.random.default_rng(0))
    edges = np.linspace(0, 1, 9)
    own = np.diff(stats.beta(0.8 + 6, 2.0 + 2).cdf(edges))
    checks.assert_counts(np.histogram(found, edges)[0], own)
    checks.rejects(checks.assert_counts, np.histogram(found, edges)[0], np.diff(stats.beta(6.3, 4.5).cdf(edges)))


def test_new_problems_are_less_certain_than_these():
    likelihood = mixtures.of_counts(
        np.full(60, 400.0), np.round(400 * stats.beta(BETA, ALPHA).ppf(np.linspace(0.01, 0.99, 60)))
    )
    width = lambda interval: np.ptp(interval.quantiles[0, [0, 4]])  # noqa: E731
    ks = np.array([100.0])
    assert width(prediction.new(many(law()), ks, 60)) > 1.5 * width(prediction.these(many(law()), likelihood, ks))
