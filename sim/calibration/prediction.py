"""Shares of problems at any number of attempts: of these very problems, and of new ones of the same kind.

Two kinds that must not be confused. For these problems what remains unknown is how hard each of them is, given its
counts, and the law; new problems are drawn anew from the law besides. A share of P problems is a multiple of 1 / P.
Every number is a quantile or mean of draws from one posterior (posterior.posterior), and does not depend on what else
is asked for.
"""

from typing import NamedTuple

import numpy as np
from scipy import special, stats

from sim.calibration import mixtures
from sim.draw import seeds

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MIDDLE = LEVELS.index(0.5)
_EACH = 2000  # problems up to which each of them is drawn; the number of more is normal, to 1 / 200 of its deviation
_GRID = 40  # points of a curve that others fit
_TABLE = 10**6  # attempts beyond which what is measured of pass@k is pass@k itself


class Interval(NamedTuple):
    """Of a share at each of so many attempts: quantiles [k, levels] at LEVELS, and the mean [k]."""

    attempts: np.ndarray
    quantiles: np.ndarray
    mean: np.ndarray

    @property
    def median(self):
        """The headline, [k]."""
        return self.quantiles[:, MIDDLE]


def these(posterior, likelihood, attempts):
    """Interval of the share of the pilot's own problems that k more attempts each will solve, [k]."""
    return interval(shares(posterior, likelihood, mixtures.reach(attempts)), attempts)


def new(posterior, attempts, problems=None):
    """Interval of the share of new problems of the same kind that k attempts each will solve.

    problems: how many are drawn; None: all there are.
    """
    return interval(new_shares(posterior, mixtures.reach(attempts), problems), attempts)


def interval(drawn, attempts):
    """Interval of draws [n, k]."""
    quantiles = np.quantile(drawn, LEVELS, axis=0, method="inverted_cdf").T
    return Interval(np.asarray(attempts), quantiles, drawn.mean(axis=0))


def shares(posterior, likelihood, chance, weights=None):
    """Share [n, k] of the pilot's problems for which something happens, one draw for each law of the posterior.

    chance: that it happens, given where s lies, [1 + cells, k].  weights: how much each problem counts [problems], with
    mean 1; None: all alike.
    """
    number = len(likelihood.row)
    if number > _EACH and weights is None:
        likelihood = mixtures.condensed(likelihood)
    generator = seeds.generator(0, f"these {number}")
    total = np.zeros((len(posterior.mixing), chance.shape[1]))
    variance = np.zeros_like(total)
    for row, kernel in enumerate(likelihood.kernel):
        counted = np.ones(int(likelihood.problems[row])) if weights is None else weights[likelihood.row == row]
        here = posterior.mixing * kernel
        own = (here @ chance / np.maximum(here.sum(axis=1, keepdims=True), 1e-300)).clip(0, 1)
        if number > _EACH:
            total += counted.sum() * own
            variance += (counted**2).sum() * own * (1 - own)
            continue
        level = generator.random((len(own), len(counted), 1), dtype=np.float32)
        total += np.einsum("npk,p->nk", level < own[:, None], counted)
    if number > _EACH:
        total = (total + np.sqrt(variance) * generator.standard_normal((len(total), 1))).clip(0, number)
        total = np.round(total) if weights is None else total
    return total / number


def new_shares(posterior, chance, problems=None):
    """Share [n, k] of new problems for which something happens.  chance, problems: as in `shares` and `new`."""
    mean = (posterior.mixing @ chance).clip(0, 1)
    if problems is None:
        return mean
    generator = seeds.generator(0, f"new {problems}")
    if problems > _EACH:
        scatter = generator.standard_normal((len(mean), 1))
        return np.round(problems * mean + np.sqrt(problems * mean * (1 - mean)) * scatter).clip(0, problems) / problems
    return stats.binom.ppf(generator.random((len(mean), 1)), problems, mean).clip(0, problems) / problems


def measured(posterior, likelihood, attempts, made):
    """Interval of the unbiased pass@k (Chen et al. 2021, Eq. 1) that so many more attempts at these problems will show.

    attempts: [k], none above `made`.
    """
    number = len(likelihood.row)
    generator = seeds.generator(0, f"measured {number}")
    if number > _EACH:
        likelihood = mixtures.condensed(likelihood)
        chance, square = mixtures.reach(attempts), mixtures.twice(np.asarray(attempts, float), float(made))
        mean, variance = np.zeros((2, len(posterior.mixing), len(attempts)))
        for kernel, problems in zip(likelihood.kernel, likelihood.problems, strict=True):
            here = posterior.mixing * kernel
            here /= np.maximum(here.sum(axis=1, keepdims=True), 1e-300)
            own = here @ chance
            mean += problems * own
            variance += problems * np.maximum(here @ square - (1 - own) ** 2, 0)
        drawn = mean + np.sqrt(variance) * generator.standard_normal((len(mean), 1))
        return interval((drawn / number).clip(0, 1), attempts)
    sizes = likelihood.problems.astype(int)
    drawn = [success(posterior, *row, generator) for row in zip(likelihood.kernel, sizes, strict=True)]
    drawn = np.concatenate(drawn, axis=1)
    if made > _TABLE:
        return interval(np.stack([-np.expm1(k * np.log1p(-drawn)).mean(axis=1) for k in attempts], axis=1), attempts)
    counts = np.arange(int(made) + 1.0)
    solved = np.stack([-np.expm1(_log_choose(made - counts, k) - _log_choose(made, k)) for k in attempts])
    won = generator.binomial(int(made), drawn)
    return interval(np.stack([own[won].mean(axis=1) for own in solved], axis=1), attempts)


def _log_choose(n, k):
    """ln n! / (n - k)!, -inf where k > n."""
    return np.where(k > n, -np.inf, special.gammaln(n + 1) - special.gammaln(np.maximum(n - k, 0) + 1))


def success(posterior, kernel, size, generator):
    """Success probabilities [n, size] of problems whose likelihood is one row [1 + cells], even within each cell."""
    cumulated = np.cumsum(np.maximum(posterior.mixing * kernel, 1e-300), axis=1)
    cumulated /= cumulated[:, -1:]
    draws, width = cumulated.shape
    start = np.arange(draws)[:, None]
    places = np.searchsorted((cumulated + start).ravel(), generator.random((draws, size)) + start, side="right")
    cells = (places - width * start).clip(0, width - 1)
    odds = np.append(-np.inf, mixtures.ODDS)[cells] + mixtures.STEP * (generator.random(cells.shape) - 0.5)
    return special.expit(odds)


def weighted_quantiles(values, weight, levels=LEVELS):
    """Quantiles of weighted values [n]."""
    order = np.argsort(values)
    cumulated = np.cumsum(weight[order])
    return values[order][np.searchsorted(cumulated, np.array(levels) * cumulated[-1]).clip(0, len(values) - 1)]


def curve_grid(most):
    """Numbers of attempts, whole, even on a log scale, from 1 to the most there are."""
    return np.unique(np.round(np.geomspace(1, most, _GRID)))


def attempts_grid(most, per_decade):
    """Whole numbers of attempts from 1 to the most, so many a decade."""
    count = int(np.ceil(per_decade * np.log10(most))) + 1
    return np.unique(np.round(np.geomspace(1, most, max(count, 2))))
