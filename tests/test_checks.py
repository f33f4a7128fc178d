"""Checks of the checks: their p-values are uniform where nothing is wrong, and small shifts are seen."""

import numpy as np
import pytest
from checks import (
    FALSE_ALARM,
    assert_counts,
    assert_mean,
    assert_proportion,
    assert_same_distribution,
    rejects,
)
from scipy import stats

RUNS = 4000
ZIPF = np.arange(1.0, 41) ** -1.5 / np.sum(np.arange(1.0, 41) ** -1.5)  # skewed: 40 outcomes, the last with 0.2 %


@pytest.fixture
def p_value(monkeypatch):
    """Function (check, *args) -> the p-value that the check judged by."""
    judged = []
    monkeypatch.setattr("checks._judge", lambda _, p: judged.append(p))

    def of(check, *args):
        check(*args)
        return judged.pop()

    return of


def assert_uniform(p_values, wide=0.0):
    """Ten bins of p-values by the binomial law itself, which needs none of the checks; `wide`: allowed extra error."""
    below = np.arange(1, 10) / 10
    share = np.mean(np.asarray(p_values)[:, None] <= below, axis=0)
    bound = stats.norm.isf(FALSE_ALARM / 18) * np.sqrt(below * (1 - below) / len(p_values))
    assert (np.abs(share - below) < bound + wide).all(), share


def test_p_values_of_a_proportion_are_uniform(p_value):
    hits = np.random.default_rng(1).binomial(10**7, 0.3, RUNS)
    assert_uniform([p_value(assert_proportion, x, 10**7, 0.3) for x in hits], wide=1e-3)  # hits are whole numbers


def test_p_values_of_a_mean_are_uniform(p_value):
    means = np.random.default_rng(2).exponential(size=(RUNS, 10_000)).mean(axis=1)
    assert_uniform([p_value(assert_mean, x, 10_000, 1.0, 1.0) for x in means])


def test_p_values_of_counts_are_uniform(p_value):
    counts = np.random.default_rng(3).multinomial(20_000, ZIPF, RUNS)
    assert_uniform([p_value(assert_counts, x, ZIPF) for x in counts])


def test_p_values_of_counts_are_uniform_where_every_cell_expects_the_least_allowed(p_value):
    probabilities = np.full(200, 1 / 200)
    counts = np.random.default_rng(4).multinomial(200 * 25, probabilities, RUNS)
    assert_uniform([p_value(assert_counts, x, probabilities) for x in counts], wide=5e-3)  # counts are whole numbers


@pytest.mark.seldom(1)
@pytest.mark.parametrize("sizes", [(20_000, 20_000), (2_000, 50_000)], ids=str)
def test_p_values_of_two_samples_are_uniform(p_value, sizes):
    rng = np.random.default_rng(5)
    pairs = zip(*(rng.multinomial(size, ZIPF, RUNS) for size in sizes), strict=True)
    assert_uniform([p_value(assert_same_distribution, a, b) for a, b in pairs], wide=5e-3)  # cells chosen by the sample


def test_p_values_are_those_of_scipy(p_value):
    counts = np.random.default_rng(6).multinomial(10**6, ZIPF)
    assert p_value(assert_counts, counts, ZIPF) == pytest.approx(stats.chisquare(counts, 1e6 * ZIPF).pvalue, rel=1e-9)
    assert p_value(assert_proportion, 510, 1000, 0.5) == pytest.approx(stats.binomtest(510, 1000, 0.5).pvalue, rel=1e-9)
    assert p_value(assert_mean, 1.02, 400, 1.0, 0.1) == pytest.approx(2 * stats.norm.sf(4.0), rel=1e-9)
    table = np.array([counts, np.random.default_rng(7).multinomial(10**5, ZIPF)])
    oracle = stats.chi2_contingency(table, correction=False).pvalue
    assert p_value(assert_same_distribution, *table) == pytest.approx(oracle, rel=1e-9)


def test_bonferroni_counts_the_components(p_value):
    assert p_value(assert_mean, np.full(50, 1.02), 400, 1.0, 0.1) == pytest.approx(100 * stats.norm.sf(4.0), rel=1e-9)
    several = p_value(assert_proportion, np.array([510, 500]), 1000, 0.5)
    assert several == pytest.approx(2 * stats.binomtest(510, 1000, 0.5).pvalue, rel=1e-9)


def test_every_check_passes_its_own_law_and_sees_a_shift_of_two_per_cent():
    rng = np.random.default_rng(8)
    hits = rng.binomial(10**6, 0.1, 20)
    assert_proportion(hits, 10**6, 0.1)
    rejects(assert_proportion, hits, 10**6, 0.102)
    means = rng.exponential(size=(3, 10**6)).mean(axis=1)
    assert_mean(means, 10**6, 1.0, 1.0)
    rejects(assert_mean, means, 10**6, np.array([1.0, 1.0, 1.02]), 1.0)
    steeper = np.arange(1.0, 41) ** -1.53 / np.sum(np.arange(1.0, 41) ** -1.53)
    counts, other = rng.multinomial(10**6, ZIPF, 2)
    assert_counts(counts, ZIPF)
    rejects(assert_counts, counts, steeper)
    assert_same_distribution(counts, other)
    rejects(assert_same_distribution, counts, rng.multinomial(10**6, steeper))


def test_an_impossible_outcome_fails():
    assert_counts([500, 500, 0], [0.5, 0.5, 0.0])
    rejects(assert_counts, [500, 499, 1], [0.5, 0.5, 0.0])
    assert_proportion([0, 1000], 1000, [0.0, 1.0])
    rejects(assert_proportion, 1, 10**9, 0.0)
    rejects(assert_proportion, 10**9 - 1, 10**9, 1.0)
    assert_mean(1.0, 1000, 1.0, 0.0)
    rejects(assert_mean, 1.0 + 1e-12, 1000, 1.0, 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_fails(bad):
    rejects(assert_proportion, bad, 1000, 0.5)
    rejects(assert_proportion, 500, 1000, bad)
    rejects(assert_proportion, [500, 500], 1000, [0.5, bad])
    for position in range(4):
        args = [1.0, 1000, 1.0, 1.0]
        args[position] = bad
        if (position, bad) != (1, np.inf):  # infinitely many draws that agree are no error
            rejects(assert_mean, *args)
    rejects(assert_mean, [1.0, bad], 1000, [1.0, bad], 1.0)
    rejects(assert_counts, [500, 500, bad], [0.4, 0.4, 0.2])
    rejects(assert_counts, [500, 500], [0.5, bad])
    rejects(assert_same_distribution, [500, 500], [500, bad])


def test_probabilities_that_do_not_sum_to_one_fail():
    rejects(assert_counts, [500, 500], [0.5, 0.499])


def test_a_check_of_nothing_is_an_error_and_no_rejection():
    with pytest.raises(ValueError, match="too few draws"):
        rejects(assert_counts, [5, 5], [0.5, 0.5])
    with pytest.raises(ValueError, match="shapes"):
        rejects(assert_counts, [5, 5], [1.0])
    with pytest.raises(ValueError, match="too few draws"):
        rejects(assert_same_distribution, [1000, 0], [1000, 0])
    with pytest.raises(ValueError, match="nothing"):
        rejects(assert_mean, [], 1, 1.0, 1.0)


def test_a_blind_negative_control_fails():
    with pytest.raises(AssertionError, match="assert_mean is blind"):
        rejects(assert_mean, 1.0, 100, 1.0, 1.0)


def test_messages_name_statistic_p_value_and_bound():
    with pytest.raises(AssertionError, match=r"z = 10\.00, component 1 of 2: p = 3\.\d+e-23, bound 1e-06"):
        assert_mean([0.0, 1.0], 100, 0.0, 1.0)
    with pytest.raises(AssertionError, match=r"proportion 900/1000 against 0\.5.*p = .*bound"):
        assert_proportion(900, 1000, 0.5)
    with pytest.raises(AssertionError, match=r"chi-square 640\.0 in 2 cells, worst 900 against 500\.0 .*p = .*bound"):
        assert_counts([900, 100], [0.5, 0.5])
