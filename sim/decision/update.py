"""What the counts of a single problem say of it: how likely the next attempt solves it, and how many more pay."""

from typing import NamedTuple

import numpy as np

from sim.calibration import mixtures
from sim.calibration.prediction import weighted_quantiles
from sim.decision import outcomes, stopping
from sim.decision.problems import Problems


class Updates(NamedTuple):
    """Of problems with the same counts, [groups]: those unsolved in the pilot, fewest attempts first.

    attempts: in the pilot, without success.  problems: how many.  success: mean of s.  low, high: its 90 % interval.
    further: how many more attempts pay.  solved: probability that these solve it.  cost: what they cost on average.
    """

    attempts: np.ndarray
    problems: np.ndarray
    success: np.ndarray
    low: np.ndarray
    high: np.ndarray
    further: np.ndarray
    solved: np.ndarray
    cost: np.ndarray


def updates(problems, likelihood, attempts, successes, prices, most):
    """Updates for the unsolved problems of a pilot with these attempts and successes, [problems].

    What is fixed for a problem counts as spent. most: groups shown; where more problems differ, the next ones are left
    to the group of the nearest number of attempts.
    """
    unsolved = np.flatnonzero(np.asarray(successes) == 0)
    further = prices._replace(setup=0.0)
    own, row, number = np.unique(likelihood.row[unsolved], return_index=True, return_counts=True)
    made = np.asarray(attempts, float)[unsolved[row]]
    order = np.argsort(made)
    own, number, made = own[order], number[order], made[order]
    chosen = np.unique(np.round(np.linspace(0, len(own) - 1, min(most, len(own)))).astype(int)) if len(own) else []
    nearest = np.abs(np.log(made[:, None] / made[chosen])).argmin(axis=1) if len(own) else []
    rows = [
        _update(problems.groups[own[place]], made[place], number[nearest == index].sum(), further)
        for index, place in enumerate(chosen)
    ]
    return (
        Updates(*(np.array(column, float) for column in zip(*rows, strict=True)))
        if rows
        else Updates(*(np.zeros(0) for _ in Updates._fields))
    )


def _update(where, made, number, prices):
    low, high = weighted_quantiles(outcomes.SUCCESS, where, (0.05, 0.95))
    alone = Problems(np.ones(1), where[None], where[None])
    found = stopping.decide(alone, prices, 0.0)
    return (
        *(made, number, where @ outcomes.SUCCESS, low, high),
        *(found.attempts, float(found.solved.median), float(found.cost.mean)),
    )


def hazard(posterior, attempts, successes):
    """Mean success of the next attempt at a problem with these counts, on average over the laws' parameters."""
    kernel = mixtures.of_counts([attempts], [successes]).kernel[0]
    chance = posterior.mixing @ kernel
    return float(posterior.weight @ ((posterior.mixing * kernel) @ outcomes.SUCCESS / chance))
