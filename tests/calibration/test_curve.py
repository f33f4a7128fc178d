"""The curve of a pilot, by rule of stopping; published fits on curves that they are exact for."""

import itertools

import numpy as np
import pytest
from scipy import optimize, special

from sim.calibration import calibrate, curve, mixtures, published
from sim.pilot.pilot import Pilot, Stopping
from tests import checks

KS = np.unique(np.round(np.geomspace(1, 1000, 40)))


def stopped(generator, problems, cap, batch=1):
    """Attempts and success of problems that are tried in batches until one succeeds, or to the cap."""
    success = generator.beta(0.35, 5.0, problems)
    first = generator.geometric(np.maximum(success, 1e-12))
    attempts = np.minimum(-(-first // batch) * batch, cap).astype(float)
    return attempts, (first <= cap).astype(float)


def of(attempts, successes, kind="fixed", batch=1, cap=None):
    return Pilot("a", [str(i) for i in range(len(attempts))], attempts, successes, stopping=Stopping(kind, batch, cap))


def test_a_fixed_pilot_shows_unbiased_pass_at_k():
    seen = curve.observed(of(np.full(3, 20.0), np.array([2.0, 0, 20])))
    assert seen.attempts[-1] == 20
    assert seen.value[list(seen.attempts).index(5)] == pytest.approx((0.447368421053 + 0 + 1) / 3)


def test_attempts_that_end_with_success_show_the_share_solved_by_then():
    """Against the law at 1 to 100 attempts; the unbiased estimator, which does not know of the rule, is far off."""
    attempts, solved = stopped(np.random.default_rng(0), 20000, 100)
    seen = curve.observed(of(attempts, solved, "first_success", cap=100))
    law = 1 - np.exp(special.betaln(5 + seen.attempts, 0.35) - special.betaln(5, 0.35))
    checks.assert_proportion(seen.value * 20000, 20000, law)
    np.testing.assert_allclose(seen.stderr, np.sqrt(law * (1 - law) / 20000), rtol=0.1)
    with pytest.raises(AssertionError):
        checks.assert_proportion(np.round((solved / attempts).sum()), 20000, law[0])


def test_the_likelihood_knows_batches():
    attempts, solved = stopped(np.random.default_rng(1), 300, 600, 60)
    found = curve.likelihood(of(attempts, solved, "batches", 60, 600))
    np.testing.assert_array_equal(found.kernel, mixtures.of_batches(attempts, solved > 0, 60).kernel)
    counted = curve.likelihood(of(attempts, np.where(solved > 0, 2.0, 0.0), "batches", 60, 600))
    assert counted.kernel.shape == found.kernel.shape and not np.array_equal(counted.kernel, found.kernel)


def test_the_line_is_exact_for_its_own_curve():
    np.testing.assert_allclose(
        published.line(KS, np.exp(-4 * KS**-0.3), [1e4, 1e6]), np.exp(-4 * np.array([1e4, 1e6]) ** -0.3)
    )


def test_the_exponential_of_a_power_is_exact_for_its_own_curve():
    found = published.exponential_power(KS, np.exp(-4 * KS**-0.3), [1e4])
    assert found == pytest.approx(np.exp(-4 * 1e4**-0.3), rel=1e-5)


def test_the_ceiling_law_is_exact_for_its_own_curve():
    law = lambda k: 0.7 * (1 - np.exp(special.betaln(5 + k, 0.35) - special.betaln(5, 0.35)))  # noqa: E731
    assert published.ceiling_law(KS, law(KS), [1e4]) == pytest.approx(law(1e4), rel=1e-4)


def test_a_curve_without_points_between_0_and_1_has_no_line():
    assert np.isnan(published.line(KS, np.zeros(len(KS)), [10.0])).all()
    assert (published.line(KS, np.ones(len(KS)), [10.0]) == 1).all()


def test_the_free_mixture_is_likelier_than_any_law():
    generator = np.random.default_rng(2)
    counts = generator.binomial(100, generator.beta(0.35, 5.0, 100)).astype(float)
    likelihood = mixtures.of_counts(np.full(100, 100.0), counts)
    free = published.free_mixture(likelihood, np.eye(likelihood.kernel.shape[1]))
    beta = calibrate.counted(*calibrate.COUNTED["zero-inflated beta-binomial"], likelihood)
    assert free.sum() == pytest.approx(1)
    assert mixtures.log_likelihood(free[None], likelihood)[0] > mixtures.log_likelihood(beta[None], likelihood)[0]


def test_the_plug_in_is_what_it_says():
    assert published.plug_in(np.array([10.0, 10]), np.array([1.0, 0]), np.array([2.0])) == pytest.approx(0.19 / 2)


def test_laws_fitted_to_counts_are_as_likely_as_a_simplex_finds_them():
    """And a law fitted with one start alone would be seen where all problems are easy."""
    generator = np.random.default_rng(3)
    counts = generator.binomial(100, generator.beta(3.0, 0.5, 80)).astype(float)
    likelihood = mixtures.of_counts(np.full(80, 100.0), counts)
    value = lambda weights: mixtures.log_likelihood(np.atleast_2d(weights), likelihood)[0]  # noqa: E731
    for law, starts in calibrate.COUNTED.values():
        best = max(
            -optimize.minimize(lambda theta, law=law: -value(law(theta[None])), start, method="Nelder-Mead").fun
            for start in starts
        )
        assert value(calibrate.counted(law, starts, likelihood)) > best - 1
    law, starts = calibrate.COUNTED["scaled Kumaraswamy"]
    assert (
        value(calibrate.counted(law, starts[:1], likelihood)) < value(calibrate.counted(law, starts, likelihood)) - 10
    )


def test_what_a_pilot_shows_at_k_is_exact_there_and_nothing_beyond_its_fewest_attempts():
    """By all choices of k of the attempts; 6 attempts at one problem, 9 and 12 at the others."""
    made, won = (6, 9, 12), (2, 0, 7)
    ks = np.array([1, 2, 4, 6, 7, 12])
    seen = curve.shown(of(np.array(made, float), np.array(won, float)), ks)
    for k, value, stderr in zip(ks, seen.value, seen.stderr, strict=True):
        if k > 6:
            assert np.isnan([value, stderr]).all()
            continue
        each = [
            np.mean([any(one) for one in itertools.combinations([1] * c + [0] * (m - c), int(k))])
            for m, c in zip(made, won, strict=True)
        ]
        assert value == pytest.approx(np.mean(each)) and stderr == pytest.approx(np.std(each, ddof=1) / np.sqrt(3))


def test_where_attempts_end_with_success_something_is_shown_at_the_ends_only():
    attempts, solved = stopped(np.random.default_rng(0), 200, 100)
    own = of(attempts, solved, "first_success", cap=100)
    seen, whole = curve.shown(own, np.array([1, 100, 101])), curve.observed(own)
    assert seen.value[:2] == pytest.approx(whole.value[[0, -1]]) and seen.stderr[1] == whole.stderr[-1]
    assert np.isnan(seen.value[2])
