"""The pass@k that a pilot shows, with its standard error over problems and attempts, as far as it reaches."""

from typing import NamedTuple

import numpy as np

from sim.calibration import mixtures, prediction
from sim.judging import estimators


class Curve(NamedTuple):
    """attempts [k], whole; pass@k there, and its standard error where the problems are drawn anew too."""

    attempts: np.ndarray
    value: np.ndarray
    stderr: np.ndarray


def observed(pilot):
    """Curve of a pilot: unbiased pass@k, or, where attempts ended with success, the share solved by then.

    Pilots of fixed numbers of attempts: Chen et al. 2021, Eq. 1, up to the fewest attempts of a problem. Others:
    Kaplan and Meier 1958, with Greenwood's error, at the ends of batches.
    """
    if pilot.stopping.kind == "fixed":
        return unbiased(pilot, prediction.curve_grid(pilot.attempts.min()))
    ends, solved = np.unique(pilot.attempts, return_counts=True)[0], pilot.successes > 0
    at_risk = np.array([np.count_nonzero(pilot.attempts >= end) for end in ends], float)
    won = np.array([np.count_nonzero(solved & (pilot.attempts == end)) for end in ends], float)
    failure = np.cumprod(1 - won / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(won / (at_risk * (at_risk - won)))
        stderr = failure * np.sqrt(greenwood)
    return Curve(ends, 1 - failure, np.where(failure > 0, stderr, 0.0))


def unbiased(pilot, attempts):
    """Curve of a pilot of fixed numbers of attempts at exactly these k, none above the fewest attempts of a problem.

    Standard error: problems independent, each with its attempts; NaN for a single problem.
    """
    each = estimators.pass_at_k(attempts, pilot.attempts, pilot.successes)
    spread = each.std(axis=1, ddof=1) if each.shape[1] > 1 else np.full(len(each), np.nan)
    return Curve(np.asarray(attempts, float), each.mean(axis=1), spread / np.sqrt(each.shape[1]))


def shown(pilot, attempts):
    """What a pilot shows at each of these numbers of attempts [k], NaN where it shows nothing.

    Of fixed numbers of attempts: up to the fewest of a problem; of others: at the ends of batches.
    """
    attempts = np.asarray(attempts, float)
    value, stderr = np.full((2, len(attempts)), np.nan)
    if pilot.stopping.kind == "fixed":
        inside = attempts <= pilot.attempts.min()
        if inside.any():
            _, value[inside], stderr[inside] = unbiased(pilot, attempts[inside])
        return Curve(attempts, value, stderr)
    own = observed(pilot)
    inside, place = np.isin(attempts, own.attempts), np.searchsorted(own.attempts, attempts)
    value[inside], stderr[inside] = own.value[place[inside]], own.stderr[place[inside]]
    return Curve(attempts, value, stderr)


def likelihood(pilot):
    """Likelihood of a pilot's counts, however its attempts were ended.

    A rule that looks at outcomes leaves the likelihood of counts as it is; batches of which only "solved" is recorded
    have one of their own.
    """
    solved = pilot.successes > 0
    if pilot.stopping.kind == "batches" and pilot.successes.max() <= 1 < pilot.stopping.batch:
        return mixtures.of_batches(pilot.attempts, solved, pilot.stopping.batch)
    return mixtures.of_counts(pilot.attempts, pilot.successes)
