"""Sizes of pilots compared: each is drawn, refitted and judged, and the cheapest that does is named."""

from typing import NamedTuple

import numpy as np

from sim.design import draws, refit, targets
from sim.draw import simulate
from sim.draw.budget import BATCH, Budget
from sim.model import build

ALLOCATIONS = {"uniform": draws.Uniform, "adaptive": draws.Adaptive}
_TOGETHER = 2**22  # lanes drawn and fitted in one go: a hundred megabytes


class Size(NamedTuple):
    """One size of a pilot and its error.

    allocation: "uniform", attempts at each problem; or "adaptive", so many on average.  error: targets.Error.
    bound, endless: least errors of unbiased estimates, with these attempts (uniform only, else NaN), with any.
    """

    allocation: str
    problems: int
    attempts: int
    error: targets.Error
    bound: float
    endless: float

    @property
    def total(self):
        """Attempts in all."""
        return self.problems * self.attempts


class Study(NamedTuple):
    """Sizes of the grid and of equal totals, uniform and adaptive ones; and the answer.

    chosen: the cheapest uniform size that reaches what is wanted, or, where none does, the one with the least error.
    other: the same attempts, allocated adaptively.  total: attempts of the sizes of equal totals.
    """

    grid: list
    line: list
    chosen: Size
    other: Size
    reached: bool
    total: int


def study(truth, wanted, problems, attempts, budget, pilots, seed):
    """Study of all pairs of problems and attempts, whole numbers, ascending, of at most `budget` attempts if any."""
    known = {}

    def size(allocation, own_problems, own_attempts):
        place = allocation, own_problems, own_attempts
        if place not in known:
            known[place] = _size(truth, *place, pilots, seed)
        return known[place]

    def equal(total):
        return [(p, total // p) for p in problems if 2 <= total // p]

    grid = [size("uniform", p, m) for p in problems for m in attempts if budget is None or p * m <= budget]
    candidates = grid + ([size("uniform", *one) for one in equal(budget)] if budget else [])
    chosen, reached = _answer(candidates, wanted)
    total = budget or chosen.total
    line = [size(allocation, *one) for allocation in ALLOCATIONS for one in equal(total)]
    other = size("adaptive", chosen.problems, chosen.attempts)
    return Study(grid, line, chosen, other, reached, total)


def fits(truth, allocation, problems, attempts, pilots, seed):
    """Fits of so many pilots of one size: the first ones of more. With a ceiling where there is one to be found."""
    sampler = build.beta_sampler(truth.alpha, truth.beta, truth.ceiling)
    kernel = draws.build(ALLOCATIONS[allocation], sampler, problems, attempts)
    together, width = kernel.lanes.shape
    batches = -(-pilots // together)
    own = f"design {allocation} {truth.alpha} {truth.beta} {truth.ceiling} {problems} {attempts}"
    found = []
    step = max(1, _TOGETHER // kernel.lanes.size)
    for first in range(0, batches, step):
        some = min(step, batches - first)
        budget = Budget(some * BATCH, 0, 0, first=first)
        counts = simulate.curves(seed, own, kernel, some, budget)
        found.append(refit.beta_law(counts[:, :width], counts[:, width:], truth.ceiling < 1))
    return refit.Fits(*(np.concatenate(field)[:pilots] for field in zip(*found, strict=True)))


def _size(truth, allocation, problems, attempts, pilots, seed):
    error = targets.error(truth, fits(truth, allocation, problems, attempts, pilots, seed))
    bound = targets.bound(truth, problems, attempts) if allocation == "uniform" else np.nan
    return Size(allocation, problems, attempts, error, bound, targets.bound(truth, problems, np.inf))


def _answer(sizes, wanted):
    """(the cheapest size that reaches what is wanted, or the best one; whether it does)."""
    reaching = [size for size in sizes if size.error.reaches(wanted)]
    if reaching:
        return min(reaching, key=lambda size: (size.total, size.error.error)), True

    def order(size):
        return size.error.lost > targets.LOST, not np.isfinite(size.error.error), size.error.error, size.total

    return min(sizes, key=order), False
