"""How many problems succeed always, often, or never: against every outcome, closed forms and simulation."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from sim.calibration import mixtures, prediction, quantities
from sim.laws import coverage
from tests import checks

ALPHA, BETA = 5.0, 0.35


def law(alpha=ALPHA, beta=BETA, ceiling=1.0):
    """Weights of a Beta law, [1, 1 + cells]."""
    theta = [np.log(beta), np.log(alpha)] + ([np.log(1 / ceiling - 1)] if ceiling < 1 else [])
    return mixtures.beta(np.array([theta]))


def posterior(*laws, share=None):
    """So many laws, each in 1000 draws."""
    weight = np.full(len(laws), 1 / len(laws)) if share is None else np.array(share)
    return SimpleNamespace(weight=np.repeat(weight / 1000, 1000), mixing=np.repeat(np.concatenate(laws), 1000, axis=0))


@pytest.mark.parametrize(("alpha", "beta"), [(5.0, 0.35), (0.4, 3.0)])
def test_the_mean_of_s_to_the_k_is_the_law_of_reliability(alpha, beta):
    ks = np.array([0, 1, 2, 10, 100])
    np.testing.assert_allclose(
        law(alpha, beta)[0] @ quantities.reliable(ks), coverage.reliability(ks, alpha, beta), rtol=2e-4
    )


def test_of_problems_with_counts_it_is_that_of_the_conjugate_law():
    """Beta(beta + c, alpha + m - c); 40,000 draws of 5 and 7 problems."""
    mixing = np.repeat(law(2.0, 0.8), 40_000, axis=0)
    likelihood = mixtures.of_counts(np.repeat([3.0, 8.0], [5, 7]), np.repeat([1.0, 6.0], [5, 7]))
    lie = quantities.of_these(mixing, likelihood, np.random.default_rng(0))
    ks = np.array([1, 3])
    moments = [[size * coverage.reliability(p * ks, 2.0 + m - c, 0.8 + c) for size, m, c in ((5, 3, 1), (7, 8, 6))]
               for p in (1, 2)]  # fmt: skip
    first, second = (sum(each) for each in moments)
    variance = second - sum(each**2 / size for each, size in zip(moments[0], (5, 7), strict=True))
    mean = (lie @ quantities.reliable(ks)).mean(axis=0)
    checks.assert_mean(mean, 40_000, first, np.sqrt(variance))
    checks.rejects(checks.assert_mean, mean, 40_000, 1.01 * first, np.sqrt(variance))


def test_what_never_failed_in_ever_so_many_attempts_goes_on_so():
    likelihood = mixtures.of_counts(np.full(9, 1e12), np.full(9, 1e12))
    found = quantities.quantities(posterior(law()), likelihood, np.array([1.0, 1e9]))
    assert (found.reliability.these == 1).all() and (found.never.these == 0).all()


def enumerated(above):
    """Probabilities [4, 4] of how many of three problems are above both of two values; above: chances of each."""
    probabilities = np.zeros((4, 4))
    for levels in itertools.product((0, 1, 2), repeat=3):  # of each problem, above how many of both it is
        each = [(1 - q[0], q[0] - q[1], q[1])[level] for q, level in zip(above, levels, strict=True)]
        probabilities[sum(level >= 1 for level in levels), sum(level == 2 for level in levels)] += np.prod(each)
    return probabilities


@pytest.mark.parametrize("kind", ["these", "new"])
def test_numbers_of_problems_come_as_often_as_enumerated(kind):
    """Three problems, two of them alike: how many have s >= 0.07, and how many s >= 0.5. Chances 3 % off are seen."""
    likelihood = mixtures.of_counts(np.array([3.0, 3, 8]), np.array([1.0, 1, 6]))
    counts = [(3, 1), (3, 1), (8, 6)] if kind == "these" else [(0, 0)] * 3
    above = np.array([stats.beta(0.8 + c, 2.0 + m - c).sf((0.07, 0.5)) for m, c in counts])
    generator, mixing = np.random.default_rng(0), np.repeat(law(2.0, 0.8), 40_000, axis=0)
    lie = {"these": quantities.of_these, "new": quantities.of_new}[kind](mixing, likelihood, generator)
    drawn = [quantities.at_least(tau, lie, generator).astype(int) for tau in (0.07, 0.5)]
    found = np.zeros((4, 4))
    np.add.at(found, tuple(drawn), 1)
    checks.assert_counts(found, enumerated(above))
    checks.rejects(checks.assert_counts, found, enumerated(0.97 * above))


def test_numbers_of_very_many_problems_spread_as_their_counts_allow():
    """2100 in three groups, of which counts leave much or little; a variance 15 % larger, or of one group, is seen."""
    groups, generator = ((20, 0), (20, 3), (400, 300)), np.random.default_rng(3)
    likelihood = mixtures.of_counts(*np.repeat(np.array(groups, float), 700, axis=0).T)
    mixing = np.repeat(law(), 4000, axis=0)
    lie = quantities.of_these(mixing, likelihood, generator)
    assert (lie.sum(axis=1) == 2100).all() and (lie == np.round(lie)).all()
    chance = np.array([stats.beta(BETA + c, ALPHA + m - c).sf(0.1) for m, c in groups])
    mean, variance = 700 * chance.sum(), 700 * (chance * (1 - chance)).sum()
    drawn = quantities.at_least(0.1, lie, generator)
    checks.assert_mean(drawn.mean(), 4000, mean, 1.1 * np.sqrt(variance))
    square = ((drawn - drawn.mean()) ** 2).mean()
    checks.assert_mean(square, 4000, variance, np.sqrt(2) * variance)
    checks.rejects(checks.assert_mean, square, 4000, 1.15 * variance, np.sqrt(2) * variance)
    alike = 2100 * chance.mean() * (1 - chance.mean())
    checks.rejects(checks.assert_mean, square, 4000, alike, np.sqrt(2) * alike)


def test_pass_at_k_is_the_share_above_tau_averaged_over_a_beta_law_of_tau():
    """pass@k = E[cover(tau)], tau ~ Beta(1, k) (Dragoi et al. 2025), at one draw of 10^7 problems."""
    generator = np.random.default_rng(4)
    lie = generator.multinomial(10**7, law(0.8, 0.5)) / 1.0
    for k in (1, 5):
        nodes, weights = np.polynomial.legendre.leggauss(60)
        tau = (1 + nodes) / 2
        cover = np.array([quantities.at_least(t, lie, generator)[0] for t in tau]) / 1e7
        mean = (weights / 2 * cover * k * (1 - tau) ** (k - 1)).sum()
        assert mean == pytest.approx((lie @ mixtures.reach([k]))[0, 0] / 1e7, abs=1e-3)


def test_a_problem_that_was_solved_is_within_reach_and_the_others_as_the_law_says():
    """P(never | no success in m) = (1 - A) / (1 - A + A L(m)); their number is binomial."""
    likelihood = mixtures.of_counts(np.full(20, 50.0), np.repeat([0.0, 2.0], [12, 8]))
    q = 0.3 / (0.3 + 0.7 * coverage.inference_loss(50, ALPHA, BETA))
    mixing = np.repeat(law(ceiling=0.7), 40_000, axis=0)
    for of, number, chance in ((quantities.of_these, 12, q), (quantities.of_new, 20, 0.3)):
        never = of(mixing, likelihood, np.random.default_rng(1))[:, 0].astype(int)
        assert never.max() <= number
        own = stats.binom(number, chance).pmf(np.arange(21))
        checks.assert_counts(np.bincount(never, minlength=21), own)
        wrong = stats.binom(number, chance + 0.02).pmf(np.arange(21))
        checks.rejects(checks.assert_counts, np.bincount(never, minlength=21), wrong)


def test_draws_of_the_law_are_mixed_by_their_weight():
    """Of 40 new problems never 0.1 with a weight of 0.8, 0.5 with one of 0.2: quantiles to 2 % of their level."""
    both = posterior(law(ceiling=0.9), law(ceiling=0.5), share=(0.8, 0.2))
    likelihood = mixtures.of_counts(np.full(40, 100.0), np.ones(40))
    found = quantities.quantities(both, likelihood, np.ones(1)).never
    assert not found.these.any()
    mixed = 0.8 * stats.binom(40, 0.1).cdf(np.arange(41)) + 0.2 * stats.binom(40, 0.5).cdf(np.arange(41))
    for level, share in zip(prediction.LEVELS, found.new[0], strict=True):
        number = round(40 * share)
        assert mixed[number] >= level - 0.02 and (number == 0 or mixed[number - 1] <= level + 0.02)


def test_ranks_of_these_problems_among_what_is_drawn_for_them_are_uniform():
    """Mean s^3 of the problems of 400 pilots of a known law; that of the likeliest s, c/m, is seen to be another."""
    ranks, others, cube = [], [], quantities.reliable([3])[:, 0]
    for number in range(400):
        generator = np.random.default_rng([number, 7])
        success = generator.beta(1.5, 0.8, 40)
        solved = generator.binomial(10, success).astype(float)
        likelihood = mixtures.of_counts(np.full(40, 10.0), solved)
        drawn = quantities.of_these(np.repeat(law(0.8, 1.5), 200, axis=0), likelihood, generator) @ cube
        for values, kept in ((success, ranks), (solved / 10, others)):
            kept.append((drawn < (values**3).sum()).mean())
    count = lambda kept: np.histogram(kept, 8, (0, 1.001))[0]  # noqa: E731
    checks.assert_counts(count(ranks), np.full(8, 1 / 8))
    checks.rejects(checks.assert_counts, count(others), np.full(8, 1 / 8))


def test_quantiles_are_in_order_shares_whole_problems_and_new_ones_less_certain():
    generator = np.random.default_rng(5)
    likelihood = mixtures.of_counts(np.full(37, 60.0), generator.binomial(60, generator.beta(BETA, ALPHA, 37)))
    theta = np.log([BETA, ALPHA]) + 0.3 * generator.normal(size=(1000, 2))
    own = SimpleNamespace(weight=np.full(1000, 1e-3), mixing=mixtures.beta(theta))
    ks = np.array([1.0, 5, 60, 1e4])
    found, again = (quantities.quantities(own, likelihood, ks) for _ in range(2))
    for one, same in zip(itertools.chain(*found), itertools.chain(*again), strict=True):
        np.testing.assert_array_equal(one, same)
        assert (np.diff(one, axis=1) >= 0).all() and (one >= 0).all() and (one <= 1).all()
    for one in (*found.cover, *found.never):
        np.testing.assert_allclose(37 * one, np.round(37 * one), atol=1e-9)
    for side in found.reliability:
        assert side.shape == (4, 5) and (np.diff(side, axis=0) <= 0).all()  # more attempts never all succeed more often
    for side in found.cover:
        assert side.shape == (5, 5) and (np.diff(side, axis=0) >= 0).all()  # SUCCESS falls
    width = lambda told: np.ptp(told[:, [0, -1]], axis=1)  # noqa: E731
    assert (width(found.reliability.new)[:2] > 1.5 * width(found.reliability.these)[:2]).all()
    assert width(found.cover.new)[1] > 1.5 * width(found.cover.these)[1]  # s >= 0.1, which 60 attempts tell well
