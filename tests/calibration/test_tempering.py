"""Draws by tempering: against a conjugate normal, two modes, and how far apart repeated runs are."""

import numpy as np
from scipy import stats

from sim.calibration import tempering
from tests import checks

CENTRE, SPREAD = np.array([3.0, -2.0, 0.5]), np.array([0.2, 1.0, 0.05])


def normal(points):
    """Log likelihood of data that are normal about the points."""
    return stats.norm.logpdf(CENTRE, points, SPREAD).sum(axis=1)


def runs(log_likelihood, size, number=40, points=200):
    return [
        tempering.draws(log_likelihood, size, points, 6, np.random.default_rng([seed, size])) for seed in range(number)
    ]


def test_a_normal_likelihood_has_its_conjugate_moments_and_evidence():
    """Mean c / (1 + s^2), variance s^2 / (1 + s^2), evidence N(c; 0, 1 + s^2); a mean half a deviation off is seen."""
    found = runs(normal, 3)
    mean, variance = CENTRE / (1 + SPREAD**2), SPREAD**2 / (1 + SPREAD**2)
    means = np.array([one.points.mean(axis=0) for one in found])
    # Runs are independent, whatever points of one run are: the scatter of their means is their error.
    error = means.std(axis=0, ddof=1)
    assert (error < 3 * np.sqrt(variance / 200)).all()
    checks.assert_mean(means.mean(axis=0), len(found), mean, 1.2 * error)
    checks.rejects(checks.assert_mean, means.mean(axis=0), len(found), mean + 0.5 * np.sqrt(variance), 1.2 * error)
    squares = np.array([((one.points - mean) ** 2).mean(axis=0) for one in found])
    checks.assert_mean(squares.mean(axis=0), len(found), variance, 1.2 * squares.std(axis=0, ddof=1))
    evidence = stats.norm.logpdf(CENTRE, 0, np.sqrt(1 + SPREAD**2)).sum()
    ratio = np.exp([one.log_evidence - evidence for one in found])
    checks.assert_mean(ratio.mean(), len(found), 1.0, 1.2 * ratio.std(ddof=1))
    checks.rejects(checks.assert_mean, ratio.mean(), len(found), 3.0, 1.2 * ratio.std(ddof=1))


def test_two_modes_keep_their_shares():
    """One with three times the mass of the other, far apart."""

    def both(points):
        x = points[:, 0]
        return np.logaddexp(np.log(0.75) + stats.norm.logpdf(x, -2, 0.1), np.log(0.25) + stats.norm.logpdf(x, 2, 0.1))

    shares = np.array([(one.points[:, 0] < 0).mean() for one in runs(both, 2)])
    checks.assert_mean(shares.mean(), len(shares), 0.75, 1.2 * shares.std(ddof=1))
    checks.rejects(checks.assert_mean, shares.mean(), len(shares), 0.5, 1.2 * shares.std(ddof=1))


def test_far_in_the_tail_of_the_prior_there_are_draws_enough():
    def far(points):
        return stats.norm.logpdf(points[:, 0], 9.0, 0.05)

    found = runs(far, 4, number=5)
    assert all(one.effective > 50 and one.powers > 3 for one in found)
    assert all(abs(one.points[:, 0].mean() - 9 / (1 + 0.05**2)) < 0.05 for one in found)


def test_a_move_leaves_what_it_draws_from_as_it_is():
    """Points that are draws of the target stay draws of it; points drawn elsewhere would be seen."""
    variance = SPREAD**2 / (1 + SPREAD**2)
    generator = np.random.default_rng(1)
    start = CENTRE / (1 + SPREAD**2) + np.sqrt(variance) * generator.standard_normal((4000, 3))
    moved, value = tempering.moved(normal, start, normal(start), 1.0, generator)
    assert (moved != start).mean() > 0.99
    np.testing.assert_allclose(value, normal(moved))
    pulls = (moved - CENTRE / (1 + SPREAD**2)) / np.sqrt(variance)
    checks.assert_mean(pulls.mean(axis=0), 4000, 0.0, 1.0)
    checks.assert_mean((pulls**2).mean(axis=0), 4000, 1.0, np.sqrt(2))
    checks.rejects(checks.assert_mean, (1.2 * pulls**2).mean(axis=0), 4000, 1.0, np.sqrt(2))


def test_resampling_is_in_proportion_to_weights():
    weight = np.array([0.1, 0.0, 0.6, 0.3])
    chosen = tempering.resampled(weight, np.random.default_rng(0), 1000)
    assert np.bincount(chosen, minlength=4).tolist() == [100, 0, 600, 300]
