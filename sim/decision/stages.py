"""Attempts in stages: try, look, go on with what is unsolved, until another attempt is not worth its price."""

from typing import NamedTuple

import numpy as np

from sim.decision import outcomes, stopping
from sim.decision.amounts import exceeds
from sim.decision.problems import share

_HARDLY = 1e-6  # share of the problems


class Stages(NamedTuple):
    """Of a problem, after each stage, [stages].

    attempts: made by then at a problem without an accepted answer.  solved: probability of a right answer accepted.
    left: of none accepted.  cost: mean money spent by then, all attempts of a stage paid.  gain: what attempt
    `attempts` + 1 would be worth, where none is accepted yet, and price: what it costs, both in money.  hazard: gain,
    of the value of a problem.
    """

    attempts: np.ndarray
    solved: np.ndarray
    left: np.ndarray
    cost: np.ndarray
    hazard: np.ndarray
    gain: np.ndarray
    price: float


def stages(problems, prices, most):
    """Stages after which attempts have doubled, the last ending where value times hazard falls below the price.

        h(k) = E[s (1-s)^k] / E[(1-s)^k]      mean success of what k attempts left unsolved; beta / (alpha + beta + k)
                                              for the Beta law of Levi 2024 (arXiv 2410.16377)

    With a verifier that errs, s stands for what is gained, and 1 - s for not being accepted.
    The last is never so late that hardly a problem gets there, and no later than the best number of attempts that are
    all paid where ending there is worth more.
    most: number of stages; where so many doublings do not reach that far, all grow by a larger factor.
    Empty where not even the first attempt pays.
    """
    after = prices._replace(sequential=True)
    lasts = {_reached(problems, after, stopping.decide(problems, own, 0.0).attempts) for own in (after, prices)} - {0}
    if not lasts:
        return Stages(*(np.zeros(0) for _ in range(6)), prices.each)
    first, *more = (_until(problems, after, last, most) for last in sorted(lasts))
    return next((plan for plan in more if _better(problems, after, plan, first)), first)


def _reached(problems, prices, last):
    """The last attempt, or the first that hardly a problem is left for."""
    own = outcomes.trial(prices)
    return stopping.smallest(
        lambda k: problems.mean @ outcomes.remaining(own, [k])[:, 0] <= _HARDLY, min(last, 1), last
    )


def _until(problems, prices, last, most):
    own = outcomes.trial(prices)
    growth = max(2.0, last ** (1 / most))
    ends = np.unique(np.ceil(last / growth ** np.arange(most) * (1 - 1e-12)))
    found = outcomes.outcomes(prices, ends)
    remaining = outcomes.remaining(own, ends)
    left = problems.mean @ remaining
    reached = np.concatenate([[1.0], left[:-1]])  # who takes part in a stage
    cost = prices.setup + prices.each * np.cumsum(reached * np.diff(ends, prepend=0))
    gain = stopping.gain(problems.on_average, prices, ends)[0]
    solved, unsolved = (share(problems, chance).median for chance in (found.right, remaining))
    return Stages(ends, solved, unsolved, cost, gain / prices.value, gain, prices.each)


def _better(problems, prices, plan, other):
    """Whether the net value of a problem is larger under a plan than under another."""
    ends = np.array([plan.attempts[-1], other.attempts[-1]])
    found = outcomes.outcomes(prices, ends)
    worth = problems.mean_valued @ found.worth
    gross = stopping.gross(problems.on_average, prices, ends)[0].max()
    return exceeds(worth[0] - plan.cost[-1], worth[1] - other.cost[-1], gross)
