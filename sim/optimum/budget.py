"""A budget for a whole suite: the most that it can buy."""

from typing import NamedTuple

import numpy as np

from sim.optimum import outcomes, stopping
from sim.optimum.amounts import exceeds


class Allotment(NamedTuple):
    """What a budget buys. problems: in the suite.  attempts: [groups], most attempts at a problem of each group.

    size: problems in each group.  solved: share of the suite.  cost: mean of the whole suite.  hazard: worth of the
    next attempt, of the value of a problem, at which attempts end, the same everywhere: none above it is left undone.
    binds: whether more money would buy more that pays.
    """

    problems: float
    attempts: np.ndarray
    size: np.ndarray
    solved: float
    cost: float
    hazard: float
    binds: bool


def uniform(problems, prices, best, number, total):
    """Allotment of one k to all of so many problems: the best one, or the most the budget pays for.

    best: k with the largest net value.  number: of problems.  total: of money.
    """
    mean = problems.mean

    def money(k):
        return number * (mean @ outcomes.outcomes(prices, [k]).cost[:, 0])

    binds = bool(exceeds(money(best), total))
    k = stopping.smallest(lambda k: exceeds(money(k), total), 0, best) - 1 if binds else best
    hazard = stopping.gain(problems.on_average, prices, [k])[0, 0] / prices.value
    solved = mean @ outcomes.outcomes(prices, [k]).right[:, 0]
    return Allotment(number, np.array([k]), np.array([number]), float(solved), float(money(k)), float(hazard), binds)


def by_counts(problems, prices, total):
    """Allotment of attempts to the problems of a pilot, by their counts, each ended by its first accepted answer.

    Every group goes on while what the next attempt is worth for its price is above a threshold, the same for all:
    steps of attempts are bought in the order of worth for money until the money is spent, or another does not pay.
    Steps are single attempts for small numbers, then 6 %, so that up to a step of one group is left of the money.
    """
    grid = stopping.whole_grid(prices.most)
    found = outcomes.outcomes(prices, grid)
    weight = problems.square / problems.size if problems.square is not None else 1.0
    worth = (problems.groups @ (prices.value * found.right - prices.wrong * found.wrong)) * np.reshape(weight, (-1, 1))
    cost = problems.groups @ found.cost
    step_cost = np.diff(cost, axis=1) * problems.size[:, None]
    ratio = _ratio(worth, cost)
    order = np.argsort(-ratio, axis=None, kind="stable")
    pays = exceeds(ratio.ravel()[order], 1)
    spent = np.cumsum(step_cost.ravel()[order])
    bought = order[pays & ~exceeds(spent, total)]
    group = bought // ratio.shape[1]
    reached = np.bincount(group, minlength=len(cost))
    rows = np.arange(len(cost))
    solved = problems.size @ (problems.groups @ found.right)[rows, reached] / problems.size.sum()
    money = problems.size @ cost[rows, reached]
    ends = ratio.ravel()[order][min(len(bought), ratio.size - 1)]
    binds = bool(pays[min(len(bought), ratio.size - 1)])
    hazard = max(ends, 1.0) * prices.each / prices.value
    number = problems.size.sum()
    return Allotment(number, grid[reached], problems.size, float(solved), float(money), float(hazard), binds)


def _ratio(worth, cost):
    """Worth for money of each step [groups, steps], falling: the first steps, which bear what is fixed, together."""
    ratio = np.diff(worth, axis=1) / np.maximum(np.diff(cost, axis=1), 1e-300)
    mean = (worth[:, 1:] - worth[:, :1]) / np.maximum(cost[:, 1:], 1e-300)
    together = np.arange(ratio.shape[1]) <= mean.argmax(axis=1)[:, None]
    return np.minimum.accumulate(np.where(together, mean.max(axis=1, keepdims=True), ratio), axis=1)
