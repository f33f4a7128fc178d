"""Coverage at any number of attempts: for these very problems, and for new problems of the same kind.

Two kinds that must not be confused. For these problems what remains unknown is how hard each of them is, given its
counts, and the law; new problems are drawn anew from the law besides.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import mixtures, published

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_NINETY = LEVELS[-1] - LEVELS[0]
POINT = "beta", "beta with a ceiling"  # the laws whose average is one voice of the point; the line is the other
_VOICE = 0.5  # of the line; chosen on the ten public curves of scripts/benchmark_calibration.py
NODES = special.ndtri((np.arange(15) + 0.5) / 15)  # of a normal distribution
_GRID = 40  # points of a curve that others fit
_FAR = 10.0  # times the attempts of a pilot, where nothing of it is left in what is said but by its laws


class Interval(NamedTuple):
    """Of coverage at each of so many attempts: quantiles [k, levels] at LEVELS, and the mean [k]."""

    attempts: np.ndarray
    quantiles: np.ndarray
    mean: np.ndarray


def these_moments(average, likelihood, attempts, measured=None):
    """Mean and variance [n, k] of the coverage of the pilot's own problems, at each draw of the laws' parameters.

    Coverage at k: the share of them that k more attempts each will solve, every s drawn from what its counts leave of
    the law, every outcome from s.  measured: so many more attempts, of which k are chosen in every way (the unbiased
    pass@k, Chen et al. 2021, Eq. 1); it scatters less.
    """
    reached = mixtures.reach(attempts)
    squared = None if measured is None else mixtures.twice(attempts, measured)
    total = likelihood.problems.sum()
    chance = average.mixing @ likelihood.kernel.T
    mean = np.zeros((len(average.mixing), len(attempts)))
    variance = np.zeros_like(mean)
    for kernel, problems, chances in zip(likelihood.kernel, likelihood.problems, chance.T, strict=True):
        here = average.mixing / np.maximum(chances, 1e-300)[:, None]
        solved = np.clip(here @ (kernel[:, None] * reached), 0, 1)
        square = 1 - solved if squared is None else here @ (kernel[:, None] * squared)
        mean += problems * solved
        variance += problems * np.maximum(square - (1 - solved) ** 2, 0)
    return mean / total, variance / total**2


def these(average, likelihood, attempts):
    """Interval of the coverage of the pilot's own problems at numbers of attempts [k], ascending."""
    return _interval(average.weight, *these_moments(average, likelihood, attempts), attempts)


def new(average, attempts, problems=None):
    """Interval of the coverage of new problems of the same kind: of all there are, or of so many drawn from them."""
    reached = mixtures.reach(attempts)
    mean = average.mixing @ reached
    variance = np.zeros_like(mean)
    if problems is not None:
        variance = np.clip(mean * (1 - mean), 0, 1) / problems
    return _interval(average.weight, mean, variance, attempts)


def _interval(weight, mean, variance, attempts):
    """Quantiles of a mixture of distributions between 0 and 1 that are known by their first two moments."""
    quantiles = np.empty((len(attempts), len(LEVELS)))
    for place in range(len(attempts)):
        quantiles[place] = weighted_quantiles(*_weighted(weight, mean[:, place], variance[:, place]))
    quantiles = np.maximum.accumulate(quantiles)  # coverage never falls, but its approximations may
    return Interval(np.asarray(attempts), quantiles, weight @ mean)


def _spread(mean, variance):
    """Values [n, 15], equally likely, of distributions between 0 and 1 with these moments [n].

    Normal ones where they are narrow, otherwise gamma ones of the smaller of success and failure: as few rare events.
    """
    values = mean[:, None] + np.sqrt(variance)[:, None] * NODES
    near = (values[:, 0] < 0) | (values[:, -1] > 1)
    if near.any():
        small = np.minimum(mean, 1 - mean)[near].clip(1e-12)
        shape = (small**2 / np.maximum(variance[near], 1e-300)).clip(1e-3, 1e6)[:, None]
        side = (small[:, None] / shape * special.gammaincinv(shape, special.ndtr(NODES))).clip(0, 1)
        values[near] = np.where((mean[near] < 0.5)[:, None], side, 1 - side)
    return values


def _weighted(weight, mean, variance):
    """Values of a mixture of such distributions, and their weights, each [15 n]."""
    values = _spread(mean, variance)
    return values.ravel(), np.repeat(weight / values.shape[1], values.shape[1])


def weighted_quantiles(values, weight, levels=LEVELS):
    """Quantiles of weighted values [n]."""
    order = np.argsort(values)
    cumulated = np.cumsum(weight[order])
    return values[order][np.searchsorted(cumulated, np.array(levels) * cumulated[-1]).clip(0, len(values) - 1)]


def curve_grid(most):
    """Numbers of attempts, whole, even on a log scale, from 1 to the most there are."""
    return np.unique(np.round(np.geomspace(1, most, _GRID)))


def told(average, likelihood, ks, curve, attempts, counted=True, measured=None):
    """(what is said for the coverage of these problems [k], never falling; their Interval).

    As far as the pilot goes: what it shows, or the median of the interval where that is nothing. From ten times as many
    attempts on: two voices on what the laws say. Between: the voices, with ever less of their difference at its end.
    ks, curve: pass@k of the pilot.  attempts: [k], ascending.  counted: whether the curve is unbiased for these
    problems; else the median is said.  measured: as in `these_moments`, of the interval.
    """
    moments = these_moments(average, likelihood, attempts, measured)
    interval = _interval(average.weight, *moments, attempts)
    known, middle = np.append(attempts, ks[-1]), interval.quantiles[:, LEVELS.index(0.5)]
    here = np.interp(np.log(known), np.log(attempts), middle)
    if counted:
        shown = np.interp(np.log(known), np.log(ks), curve)
        here = np.where(shown > 0, shown, here)
    said = _voices(average, likelihood, ks, curve, known)
    left = np.clip(1 - np.log(known / ks[-1]) / np.log(_FAR), 0, 1)
    value = np.where(known <= ks[-1], here, said * (here[-1] / said[-1]) ** left)[:-1]
    value = np.maximum.accumulate(np.minimum(value, 1))
    return value, _holding(value, interval, average.weight, *moments)


def _holding(value, interval, weight, mean, variance):
    """The interval, its 90 % moved where they do not hold what is said: from there on, or up to there."""
    quantiles = interval.quantiles.copy()
    outside = (value < quantiles[:, 0]) | (quantiles[:, -1] < value)
    for place in np.flatnonzero(outside):
        drawn, each = _weighted(weight, mean[:, place], variance[:, place])
        below = each[drawn < value[place]].sum() / each.sum()
        first = below if value[place] < quantiles[place, 0] else max(below - _NINETY, 0)
        ends = weighted_quantiles(drawn, each, (first, first + _NINETY))
        quantiles[place, [0, -1]] = min(value[place], ends[0]), max(value[place], ends[1])
    quantiles[:, 0], quantiles[:, -1] = (np.maximum.accumulate(quantiles[:, end]) for end in (0, -1))
    return interval._replace(quantiles=quantiles)


def _voices(average, likelihood, ks, curve, attempts):
    """Two voices on the coverage of these problems far beyond the pilot, [k].

    Half of its logarithm from the laws with an exponent (the value with the least expected relative error under beta
    with and without a ceiling), half from the line through log(-log pass@k). The Beta laws tend to say too little
    where difficulty has two scales, the line too much where some problems are impossible; together they err least.
    ks, curve: unbiased pass@k of the pilot.
    """
    chosen = np.isin(average.law, POINT)
    chosen |= not chosen.any()  # a pilot may rule all of these out
    part = average._replace(weight=average.weight[chosen], mixing=average.mixing[chosen])
    mean, variance = these_moments(part, likelihood, attempts)
    drawn = published.line(ks, curve, attempts)
    values = np.empty(len(attempts))
    for place in range(len(attempts)):
        spread, weight = _weighted(part.weight, mean[:, place], variance[:, place])
        (values[place],) = weighted_quantiles(spread, weight / np.maximum(spread, 1e-6), (0.5,))
    drawn = np.where(np.isnan(drawn), values, drawn)
    return np.exp((1 - _VOICE) * np.log(np.maximum(values, 1e-12)) + _VOICE * np.log(np.maximum(drawn, 1e-12)))
