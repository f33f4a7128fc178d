"""Shares of the weight of problems that are solved, where some problems count more than others; and what stages net."""

from sim.decision import outcomes
from sim.decision.problems import Share, weighed_share


def solved(problems, prices, attempts):
    """Share [k] of all weight on problems that k attempts solve."""
    return weighed_share(problems, outcomes.outcomes(prices, attempts).right)


def at(problems, prices, attempts):
    """The same at one number of attempts, a Share of numbers."""
    return Share(*(float(end[0]) for end in solved(problems, prices, [attempts])))


def allotted(problems, prices, allotment):
    """Share of all weight that an Allotment solves: of one k to all the median, of attempts to each group the mean."""
    right = outcomes.outcomes(prices, allotment.attempts).right
    if len(allotment.attempts) == 1:
        return float(weighed_share(problems, right).median[0])
    return float(problems.weighed @ (problems.groups * right.T).sum(axis=1) / problems.weighed.sum())


def net(problems, prices, plan):
    """Net value of a problem under a plan of stages, 0 without any."""
    if not len(plan.attempts):
        return 0.0
    found = outcomes.outcomes(prices, plan.attempts[-1:])
    worth = prices.value * found.right - prices.wrong * found.wrong
    return float(problems.mean_valued @ worth[:, 0] - plan.cost[-1])
