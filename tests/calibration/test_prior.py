"""Kinds of law: Beta laws on the grid, ceilings, the Gaussian process about them, bends, and the wider prior."""

import numpy as np
import pytest
from scipy import special, stats

from sim.calibration import mixtures, prior
from sim.calibration.prior import Deviation, Kind
from sim.laws import coverage
from tests import checks

PLAIN = Kind("plain", 1.0, (0.0, 1.0), (0.0, 1.0), 0.5, 1.0, None, None)
WAVY = PLAIN._replace(name="wavy", deviation=Deviation((-0.5, 0.4), (1.5, 12.0)), bend=0.1)
DECADES = 10.0 ** np.arange(1, 9)
KINDS = pytest.mark.parametrize("kind", [PLAIN, WAVY, *prior.PRIOR], ids=lambda kind: kind.name)


def at(alpha, beta, never=0.0, kind=PLAIN):
    """The point of a law without deviation, [1, kind.size]."""
    first = (np.log(beta) - kind.beta[0]) / kind.beta[1], (np.log(alpha / beta) - kind.odds[0]) / kind.odds[1]
    third = special.ndtri(kind.solvable + (1 - kind.solvable) * never ** (1 / kind.never))
    return np.array([[*first, third, *np.zeros(kind.size - 3)]])


def points(kind, number, seed=0):
    return np.random.default_rng(seed).standard_normal((number, kind.size))


# Laws -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.3, 1.0, 5.0, 300.0])
@pytest.mark.parametrize("beta", [0.01, 0.05, 0.35, 1.0, 3.0])
def test_a_law_without_deviation_is_the_beta_law(alpha, beta):
    """To 0.1 % of coverage at any k; with beta = 0.01, 3/4 of the problems lie below the grid: those are "never"."""
    found, law = prior.mixing(at(alpha, beta), PLAIN), mixtures.beta(np.log([[beta, alpha]]))
    np.testing.assert_allclose(found, law, rtol=0.02, atol=1e-6)
    reach = mixtures.reach(DECADES)
    np.testing.assert_allclose(found @ reach, law @ reach, rtol=1e-3)
    for other in ((1.05 * beta, alpha), (beta, 1.05 * alpha)):
        assert not np.allclose(found, mixtures.beta(np.log([other])), rtol=0.02, atol=1e-6)
    if beta == 0.01:
        assert found[0, 0] == pytest.approx(special.betainc(beta, alpha, special.expit(-30)), rel=0.01)
        assert found[0, 0] > 0.7


@pytest.mark.parametrize("never", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("kind", [PLAIN, PLAIN._replace(solvable=0.8, never=3.0), WAVY], ids=["plain", "rare", "wavy"])
def test_a_ceiling_thins_every_cell_alike(kind, never):
    without, thinned = (prior.mixing(at(5.0, 0.35, own, kind), kind)[0] for own in (0.0, never))
    np.testing.assert_allclose(thinned[1:], (1 - never) * without[1:], rtol=1e-9)
    assert thinned[0] == pytest.approx(never + (1 - never) * without[0])


def test_ceilings_are_as_often_and_as_low_as_the_kind_says():
    """1 - A is 0 with probability `solvable`, else u^never; a `solvable` and an exponent 10 % off are seen."""
    kind = PLAIN._replace(beta=(1.0, 1e-6), odds=(0.0, 1e-6), solvable=0.7, never=2.0)  # nothing below the grid
    never = prior.mixing(points(kind, 40_000), kind)[:, 0]
    none = np.count_nonzero(never < 1e-9)
    checks.assert_proportion(none, 40_000, 0.7 + 0.3 * 1e-9**0.5)
    checks.rejects(checks.assert_proportion, none, 40_000, 0.77)
    cells = np.histogram(never[never >= 1e-9], np.linspace(0, 1, 11) ** 2)[0]
    checks.assert_counts(cells, np.full(10, 0.1))
    checks.rejects(checks.assert_counts, cells, np.diff(np.linspace(0, 1, 11) ** (2 / 2.2)))


@KINDS
def test_weights_add_up_to_one_however_far_the_point(kind):
    own = np.concatenate([points(kind, 200), 8 * points(kind, 200)])
    found = prior.mixing(own, kind)
    assert found.shape == (400, 1 + len(mixtures.ODDS)) and (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


@KINDS
def test_averages_are_those_over_the_weights(kind):
    columns = np.concatenate([prior.DECADES, np.random.default_rng(1).random((1 + len(mixtures.ODDS), 3))], axis=1)
    own = points(kind, 50)
    np.testing.assert_allclose(prior.averages(own, kind, columns), prior.mixing(own, kind) @ columns, rtol=1e-9)


def test_the_kinds_of_the_prior_are_named_and_their_shares_add_up():
    for suite in prior.LEARNT:
        kinds = prior.without(suite)
        assert sum(kind.share for kind in kinds) == pytest.approx(1)
        assert [kind.name for kind in kinds] == [prior.LEVI, prior.MEASURED, prior.ROUGH] == list(prior.KINDS)
    assert prior.without("a suite of one's own") == prior.PRIOR
    assert len({kind.deviation for kind in prior.PRIOR}) == 3 and prior.PRIOR[0].deviation is None


# The Gaussian process -------------------------------------------------------------------------------------------------


def process(kind, length, number, seed=0):
    """f [number, cells] of a given length, drawn from the kind; its deviation is the central one."""
    own = points(kind, number, seed)
    least, most = np.log(kind.deviation.length)
    own[:, :2], own[:, 2], own[:, 3] = 0.0, -9.0, 0.0
    own[:, 4] = special.ndtri((np.log(length) - least) / (most - least))
    with np.errstate(divide="ignore"):
        found = np.log(prior.mixing(own, kind)[:, 1:]) - np.log(
            prior.mixing(own[:, :3], kind._replace(deviation=None))[:, 1:]
        )
    return found - found.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("length", [1.5001, 4.0, 10.0])
def test_deviations_have_their_size_and_length(length):
    """Differences of f, which weights tell; their variance is 2 sigma^2 (1 - exp(-d^2 / 2 l^2)). 10 % off is seen."""
    kind, sigma = WAVY, np.exp(WAVY.deviation.size[0])
    f = process(kind, length, 20_000)
    start = np.searchsorted(mixtures.ODDS, -10.0)
    for steps in (4, 16, 64):  # 0.5, 2 and 8 of log odds
        change, distance = f[:, start + steps] - f[:, start], steps * mixtures.STEP
        law = 2 * sigma**2 * -np.expm1(-((distance / length) ** 2) / 2)
        checks.assert_mean((change**2).mean(), 20_000, law, np.sqrt(2) * law)
        checks.rejects(checks.assert_mean, (change**2).mean(), 20_000, 1.1 * law, 1.1 * np.sqrt(2) * law)


@pytest.mark.parametrize("length", [2.0, 5.0])
def test_two_changes_of_a_deviation_go_together_as_its_covariance_says(length):
    kind, sigma = WAVY, np.exp(WAVY.deviation.size[0])
    f = process(kind, length, 20_000, 1)
    cells = np.searchsorted(mixtures.ODDS, [-12.0, -8.0, -6.0, -3.0])
    x = mixtures.ODDS[cells]
    covariance = sigma**2 * np.exp(-(((x[:, None] - x) / length) ** 2) / 2)
    one, other = np.array([1, -1, 0, 0]), np.array([0, 0, 1, -1])
    law, first, second = (a @ covariance @ b for a, b in ((one, other), (one, one), (other, other)))
    product = ((f[:, cells] @ one) * (f[:, cells] @ other)).mean()
    scatter = np.sqrt(first * second + law**2)
    checks.assert_mean(product, 20_000, law, scatter)
    checks.rejects(
        checks.assert_mean, product, 20_000, -law if abs(law) > 0.1 * first else law + 0.1 * scatter, scatter
    )


def test_lengths_and_sizes_are_drawn_as_the_kind_says():
    """The mean square of the change of f over 0.5 of log odds: log l uniform, log sigma normal. 25 % off is seen."""
    kind = WAVY._replace(beta=(0.0, 1e-9), odds=(0.0, 1e-9))
    own = points(kind, 40_000, 2)
    own[:, 2] = -9.0
    found = np.log(prior.mixing(own, kind)[:, 1:])
    cell = np.searchsorted(mixtures.ODDS, -6.0)
    bend = (
        found[:, cell + 4]
        - found[:, cell]
        - np.diff(np.log(prior.mixing(at(1.0, 1.0), PLAIN)[0, [cell + 1, cell + 5]]))
    )
    (center, deviation), (least, most) = kind.deviation
    nodes = np.linspace(0, 1, 2001)[:-1] + 1 / 4000
    lengths = least * (most / least) ** nodes
    share = -2 * np.expm1(-((0.5 / lengths) ** 2) / 2)
    power = lambda p: np.exp(p * center + (p * deviation) ** 2 / 2)  # noqa: E731
    mean, square = power(2) * share.mean(), 3 * power(4) * (share**2).mean()
    spread = np.sqrt(square - mean**2)
    checks.assert_mean((bend**2).mean(), 40_000, mean, spread)
    checks.rejects(checks.assert_mean, (bend**2).mean(), 40_000, 1.25 * mean, spread)


# Bends ----------------------------------------------------------------------------------------------------------------


def missing(alpha, beta, ceiling):
    """-log pass@k at 10, 100 ... 10^8 attempts, by the closed form."""
    return -np.log(ceiling * coverage.coverage(DECADES, alpha, beta))


@pytest.mark.parametrize(
    ("alpha", "beta", "ceiling"), [(5.0, 0.35, 1.0), (2.0, 0.1, 1.0), (2.0, 0.5, 0.5), (9.0, 0.4, 0.9)]
)
def test_bends_are_those_of_the_closed_form(alpha, beta, ceiling):
    """A power law bends only at its beginning; a law with a ceiling turns from a slope of -beta to one of 0."""
    change, counts = prior.bends(prior.mixing(at(alpha, beta, 1 - ceiling), PLAIN) @ prior.DECADES)
    logs = np.log(missing(alpha, beta, ceiling))
    by_hand = [(logs[i + 2] - 2 * logs[i + 1] + logs[i]) / np.log(10) for i in range(6)]
    np.testing.assert_allclose(change[0], by_hand, atol=2e-3)
    np.testing.assert_allclose(
        counts[0], 1 / (1 + (0.03 / missing(alpha, beta, ceiling)[2:]) ** 2), rtol=1e-2, atol=1e-6
    )
    if ceiling < 1:
        assert change[0].max() > 0.05 and missing(alpha, beta, ceiling)[-1] == pytest.approx(-np.log(ceiling), rel=0.02)
    else:
        assert np.abs(change[0, 2:]).max() < 0.03


def test_laws_are_weighed_by_students_density_of_their_bends():
    own = np.concatenate([at(2.0, 0.35), at(2.0, 0.35, 0.3), at(9.0, 0.4, 0.1)])
    laws = prior.mixing(own, PLAIN) @ prior.DECADES
    change, counts = prior.bends(laws)
    density = stats.t(3, scale=0.06).logpdf
    by_hand = (counts * (density(change) - density(0.0))).sum(axis=1)
    np.testing.assert_allclose(prior.log_bends(laws, WAVY._replace(bend=0.06)), by_hand, rtol=1e-9)
    assert (prior.log_bends(laws, PLAIN) == 0).all() and prior.log_size(PLAIN) == 0
    assert by_hand[0] > by_hand[1] + 1  # a ceiling bends


def test_what_bends_leave_of_a_kind_is_its_mean_over_all_laws():
    """Against 20,000 laws of another seed; 20 % off is seen."""
    left = np.exp(
        np.concatenate(
            [prior.log_bends(prior.averages(points(WAVY, 2000, seed), WAVY, prior.DECADES), WAVY) for seed in range(10)]
        )
    )
    spread = left.std() * np.sqrt(1 + 4000 / 20_000)
    checks.assert_mean(np.exp(prior.log_size(WAVY)), 4000, left.mean(), spread)
    checks.rejects(checks.assert_mean, 1.2 * np.exp(prior.log_size(WAVY)), 4000, left.mean(), spread)


# The wider prior ------------------------------------------------------------------------------------------------------


@KINDS
def test_the_wider_kind_has_the_same_laws_elsewhere(kind):
    own = points(kind, 50)
    moved, log_volume = kind.moved_to_wider(own)
    np.testing.assert_allclose(prior.mixing(moved, kind.wider()), prior.mixing(own, kind), rtol=1e-9, atol=1e-300)
    slopes = [
        kind.moved_to_wider(own[:1] + step)[0][0] - kind.moved_to_wider(own[:1])[0][0] for step in np.eye(kind.size)
    ]
    assert log_volume == pytest.approx(np.linalg.slogdet(slopes)[1])


@KINDS
def test_the_wider_kind_spreads_twice_as_far(kind):
    wide = kind.wider()
    assert wide.beta == (kind.beta[0], 2 * kind.beta[1]) and wide.odds == (kind.odds[0], 2 * kind.odds[1])
    assert (wide.name, wide.share, wide.solvable, wide.never) == (kind.name, kind.share, kind.solvable, kind.never)
    if kind.deviation is not None:
        one, other = (process(own, 4.0, 200) for own in (kind, wide))
        np.testing.assert_allclose(
            other[:, 100:200] - other[:, 100:101], 2 * (one[:, 100:200] - one[:, 100:101]), rtol=1e-6
        )
        assert wide.deviation.length == kind.deviation.length
    assert wide.bend == (None if kind.bend is None else 2 * kind.bend)
