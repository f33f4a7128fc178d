"""What a pilot leaves of the success probabilities of problems: of its own ones, and of new ones of the same kind."""

from typing import NamedTuple

import numpy as np

from sim.calibration.prediction import NODES, weighted_quantiles


class Problems(NamedTuple):
    """Draws of the laws: weight [n], adding up to 1, and where s lies on average over problems, mixing [n, 1 + cells].

    valued: the same with every problem counted by its weight (mean 1); mixing itself where all count alike.
    groups: of problems with the same counts, where s of each lies, [groups, 1 + cells], None for new ones.
    size, weighed, square: problems in each group, and the sums of their weights and of the squares of these; of new
    ones: none.
    """

    weight: np.ndarray
    mixing: np.ndarray
    valued: np.ndarray
    groups: np.ndarray | None = None
    size: np.ndarray | None = None
    weighed: np.ndarray | None = None
    square: np.ndarray | None = None

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


class Told(NamedTuple):
    """A mean and its 90 % interval, each a number or [k]."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def new(average):
    """New problems of the same kind, of all there are."""
    return Problems(average.weight, average.mixing, average.mixing)


def these(average, likelihood, weights=None):
    """The problems of a pilot, each s drawn from what its counts leave of the law.

    weights: how much each problem counts, [problems], None: all alike.
    """
    chance = np.maximum(average.mixing @ likelihood.kernel.T, 1e-300)
    groups = ((average.weight[:, None] / chance).T @ average.mixing) * likelihood.kernel
    groups /= groups.sum(axis=1, keepdims=True)
    size, total = likelihood.problems, likelihood.problems.sum()

    def over(shares):
        mixed = average.mixing * ((shares / chance) @ likelihood.kernel)
        return mixed / mixed.sum(axis=1, keepdims=True)

    mixing = over(size / total)
    if weights is None:
        return Problems(average.weight, mixing, mixing, groups, size, size, size)
    relative = np.asarray(weights, float) / np.max(weights)  # first, so that no sum of them is too large
    relative /= relative.mean()
    weighed, square = (np.bincount(likelihood.row, relative**power, len(size)) for power in (1, 2))
    return Problems(average.weight, mixing, over(weighed / total), groups, size, weighed, square)


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


def told(problems, means, variance, kind="real"):
    """Told of a quantity with means [n, k] at each draw and a variance [k] about them.

    kind: "share", between 0 and 1, whose smaller side is log-normal about its mean; "money", >= 0, or "real", normal.
    """
    found = [_told(problems.weight, mean, own, kind) for mean, own in zip(means.T, variance, strict=True)]
    return Told(*np.array(found).T.reshape(3, -1))


def values(mean, variance, kind="real"):
    """Equally likely values [n, nodes] of a quantity with means [n] and a variance about each of them."""
    if kind != "share":
        drawn = mean[:, None] + np.sqrt(variance) * NODES
        return np.maximum(drawn, 0) if kind == "money" else drawn
    small = np.minimum(mean, 1 - mean).clip(1e-15)
    width = np.log1p(variance / small**2)[:, None]
    side = np.minimum(small[:, None] * np.exp(np.sqrt(width) * NODES - width / 2), 1)
    return np.where((mean < 0.5)[:, None], side, 1 - side)


def _told(weight, mean, variance, kind):
    drawn = values(mean, variance, kind) if variance > 0 else mean[:, None]
    each = np.repeat(weight / drawn.shape[1], drawn.shape[1])
    low, high = weighted_quantiles(drawn.ravel(), each, (0.05, 0.95))
    return weight @ mean, low, high
