"""The table of log-odds is the quantile function: closed forms, SciPy and mpmath, in both tails and at every seam."""

import mpmath
import numpy as np
import pytest
from checks import rejects
from scipy import special, stats

from sim.model import quantiles
from sim.samplers.quantile import LEADING, OCTAVES, SIDE

SHAPES = [(5, 0.35), (3.7, 0.15), (0.01, 1), (1, 0.01), (0.05, 3), (185, 0.074), (1, 1), (50, 20), (1e4, 1e-3)]
EXTREMES = [(1e-3, 1), (1, 1e-3), (1e-3, 1e4), (1e4, 1e4), (1e4, 1), (1, 1e4), (300, 1e4)]
BENDING = [(1e-3, 1e-3), (1e-3, 2.3e-3), (2.7e-3, 1e-3), (3e-3, 1e-2), (0.05, 0.03)]
PRECISE, BENT = 1e-7, 4e-6  # errors that the docstring promises


def log_odds(table, near, upper):
    """x at distance `near` of the uniform from its nearer end: what the sampler does, in float64."""
    mantissa, exponent = np.frexp(near)
    place, cell = np.modf((2 * mantissa - 1) * 2**LEADING)
    cell = ((exponent + OCTAVES) << LEADING) + cell.astype(int) + SIDE * upper
    level, slope, bend = table[:, cell]
    return level + place * (slope + place * bend)


def share_below(x, alpha, beta):
    """P(log-odds <= x), precise where it is small."""
    rare = np.exp(np.minimum(beta * x - special.betaln(alpha, beta), 0)) / beta  # relative error O(e^x)
    success, failure = special.expit(x), special.expit(-x)
    shares = np.where(x < 0, special.betainc(beta, alpha, success), special.betaincc(alpha, beta, failure))
    return np.where(x < -650, rare, shares)


def distances(alpha, beta):
    """From the nearer end, 2^-65 to 1/2: at random, ends and quarters of cells, and around the bend of small shapes."""
    rng = np.random.default_rng(0)
    spread = np.ldexp(1 + rng.random(10_000), -rng.integers(2, 66, 10_000))
    quarters = np.ldexp(1 + np.arange(4 << LEADING) / (4 << LEADING), -np.array([[2], [3], [9], [40], [65]]))
    before = np.nextafter(quarters[:, ::4], 0)[:, 1:]
    bend = min(alpha, beta) / (alpha + beta) * np.linspace(0.95, 1.05, 2001)
    every = np.concatenate([spread, quarters.ravel(), before.ravel(), bend, rng.random(5000) / 2, [0.5]])
    return every[(every >= 2.0**-65) & (every <= 0.5)]


def assert_quantiles(table, alpha, beta, bound):
    near = distances(alpha, beta)
    below = share_below(log_odds(table, near, False), alpha, beta) / near - 1
    above = share_below(-log_odds(table, near, True), beta, alpha) / near - 1
    assert max(np.abs(below).max(), np.abs(above).max()) < bound


@pytest.mark.seldom(8)
@pytest.mark.parametrize("alpha, beta", SHAPES + EXTREMES)
def test_every_quantile_is_that_of_a_uniform_within_1e_7(alpha, beta):
    table = quantiles.beta_log_odds(alpha, beta)
    assert_quantiles(table, alpha, beta, PRECISE)
    rejects(assert_quantiles, table, 1.00001 * alpha, 0.99998 * beta, PRECISE)
    rejects(assert_quantiles, table + [[0.0], [1e-3], [0.0]] * np.abs(table), alpha, beta, PRECISE)


@pytest.mark.parametrize("alpha, beta", BENDING)
def test_where_both_shapes_are_small_the_bend_is_met_within_4e_6(alpha, beta):
    table = quantiles.beta_log_odds(alpha, beta)
    assert_quantiles(table, alpha, beta, BENT)
    rejects(assert_quantiles, table, 1.00001 * alpha, 0.99998 * beta, BENT)


@pytest.mark.parametrize("alpha, beta", [(5, 0.35), (1, 0.01), (0.05, 3), (0.1, 0.17), (7, 20)])
def test_quantiles_against_mpmath(alpha, beta):
    table = quantiles.beta_log_odds(alpha, beta)
    near = np.array([2.0**-65, 1.3e-18, 1.9e-9, 2e-4, 0.013, 0.251, 0.37, 0.5])
    for upper in (False, True):
        x = -log_odds(table, near, True) if upper else log_odds(table, near, False)
        low, high = (alpha, beta) if upper else (beta, alpha)
        for own, v in zip(x, near, strict=True):
            with mpmath.workdps(40):
                end = 1 / (1 + mpmath.exp(-abs(mpmath.mpf(own))))  # the larger of s and 1 - s
                rest = mpmath.exp(-abs(mpmath.mpf(own))) * end
                if own < 0:
                    share = mpmath.betainc(low, high, 0, rest, regularized=True)
                else:
                    share = 1 - mpmath.betainc(high, low, 0, rest, regularized=True)
            assert float(share) == pytest.approx(v, rel=PRECISE)


@pytest.mark.parametrize("shape", [1e-3, 0.01, 0.35, 1.0, 20.0, 1e4])
def test_with_one_shape_of_one_quantiles_are_powers_of_the_uniform(shape):
    """(1, beta): P = s^beta.  (alpha, 1): 1 - P = (1 - s)^alpha."""
    near = distances(1, shape)
    for table, sign in ((quantiles.beta_log_odds(1, shape), 1), (quantiles.beta_log_odds(shape, 1), -1)):
        for upper in (False, True):
            x = sign * log_odds(table, near, upper)
            rising = upper if sign > 0 else not upper  # whether `near` is the share above x
            log_share = -shape * np.logaddexp(0, -x)
            share = -np.expm1(log_share) if rising else np.exp(log_share)
            assert np.abs(share / near - 1).max() < PRECISE


@pytest.mark.parametrize("alpha, beta", SHAPES + EXTREMES + BENDING)
def test_log_odds_rise_with_the_uniform_and_the_halves_meet_at_their_median(alpha, beta):
    table = quantiles.beta_log_odds(alpha, beta)
    assert table.shape == (3, 2 * SIDE) and np.isfinite(table).all()
    near = np.unique(np.append(distances(alpha, beta), np.linspace(1e-3, 0.5, 5000)))
    near = near[np.append(True, np.diff(near) > 1e-12 * near[1:])]
    x = np.concatenate([log_odds(table, near, False), log_odds(table, near[::-1], True)])
    assert (np.delete(np.diff(x), len(near) - 1) > 0).all()
    lower, upper = table[:, [SIDE - 1, -1]].T
    assert (lower[1:] == 0).all() and (upper[1:] == 0).all()
    log_success, log_failure = -np.logaddexp(0, -lower[0]), -np.logaddexp(0, lower[0])
    density = np.exp(beta * log_success + alpha * log_failure - special.betaln(alpha, beta))
    assert abs(upper[0] - lower[0]) * density < 1e-9  # the gap, as a probability
    assert share_below(lower[0], alpha, beta) == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("alpha, beta", [(5, 0.35), (50, 20), (0.3, 3)])
def test_quantiles_are_those_of_scipy(alpha, beta):
    near = np.array([1e-9, 1e-4, 0.01, 0.2, 0.45])
    law, table = stats.beta(beta, alpha), quantiles.beta_log_odds(alpha, beta)
    assert log_odds(table, near, False) == pytest.approx(special.logit(law.ppf(near)), rel=1e-6)
    failure = stats.beta(alpha, beta).ppf(near)
    assert log_odds(table, near, True) == pytest.approx(-special.logit(failure), rel=1e-6)
