"""A budget for a whole suite: the most that it can buy."""

from typing import NamedTuple

import numpy as np

from sim.decision import outcomes, stopping
from sim.decision.amounts import exceeds
from sim.decision.problems import share


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
    (solved,) = share(problems, outcomes.outcomes(prices, [k]).right).median
    cost = min(money(k), total)
    return Allotment(number, np.array([k]), np.array([number]), float(solved), float(cost), float(hazard), binds)


def by_counts(problems, prices, total):
    """Allotment of attempts to the problems of a pilot, by their counts, each ended by its first accepted answer.

    Every group goes on while what the next attempt is worth for its price is above a threshold, the same for all:
    steps of attempts are bought in the order of worth for money until the money is spent, or another does not pay.
    Steps are single attempts for small numbers, then 6 %, so that up to a step of one group is left of the money.
    """
    grid = stopping.whole_grid(prices.most)
    worth, cost = _steps(problems, prices, grid)
    ratio = _ratio(worth, cost)
    order = np.argsort(-ratio, axis=None, kind="stable")
    falling = ratio.ravel()[order]
    pays = exceeds(falling, 1)
    spent = np.cumsum((cost * problems.size[:, None]).ravel()[order])
    bought = order[pays & ~exceeds(spent, total)]
    reached = np.bincount(bought // ratio.shape[1], minlength=len(cost))
    found = problems.groups @ outcomes.outcomes(prices, grid).right
    solved = problems.size @ found[np.arange(len(cost)), reached] / problems.size.sum()
    money = problems.size @ cost.sum(axis=1, where=np.arange(cost.shape[1]) < reached[:, None])
    binds = len(bought) < np.count_nonzero(pays)
    hazard = max(falling[min(len(bought), ratio.size - 1)], 1.0) * prices.each / prices.value
    number = problems.size.sum()
    return Allotment(
        number, grid[reached], problems.size, float(solved), float(min(money, total)), float(hazard), bool(binds)
    )


def _steps(problems, prices, grid):
    """What each step of a grid adds, [groups, steps] each: worth, a problem counted by its weight, and cost.

    Not as differences of totals: these lose all digits where hardly a problem is left.
    """
    own, steps = outcomes.trial(prices), np.diff(grid)
    ended = -np.expm1(np.outer(own.log_refused, steps))
    safe = np.where(own.accepted > 0, own.accepted, 1.0)[:, None]
    made = outcomes.remaining(own, grid[:-1]) * np.where(own.accepted[:, None] > 0, ended / safe, steps)
    cost = prices.each * (problems.groups @ made)
    cost[:, 0] += prices.setup
    weight = (problems.weighed / problems.size)[:, None]
    return weight * (problems.groups @ (own.gain[:, None] * made)), cost


def _ratio(worth, cost):
    """Worth for money of each step [groups, steps], falling: the first steps, which bear what is fixed, together."""
    ratio = worth / np.maximum(cost, 1e-300)
    mean = np.cumsum(worth, axis=1) / np.cumsum(cost, axis=1)
    together = np.arange(ratio.shape[1]) <= mean.argmax(axis=1)[:, None]
    return np.minimum.accumulate(np.where(together, mean.max(axis=1, keepdims=True), ratio), axis=1)
