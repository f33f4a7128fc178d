"""The number of attempts with the largest net value, what is as good, what it buys, and what deciding now may cost."""

from typing import NamedTuple

import numpy as np

from sim.calibration.prediction import weighted_quantiles
from sim.decision import outcomes
from sim.decision.amounts import exceeds
from sim.decision.problems import Estimate, Share, estimate, share, spread, spread_net

_ALL, _PER_DECADE = 64, 40  # all numbers of attempts up to here, then so many a decade: 6 % apart, and the top is flat

_NOTHING = 1e-9  # of the net value: far less than what a step of the grid makes of it at the top


class Decision(NamedTuple):
    """attempts: k with the largest mean net value.  low, high: those that lose less than the share asked for.

    best_low, best_high: 90 % interval of the best k, were it known how hard these problems are; of new ones, the law.
    solved, wrong: Share of problems at k; cost, net: Estimate of a problem.  regret: what knowing that would add to the
    net value of a problem, on average.  at_hand: the mean of the best net value, were it known. Both take that from a
    grid 6 % apart, so that they are too small by some 1e-4 of the net value at most.  capped: whether no more attempts
    are allowed, while another would pay.
    """

    attempts: int
    low: int
    high: int
    best_low: int
    best_high: int
    solved: Share
    wrong: Share
    cost: Estimate
    net: Estimate
    regret: float
    at_hand: float
    capped: bool

    @property
    def share(self):
        """Regret, as a share of the achievable value."""
        return self.regret / self.at_hand if self.at_hand > 0 else 0.0


class Curves(NamedTuple):
    """Over attempts [k]: Share solved, Estimate of what a problem comes to; gain: Estimate of an attempt more.

    gain: for an unsolved problem where attempts end with success, for any problem where all are paid; price: of it.
    """

    attempts: np.ndarray
    solved: Share
    cost: Estimate
    net: Estimate
    gain: Estimate
    price: float


def whole_grid(most, *more):
    """Whole numbers from 0 to the most, and those besides: all small ones, then even on a log scale."""
    decades = np.log10(max(most / _ALL, 1))
    large = np.round(np.geomspace(_ALL, max(most, _ALL), int(np.ceil(_PER_DECADE * decades)) + 1))
    grid = np.unique(np.concatenate([np.arange(_ALL), large, np.asarray(more, float)]))
    return grid[grid <= most]


def net(problems, prices, attempts):
    """Net value [n, k] of a problem at each draw."""
    found = outcomes.outcomes(prices, attempts)
    return problems.valued @ found.worth - problems.mixing @ found.cost


def gross(problems, prices, attempts):
    """What right answers are worth, [n, k]: the largest of what makes up the net value, where that is above 0."""
    return prices.value * (problems.valued @ outcomes.outcomes(prices, attempts).right)


def gain(problems, prices, attempts):
    """What attempt k + 1 is worth, [n, k]: of a problem, or of one without an accepted answer where these end it.

    all paid: E[(V s t - W (1-s) f) q^k];     sequential: the same over E[q^k],  q = 1 - a
    """
    own = outcomes.trial(prices)
    # A factor common to both means, which would vanish where all problems are easy.
    logs = own.log_refused - (own.log_refused.max() if prices.sequential else 0)
    left = np.exp(np.outer(logs, np.asarray(attempts, float)))
    worth = problems.valued @ (own.gain[:, None] * left)
    return worth / np.maximum(problems.mixing @ left, 1e-300) if prices.sequential else worth


def pays(problems, prices, attempts):
    """Whether attempt k + 1 is worth more than its price, [n, k]."""
    gross = gain(problems, prices._replace(wrong=0.0), attempts)
    return exceeds(gain(problems, prices, attempts), prices.each, gross)


def decide(problems, prices, loss):
    """Decision for problems; loss: share of the best net value that makes no difference."""
    mean = problems.on_average
    grid = whole_grid(prices.most)
    best = _refined(mean, prices, grid)
    low, high = _as_good(mean, prices, whole_grid(prices.most, best), best, loss)
    grid = whole_grid(prices.most, best)
    each = net(problems.known, prices, grid)
    tops = each.max(axis=1)
    flat = ~exceeds(tops[:, None], each, gross(problems.known, prices, grid))  # of equal ones, the first
    ends = weighted_quantiles(grid[flat.argmax(axis=1)], problems.weight, (0.05, 0.95))
    at = _at(problems, prices, np.array([float(best)]))
    chosen = each[:, np.searchsorted(grid, best)]
    return Decision(
        best,
        low,
        high,
        *(int(end) for end in ends),
        *(type(one)(*(float(x[0]) for x in one)) for one in at),
        float(problems.weight @ (tops - chosen)),
        float(problems.weight @ tops),
        bool(best == prices.most and pays(mean, prices, [best])[0, 0]),
    )


def curves(problems, prices, attempts):
    """Curves at whole numbers of attempts."""
    ks = np.asarray(attempts, float)
    solved, _, cost, worth = _at(problems, prices, ks)
    return Curves(
        ks, solved, cost, worth, estimate(problems, gain(problems, prices, ks), np.zeros(len(ks))), prices.each
    )


def _at(problems, prices, ks):
    """Share of solved and wrong, Estimate of cost and net at [k]."""
    found = outcomes.outcomes(prices, ks)
    cost = estimate(problems, problems.mixing @ found.cost, spread(problems, found.cost, found.cost_square), least=0.0)
    worth = estimate(problems, net(problems, prices, ks), spread_net(problems, found))
    return share(problems, found.right), share(problems, found.wrong), cost, worth


def _refined(mean, prices, grid):
    """The best whole number between the neighbours of the best one of a grid; 0 where no attempt pays.

    Where nothing is left to be gained, the first from which on that is so.
    """
    found, size = net(mean, prices, grid)[0], gross(mean, prices, grid)[0]
    place, least = int(found.argmax()), found.max() - _NOTHING * abs(found.max())

    def less(k):
        return exceeds(least, net(mean, prices, [k])[0, 0], size[place])

    first = int(np.argmin(exceeds(least, found, size[place])))
    if 0 < first < place:
        return smallest(lambda k: not less(k), grid[first - 1] + 1, grid[first])
    low, high = grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)]
    best = smallest(lambda k: not pays(mean, prices, [k])[0, 0], max(low, 1.0), max(high, 1.0))
    found, size = (of(mean, prices, [best])[0, 0] for of in (net, gross))
    return int(best) if exceeds(found, 0, size) else 0


def _as_good(mean, prices, grid, best, loss):
    """First and last number about the best one that lose less than a share of the best net value."""
    if best == 0:
        return 0, 0
    found = net(mean, prices, grid)[0]
    place = int(np.searchsorted(grid, best))
    least, size = (1 - loss) * found[place], gross(mean, prices, [best])[0, 0]

    def bad(k):
        return exceeds(least, net(mean, prices, [k])[0, 0], size)

    less = exceeds(least, found, size)
    below, above = np.flatnonzero(less[:place]), place + 1 + np.flatnonzero(less[place + 1 :])
    low = smallest(lambda k: not bad(k), grid[below[-1]], grid[below[-1] + 1]) if len(below) else grid[0]
    high = smallest(bad, grid[above[0] - 1], grid[above[0]]) - 1 if len(above) else grid[-1]
    return int(low), int(high)


def smallest(enough, low, high):
    """Smallest whole number from low to high at which a condition holds that, once true, stays true; high if none."""
    low, high = int(low), int(high)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
