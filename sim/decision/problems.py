"""What a pilot leaves of the success probabilities of problems: of its own ones, and of new ones of the same kind."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import mixtures, prediction, quantities
from sim.calibration.prediction import weighted_quantiles
from sim.draw import seeds

NODES = special.ndtri((np.arange(15) + 0.5) / 15)  # of a normal distribution


class Problems(NamedTuple):
    """Draws of the laws: weight [n], adding up to 1, and where s lies on average over problems, mixing [n, 1 + cells].

    valued: the same with every problem counted by its weight (mean 1); mixing itself where all count alike.
    groups: of problems with the same counts, where s of each lies, [groups, 1 + cells], None for new ones.
    size, weighed, square: problems in each group, and the sums of their weights and of the squares of these; of new
    ones: none.
    shares: from chances given where s lies [1 + cells, k] to draws [n, k] of the share of problems for which it
    happens (prediction), None where the laws are not those of a pilot.  weighed_shares: of their weight.
    laid, laid_valued: as mixing and valued, where these very problems lie, each put somewhere by its counts: one draw
    for each law. None for new ones, where the law is all that can be known.
    """

    weight: np.ndarray
    mixing: np.ndarray
    valued: np.ndarray
    groups: np.ndarray | None = None
    size: np.ndarray | None = None
    weighed: np.ndarray | None = None
    square: np.ndarray | None = None
    shares: Callable | None = None
    weighed_shares: Callable | None = None
    laid: np.ndarray | None = None
    laid_valued: np.ndarray | None = None

    @property
    def known(self):
        """All that could be known of these problems: the law, and where each of them lies."""
        return self if self.laid is None else self._replace(mixing=self.laid, valued=self.laid_valued)

    @property
    def mean(self):
        """Where s lies, [1 + cells], over all draws."""
        return self.weight @ self.mixing

    @property
    def mean_valued(self):
        """As mean, every problem counted by its weight."""
        return self.weight @ self.valued

    @property
    def on_average(self):
        """The same with the mean over all draws for the only one."""
        mean, valued = self.mean[None], self.mean_valued[None]
        return self._replace(weight=np.ones(1), mixing=mean, valued=valued)


class Share(NamedTuple):
    """A median and its 90 % interval, each a number or [k]: what calibrate says of a share."""

    median: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Estimate(NamedTuple):
    """A mean and its 90 % interval, each a number or [k]."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def new(posterior, number=None):
    """New problems of the same kind: what is decided is for all there are; shares are of so many, if any."""
    shares = partial(prediction.new_shares, posterior, problems=number)
    return Problems(posterior.weight, posterior.mixing, posterior.mixing, shares=shares)


def these(posterior, likelihood, weights=None):
    """The problems of a pilot, each s drawn from what its counts leave of the law.

    weights: how much each problem counts, [problems], None: all alike.
    """
    chance = np.maximum(posterior.mixing @ likelihood.kernel.T, 1e-300)
    groups = ((posterior.weight[:, None] / chance).T @ posterior.mixing) * likelihood.kernel
    groups /= groups.sum(axis=1, keepdims=True)
    size, total = likelihood.problems, likelihood.problems.sum()

    def over(shares):
        mixed = posterior.mixing * ((shares / chance) @ likelihood.kernel)
        return mixed / mixed.sum(axis=1, keepdims=True)

    mixing, shares = over(size / total), partial(prediction.shares, posterior, likelihood)
    if weights is None:
        laid, _ = _laid(posterior, likelihood, size, size)
        return Problems(posterior.weight, mixing, mixing, groups, size, size, size, shares, None, laid, laid)
    relative = np.asarray(weights, float) / np.max(weights)  # first, so that no sum of them is too large
    relative /= relative.mean()
    weighed, square = (np.bincount(likelihood.row, relative**power, len(size)) for power in (1, 2))
    return Problems(posterior.weight, mixing, over(weighed / total), groups, size, weighed, square, shares,
                    partial(shares, weights=relative), *_laid(posterior, likelihood, weighed, square))  # fmt: skip


def _laid(posterior, likelihood, weighed, square):
    """(mixing, mixing by weight), each [n, 1 + cells]: where the problems lie at one draw for each law.

    weighed, square: as of Problems. Problems with the same counts stand for as many of equal weight as scatter as much.
    """
    known, generator = mixtures.condensed(likelihood), seeds.generator(0, f"laid {len(likelihood.row)}")
    rows = np.zeros(len(likelihood.problems), int)
    rows[likelihood.row] = known.row
    weighed, square = (np.bincount(rows, own, len(known.problems)) for own in (weighed, square))
    equal = np.where(weighed > 0, np.round(weighed**2 / np.maximum(square, 1e-300)), known.problems).astype(int)
    both = np.zeros((2, *posterior.mixing.shape))
    for kernel, *sums, number in zip(known.kernel, known.problems, weighed, equal, strict=True):
        alike = known._replace(kernel=kernel[None], problems=number[None])
        lie = quantities.of_these(posterior.mixing, alike, generator)
        for own, total in zip(both, sums, strict=True):
            own += lie * (total / number)
    return both / len(likelihood.row)


def spread(problems, first, second):
    """Variance [k] of the mean over these problems of what is known by mean and mean square [1 + cells, k] given s.

    Problems are independent given the law. 0 for new problems, of all there are.
    """
    if problems.groups is None:
        return np.zeros(first.shape[1])
    return problems.size @ _covariance(problems, first, first, second) / problems.size.sum() ** 2


def spread_net(problems, found):
    """The same of the net value, of outcomes found: what a problem is worth counts by its weight w, its cost does not.

    sum over problems of Var(w worth - cost) = w^2 Var(worth) - 2 w Cov(worth, cost) + Var(cost)
    """
    if problems.groups is None:
        return np.zeros(found.cost.shape[1])
    worth = _covariance(problems, found.worth, found.worth, found.worth_square)
    cost = _covariance(problems, found.cost, found.cost, found.cost_square)
    both = np.where(cost > 0, _covariance(problems, found.worth, found.cost, found.worth_cost), 0.0)
    total = problems.square @ worth - 2 * problems.weighed @ both + problems.size @ cost
    return np.maximum(total, 0) / problems.size.sum() ** 2


def _covariance(problems, one, other, product):
    """Covariance [groups, k] of two quantities, by the means of both and of their product [1 + cells, k] given s."""
    mean = problems.groups @ product
    own = mean - (problems.groups @ one) * (problems.groups @ other)
    own[np.abs(own) < 1e-12 * np.abs(mean)] = 0  # rounding
    return own


def share(problems, chance):
    """Share of problems for which something happens, from its chance given where s lies, [1 + cells, k].

    The same draws, and so the same digits, as calibrate's.
    """
    return _share(problems.mixing @ chance if problems.shares is None else problems.shares(chance))


def weighed_share(problems, chance):
    """Share of their weight, as `share`."""
    return _share(problems.valued @ chance if problems.weighed_shares is None else problems.weighed_shares(chance))


def _share(drawn):
    low, _, median, _, high = prediction.interval(drawn, None).quantiles.T
    return Share(median, low, high)


def estimate(problems, means, variance, least=-np.inf):
    """Estimate of a quantity with means [n, k] at each draw, variance [k] about them: normal, none below the least."""
    found = [_estimate(problems.weight, mean, own, least) for mean, own in zip(means.T, variance, strict=True)]
    return Estimate(*np.array(found).T.reshape(3, -1))


def values(mean, variance):
    """Equally likely values [n, nodes] of a normal quantity with means [n] and a variance about each of them."""
    return mean[:, None] + np.sqrt(variance) * NODES


def _estimate(weight, mean, variance, least):
    drawn = np.maximum(values(mean, variance), least) if variance > 0 else mean[:, None]
    each = np.repeat(weight / drawn.shape[1], drawn.shape[1])
    low, high = weighted_quantiles(drawn.ravel(), each, (0.05, 0.95))
    return weight @ mean, low, high
