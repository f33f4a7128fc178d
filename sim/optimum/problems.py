"""What a pilot leaves of the success probabilities of problems: of its own ones, and of new ones of the same kind."""

from typing import NamedTuple

import numpy as np

from sim.calibration.prediction import NODES, weighted_quantiles


class Problems(NamedTuple):
    """Draws of the laws: weight [n], adding up to 1, and where s lies on average over problems, mixing [n, 1 + cells].

    valued: the same with every problem counted by its weight (mean 1); mixing itself where all count alike.
    groups: of problems with the same counts, where s of each lies, [groups, 1 + cells], None for new ones.
    size, square: problems in each group, and the sum of their squared weights; of new ones: none.
    """

    weight: np.ndarray
    mixing: np.ndarray
    valued: np.ndarray
    groups: np.ndarray | None = None
    size: np.ndarray | None = None
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
        return Problems(average.weight, mixing, mixing, groups, size, size)
    relative = np.asarray(weights, float) / np.mean(weights)
    of = np.bincount(likelihood.row, relative, len(size))
    square = np.bincount(likelihood.row, relative**2, len(size))
    return Problems(average.weight, mixing, over(of / total), groups, size, square)


def spread(problems, first, second, weighed=False):
    """Variance [k] of the mean over these problems of what is known by mean and mean square [1 + cells, k] given s.

    Problems are independent given the law. weighed: whether each counts by its weight. 0 for new problems, of all
    there are.
    """
    if problems.groups is None:
        return np.zeros(first.shape[1])
    square = problems.groups @ second
    own = square - (problems.groups @ first) ** 2
    own[own < 1e-12 * square] = 0  # rounding
    counted = problems.square if weighed else problems.size
    return counted @ own / problems.size.sum() ** 2


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
