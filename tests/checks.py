"""The only tolerances on random output. Every check fails a correct simulation once in a million seeds.

Each raises AssertionError naming the statistic, its p-value and the bound. A check that cannot be made, such as two
arrays of different shapes, is a ValueError, so that it never passes for a rejection.
"""

import numpy as np
from scipy import stats

FALSE_ALARM = 1e-6  # probability that one check, all its components together, fails a correct simulation
LEAST_EXPECTED = 25  # draws in a cell: chi-square calibrated to 1e-4; one such cell alone fails 7e-6 of the seeds


def assert_proportion(successes, trials, probability):
    """Exact two-sided binomial test, Bonferroni over components; arguments broadcast.

    probability: in [0, 1], where 0 and 1 allow no exception.
    """
    successes, trials, probability = np.broadcast_arrays(
        *(np.asarray(x, float) for x in (successes, trials, probability))
    )
    at_most = stats.binom.cdf(successes, trials, probability)
    at_least = stats.binom.sf(successes - 1, trials, probability)
    p_value = np.minimum(1.0, 2.0 * np.minimum(at_most, at_least))  # NaN, which fails, outside of the law's domain
    worst = _worst(p_value)
    _judge(
        f"proportion {successes.flat[worst]:.0f}/{trials.flat[worst]:.0f} against {probability.flat[worst]:.8g}, "
        f"component {worst} of {p_value.size}",
        p_value.flat[worst] * p_value.size,
    )


def assert_mean(mean, n, law_mean, law_deviation):
    """z test of the mean of n independent draws, Bonferroni over components; arguments broadcast.

    law_deviation: the LAW's standard deviation of one draw, so that the standard error is law_deviation / sqrt(n).
    n must be large enough for a normal mean: some 1e4 times the squared skewness of a draw.
    """
    mean, n, law_mean, law_deviation = np.broadcast_arrays(
        *(np.asarray(x, float) for x in (mean, n, law_mean, law_deviation))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        difference, stderr = mean - law_mean, law_deviation / np.sqrt(n)
        z = np.where(difference == 0, 0.0, difference / stderr)  # a constant must be met exactly
    p_value = np.where(np.isfinite(stderr), 2.0 * stats.norm.sf(np.abs(z)), np.nan)
    worst = _worst(p_value)
    _judge(
        f"mean {mean.flat[worst]:.8g} against {law_mean.flat[worst]:.8g}, z = {z.flat[worst]:.2f}, "
        f"component {worst} of {p_value.size}",
        p_value.flat[worst] * p_value.size,
    )


def assert_counts(observed, probabilities):
    """Chi-square test of how often each outcome was drawn; an outcome of probability 0 may not occur at all.

    observed, probabilities: arrays of one shape, of every outcome. Neighbouring outcomes are merged until each cell
    expects 25 draws.
    """
    observed, probabilities = (np.asarray(x, float) for x in (observed, probabilities))
    _need_one_shape(observed, probabilities)
    _need(np.isfinite(observed).all() and (observed >= 0).all(), "counts are finite and not negative")
    _need(np.isfinite(probabilities).all() and (probabilities >= 0).all(), "probabilities are finite and not negative")
    _need(abs(probabilities.sum() - 1) < 1e-6, f"probabilities sum to 1, not to {probabilities.sum():.9g}")
    possible = probabilities > 0
    _need(observed[~possible].sum() == 0, f"no impossible outcome, got {observed[~possible].sum():.0f}")
    observed, expected = observed[possible], observed.sum() * probabilities[possible]
    observed, expected = _merged(expected, observed, expected)
    statistic = np.sum((observed - expected) ** 2 / expected)
    worst = np.argmax((observed - expected) ** 2 / expected)
    _judge(
        f"chi-square {statistic:.1f} in {len(expected)} cells, "
        f"worst {observed[worst]:.0f} against {expected[worst]:.1f} in cell {worst}",
        stats.chi2.sf(statistic, len(expected) - 1),
    )


def assert_same_distribution(counts_a, counts_b):
    """Two-sample chi-square test: were both drawn from one distribution? Samples may differ in size.

    Neighbouring outcomes are merged until each cell expects 25 draws of the smaller sample.
    """
    a, b = (np.asarray(x, float) for x in (counts_a, counts_b))
    _need_one_shape(a, b)
    _need(all(np.isfinite(x).all() and (x >= 0).all() for x in (a, b)), "counts are finite and not negative")
    share = a.sum() / (a.sum() + b.sum())
    a, b = _merged((a + b) * min(share, 1 - share), a.ravel(), b.ravel())
    statistic = np.sum((a - share * (a + b)) ** 2 / (share * (1 - share) * (a + b)))
    _judge(f"two-sample chi-square {statistic:.1f} in {len(a)} cells", stats.chi2.sf(statistic, len(a) - 1))


def rejects(check, *args):
    """The negative control beside a check: passes only if the check fails."""
    try:
        check(*args)
    except AssertionError:
        return
    raise AssertionError(f"{check.__name__} is blind: it passed what it must reject")


def _judge(what, p_value):
    if not p_value >= FALSE_ALARM:  # so that NaN fails
        raise AssertionError(f"{what}: p = {p_value:.3g}, bound {FALSE_ALARM:g}")


def _need(condition, rule):
    if not condition:
        raise AssertionError(f"need that {rule}")


def _need_one_shape(a, b):
    if a.shape != b.shape:
        raise ValueError(f"need one probability or count for each outcome, got shapes {a.shape} and {b.shape}")


def _worst(p_value):
    if p_value.size == 0:
        raise ValueError("nothing to check")
    return int(np.argmin(np.where(np.isnan(p_value), -1.0, p_value)))


def _merged(expected, *columns):
    """Columns summed over runs of neighbouring outcomes, each expecting LEAST_EXPECTED draws."""
    starts, gathered = [0], 0.0
    for outcome, more in enumerate(expected.ravel()):
        gathered += more
        if gathered >= LEAST_EXPECTED:
            starts.append(outcome + 1)
            gathered = 0.0
    starts.pop()  # what is left over joins the last full cell
    if len(starts) < 2:
        raise ValueError(f"too few draws: fewer than two cells expect {LEAST_EXPECTED}")
    return [np.add.reduceat(column.ravel(), starts) for column in columns]
