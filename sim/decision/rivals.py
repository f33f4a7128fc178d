"""Two models, or a better one that is yet to be found: where money buys more."""

from typing import NamedTuple

import numpy as np

from sim.decision import outcomes, stopping
from sim.decision.amounts import exceeds, rounding
from sim.decision.problems import share, spread_net, values


class Row(NamedTuple):
    """One model used with k attempts. what: key of the report's words.  model: 0 or 1."""

    what: str
    model: int
    attempts: int
    solved: float
    cost: float
    net: float


class Rivals(NamedTuple):
    """rows: of Row.  better: probability that the second model at its best is worth more than the first at its best.

    gain: how much more it is worth, a problem, on average.
    """

    rows: list
    better: float
    gain: float


def compare(first, second, decisions):
    """Rivals of two models, each (Problems, Prices), with their decisions."""
    (own, own_prices), (other, other_prices) = first, second
    best = [_row("best", model, *both, decision.attempts) for model, (both, decision) in
            enumerate(zip((first, second), decisions, strict=True))]  # fmt: skip
    rows = [
        *best,
        _row("spend of the other", 0, own, own_prices, _affordable(own, own_prices, best[1].cost)),
        _row("spend of the other", 1, other, other_prices, _affordable(other, other_prices, best[0].cost)),
        _row("once", 1, other, other_prices, 1),
    ]
    rows.append(_row("spend of once", 0, own, own_prices, _affordable(own, own_prices, rows[-1].cost)))
    drawn = [_drawn(*both, decision.attempts) for both, decision in zip((first, second), decisions, strict=True)]
    return Rivals(rows, _above(drawn[1], drawn[0]), best[1].net - best[0].net)


def _row(what, model, problems, prices, k):
    found = outcomes.outcomes(prices, [k])
    net = problems.weight @ stopping.net(problems, prices, [k])[:, 0]
    (right,), cost = share(problems, found.right).median, problems.mean @ found.cost[:, 0]
    return Row(what, model, int(k), float(right), float(cost), float(net))


def _affordable(problems, prices, money):
    """Most attempts at a problem whose mean cost is at most so much money."""

    def too_dear(k):
        return exceeds(problems.mean @ outcomes.outcomes(prices, [k]).cost[:, 0], money)

    return stopping.smallest(too_dear, 0, prices.most + 1) - 1


def _drawn(problems, prices, k):
    """Values of the net value of these problems, and their weights."""
    (variance,) = spread_net(problems, outcomes.outcomes(prices, [k]))
    drawn = values(stopping.net(problems, prices, [k])[:, 0], variance)
    return drawn.ravel(), np.repeat(problems.weight / drawn.shape[1], drawn.shape[1])


def _above(one, other):
    """Probability that one is above the other, independent of it; half of it where they are equal."""
    (x, weight), (y, own) = one, other
    order = np.argsort(y)
    below = np.append(0.0, np.cumsum(own[order]))
    below /= below[-1]
    slack = rounding(np.abs(x))
    ends = np.searchsorted(y[order], x - slack, "left"), np.searchsorted(y[order], x + slack, "right")
    return float(weight @ sum(below[end] for end in ends) / 2)


def break_even(net, value, price, factors):
    """Pass@1 at which a model that is asked once, at so many times the price, is worth as much: [factors].

        x = (net + factor price) / value                  above 1 there is no such model

    net: value of the best number of attempts with the present one.
    """
    return (net + np.asarray(factors, float) * price) / value
