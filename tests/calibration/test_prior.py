"""Kinds of law before a pilot: against the Beta law, the covariance of the deviation, slopes by hand."""

import numpy as np
import pytest
from scipy import special

from sim.calibration import mixtures, prior
from sim.calibration.prior import Deviation, Kind
from tests import checks

PLAIN = Kind("plain", 1.0, (-1.0, 0.5), (2.0, 1.0), 0.4, 2.0, None, None)
BENT = Kind("bent", 1.0, (-1.0, 0.5), (2.0, 1.0), 0.4, 1.0, Deviation((0.2, 0.3), (2.0, 5.0)), 0.1)


@pytest.mark.parametrize(("beta", "alpha"), [(0.35, 5.0), (0.05, 0.3), (2.0, 300.0), (3.0, 0.4)])
def test_without_a_deviation_it_is_the_beta_law(beta, alpha):
    """Also where much of it lies below the grid, which counts as never."""
    points = np.array([[(np.log(beta) + 1) / 0.5, np.log(alpha / beta) - 2.0, -9.0]])
    found = prior.mixing(points, PLAIN)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(found, mixtures.beta(np.log([[beta, alpha]])), atol=2e-3 * found.max() + 2e-4)
    assert np.abs(found - mixtures.beta(np.log([[beta, 1.1 * alpha]]))).max() > 1e-4


def test_a_ceiling_is_there_with_its_probability_and_thins_every_cell_alike():
    """z = Phi^-1(.4 + .6 u) makes of u = .5 a share of .25 never solved."""
    points = np.array([[0.0, 0.0, special.ndtri(0.4 + 0.6 * 0.5)], [0.0, 0.0, special.ndtri(0.39)]])
    with_ceiling, without = prior.mixing(points, PLAIN)
    np.testing.assert_allclose(with_ceiling[1:], 0.75 * without[1:], rtol=1e-12)
    assert with_ceiling[0] == pytest.approx(0.25 + 0.75 * without[0])


def test_the_deviation_has_its_covariance():
    """sigma^2 exp(-d^2 / 2 l^2) away from the ends, over 20,000 draws; a length 20 % off is seen."""
    generator, draws = np.random.default_rng(0), 20_000
    points = generator.standard_normal((draws, 2 + prior.WAVES))
    points[:, 0], points[:, 1] = 0.0, special.ndtri(0.5)  # sigma = e^.2, l = sqrt(2 * 5)
    found = prior._heights(points, BENT.deviation) @ prior._WAVE
    here, length, size = len(mixtures.ODDS) // 2, np.sqrt(10.0), np.exp(0.4)
    for steps in (0, 8, 24):
        law = size * np.exp(-((steps * mixtures.STEP / length) ** 2) / 2)
        products = found[:, here] * found[:, here + steps]
        deviation = np.sqrt(size**2 + law**2)
        checks.assert_mean(products.mean(), draws, law, deviation)
    other = size * np.exp(-((24 * mixtures.STEP / (0.8 * length)) ** 2) / 2)
    checks.rejects(checks.assert_mean, products.mean(), draws, other, np.sqrt(size**2 + other**2))


def test_bends_are_second_differences_of_the_log_of_the_log_of_coverage():
    alpha, beta = 5.0, 0.35
    change, counts = prior.bends(mixtures.beta(np.log([[beta, alpha]])) @ prior.DECADES)
    ks = 10.0 ** np.arange(1, 9)
    missing = -np.log(1 - np.exp(special.betaln(alpha + ks, beta) - special.betaln(alpha, beta)))
    by_hand = np.diff(np.diff(np.log10(missing)))
    np.testing.assert_allclose(change[0, :4], by_hand[:4], atol=5e-3)
    np.testing.assert_allclose(counts[0], missing[2:] ** 2 / (missing[2:] ** 2 + 0.03**2), atol=2e-2)
    assert counts[0, 0] > 0.9 and counts[0, -1] < 0.1  # saturated laws say nothing of bends


def test_bends_are_weighed_by_student_s_t():
    change, counts = np.array([[0.1, -0.3]]), np.array([[1.0, 0.5]])
    by_hand = -2.0 * (np.log1p((0.1 / 0.2) ** 2 / 3) + 0.5 * np.log1p((0.3 / 0.2) ** 2 / 3))
    assert prior.log_density_of_bends(change, counts, 0.2) == pytest.approx(by_hand)
    assert prior.log_bends(prior.averages(np.zeros((1, 3)), PLAIN, prior.DECADES), PLAIN) == 0


def test_what_bends_leave_of_a_kind_is_their_mean_under_it():
    generator = np.random.default_rng(5)
    own = np.exp(
        prior.log_bends(prior.mixing(generator.standard_normal((4000, BENT.size)), BENT) @ prior.DECADES, BENT)
    )
    deviation = own.std()
    checks.assert_mean(np.exp(prior.log_size(BENT)), 2000, own.mean(), deviation)  # two means of 4,000
    checks.rejects(checks.assert_mean, np.exp(prior.log_size(BENT)), 2000, 1.0, deviation)
    assert prior.log_size(PLAIN) == 0


@pytest.mark.parametrize("kind", [PLAIN, BENT])
def test_the_wider_kind_has_the_same_laws_elsewhere(kind):
    points = np.random.default_rng(1).standard_normal((5, kind.size))
    wide = kind.wider()
    moved, log_volume = kind.moved_to_wider(points)
    np.testing.assert_allclose(prior.mixing(moved, wide), prior.mixing(points, kind), atol=1e-12)
    assert wide.beta == (-1.0, 1.0) and wide.odds == (2.0, 2.0)
    assert log_volume == pytest.approx(-np.log(4))
    if kind.deviation is not None:
        assert wide.bend == 0.2 and wide.deviation.size[0] == pytest.approx(0.2 + np.log(2))


def test_the_prior_without_a_suite_is_learnt_without_it():
    assert prior.without() == prior.PRIOR == prior.without("no such suite")
    for suite in prior.LEARNT:
        kinds = prior.without(suite)
        assert sum(kind.share for kind in kinds) == pytest.approx(1)
        assert (kinds == prior.PRIOR) == (suite is None)
