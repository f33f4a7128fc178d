"""How much less a curve scatters that is drawn in another way: the ratio of variances at equal cost in problems."""

from typing import NamedTuple

import numpy as np

from sim.bench.kernels import ALPHA, BETA
from sim.bench.timing import Ratio, need_mean
from sim.draw import simulate
from sim.draw.batches import Parts
from sim.draw.budget import BATCH, Budget, grid
from sim.laws import coverage
from sim.model import build

_REPLICATES = 1024  # batches of each: a ratio is then known to 6 %
_GRID = grid(1e5, 21)


class Curves(NamedTuple):
    """Independent replicates of a curve, drawn in one of several ways: values float64 [replicates, x], law [x]."""

    values: np.ndarray
    law: np.ndarray


def variance_ratio(ours, peer):
    """Ratio of the variances of two Curves of one law, the least over the grid.  Wrong if either mean is off.

    As many problems a replicate in both. The fields that hold nanoseconds elsewhere hold the variances; quartiles are
    those over the grid. With R replicates of each the relative error of a ratio is 2 / sqrt(R).
    """
    variances = [_variance(curves) for curves in (ours, peer)]
    ratios = variances[1] / variances[0]
    worst = int(np.argmin(ratios))
    quartiles = tuple(np.quantile(ratios, (0.25, 0.75)).tolist())
    return Ratio(float(variances[0][worst]), float(variances[1][worst]), float(ratios[worst]), quartiles)


def _variance(curves):
    variance = curves.values.var(axis=0, ddof=1)
    for point, (mean, law, own) in enumerate(zip(curves.values.mean(axis=0), curves.law, variance, strict=True)):
        need_mean(f"mean of the replicates at point {point}", mean, law, own**0.5, len(curves.values))
    return variance


def lattice_curves():
    """pass@k at the default difficulty, k to 10^5, a replicate a batch; problems and attempts from a lattice."""
    return _pass_at_k("lattice")


def independent_curves():
    """The same from independent draws."""
    return _pass_at_k("random")


def _pass_at_k(sampling):
    parts = Parts(difficulty=build.beta_sampler(ALPHA, BETA, 1.0), attempts=build.attempts_sampler("first_success"))
    budget = Budget(problems=_REPLICATES * BATCH, chunk=0, devices=1)
    counts = simulate.failures(0, "bench variance", parts, budget, tries=_GRID, sampling=sampling)
    return Curves(1 - counts.failures / counts.problems, coverage.coverage(_GRID, ALPHA, BETA))
