"""An estimate held against a law: sigmas, chi-square with the points' covariance, exponent, and a plain verdict."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from sim import estimators

REFUTED_BELOW = 1e-4  # p-value: one true law in ten thousand is refuted by chance
RESOLUTION = 0.02  # a verdict is worth having if a law 2 % off in its exponent would have been refuted
_POWER = 5.5  # sigmas at which such a law is refuted in 92 of 100 runs: 4.06 for p = 5e-5, and 1.4
_CELL = 400  # events the law expects in a cell of the chi-square: its p-value is then right to a factor 2 at 1e-4
_EVENTS = 25  # events the law expects at the last point used for the exponent
_CAUTION = 5  # the window's bias counts five times in its choice, so that it stays below a fifth of the error


class Prediction(NamedTuple):
    """What a law says on the grid: the failure curve, and its asymptotic power law (None where it has none)."""

    curve: np.ndarray
    exponent: float | None
    prefactor: float | None
    floor: bool  # whether the curve levels off above 0


class Measured(NamedTuple):
    """Exponent and prefactor of a simulated curve with their standard errors, and the window [lowest, highest]."""

    exponent: float
    exponent_stderr: float
    prefactor: float
    prefactor_stderr: float
    window: tuple[float, float]
    bias: float


@dataclass(frozen=True)
class Verdict:
    """One law, one quantity: prediction, measurement and judgement; None where a field does not apply."""

    law: str
    quantity: str
    predicted: float | None
    measured: float | None
    stderr: float | None
    prefactor_predicted: float | None
    prefactor_measured: float | None
    prefactor_stderr: float | None
    window: tuple[float, float] | None
    max_sigmas: float
    chi_square: float
    degrees: int
    p_value: float
    verdict: str
    batches: int
    batches_needed: int | None


def sigmas(curve, law):
    """(estimate - law) in standard errors; where events are rare, in the standard errors that the law implies."""
    return (curve.estimate - law) / curve.stderr


def _cells(failures, problems, grid_axes):
    """Problems first answered rightly in each cell of the grid, and those never: [..., cells], adding up to `problems`."""
    right = problems - failures
    for axis in range(right.ndim - grid_axes, right.ndim):
        right = np.diff(right, axis=axis, prepend=0)
    flat = right.reshape(*right.shape[: right.ndim - grid_axes], -1)
    return np.concatenate([flat, problems - flat.sum(axis=-1, keepdims=True)], axis=-1)


def _merge(expected, least):
    """Starts of runs of neighbouring cells that expect at least `least` each."""
    starts, running = [0], 0.0
    for i, value in enumerate(expected):
        if running >= least:
            starts.append(i)
            running = 0.0
        running += value
    if running < least and len(starts) > 1:
        starts.pop()
    return starts


def chi_square(counts, law):
    """Hotelling's T-square of the cell counts against the law, with the covariance found between the batches.

    law: failure curve [...grid].  Returns (statistic, degrees, p): the statistic scaled so that it reads as a
    chi-square, p from the F distribution. Assumes batches independent; nothing about points of one curve.
    """
    batches = len(counts.failures)
    axes = counts.failures.ndim - 1
    expected = _cells(np.asarray(law) * counts.problems, counts.problems, axes)
    least = float(_CELL)
    starts = _merge(expected * batches, least)
    while len(starts) - 1 > batches // 4:
        least *= 1.5
        starts = _merge(expected * batches, least)
    observed = np.add.reduceat(_cells(counts.failures, counts.problems, axes), starts, axis=1)
    expected = np.add.reduceat(expected, starts)
    keep = np.arange(len(starts)) != np.argmax(expected)  # counts add up: one cell says nothing new
    degrees = int(keep.sum())
    if degrees == 0:
        return 0.0, 0, 1.0
    difference = observed[:, keep].mean(axis=0) - expected[keep]
    covariance = np.atleast_2d(np.cov(observed[:, keep], rowvar=False)) / batches
    t_square = float(difference @ np.linalg.solve(covariance, difference))
    f = t_square * (batches - degrees) / (degrees * (batches - 1))
    return t_square, degrees, float(special.fdtrc(degrees, batches - degrees, f))


def window(prediction, grid, problems):
    """Slice of the grid on which the power-law fit is best, judged on the law alone (so data cannot steer it).

    Of all windows spanning a decade, with five points or more, the one with the least (standard error)^2 +
    (5 bias)^2, bias being what the fit makes of the noiseless law against its asymptotic exponent. None if none.
    """
    curve = prediction.curve
    floor = curve[-1] if prediction.floor else 0.0
    usable = np.flatnonzero((curve - floor) * problems >= _EVENTS)
    best, chosen = np.inf, None
    for last in {usable[-1], *usable[len(usable) // 2 :: 3]} if len(usable) else ():
        for first in range(last - 3):
            piece = slice(first, last + 1 + bool(prediction.floor and last == usable[-1]))
            part = grid[piece]
            if part[-1] < 10 * part[0] or curve[piece][0] - curve[piece][-1] <= 0:
                continue
            bias = float(estimators.power_law(curve[piece], part, prediction.floor).exponent) - prediction.exponent
            error = estimators.power_law_stderr(curve[piece], part, prediction.floor, problems)
            loss = error**2 + (_CAUTION * bias) ** 2
            if loss < best:
                best, chosen = loss, (piece, bias)
    return chosen


def measure(failures, problems, grid, prediction):
    """Exponent and prefactor of one simulated curve, [batches, x] failures, by the fit of `estimators.power_law`.

    Standard errors by a jackknife over groups of batches, through the whole fit: points of a curve are not
    independent, batches are. None where the law has no power law on this grid.
    """
    if prediction.exponent is None:
        return None
    chosen = window(prediction, grid, len(failures) * problems)
    if chosen is None:
        return None
    piece, bias = chosen
    means = failures[:, piece].mean(axis=0) / problems
    if means[0] <= means[-1]:
        return None
    whole = estimators.power_law(means, grid[piece], prediction.floor)
    groups = estimators.jackknife_groups(failures[:, piece]) / problems
    parts = estimators.power_law(groups, grid[piece], prediction.floor)
    return Measured(
        float(whole.exponent),
        float(estimators.jackknife_stderr(parts.exponent)),
        float(whole.prefactor),
        float(estimators.jackknife_stderr(parts.prefactor)),
        (float(grid[piece][0]), float(grid[piece][-1])),
        bias,
    )


def _resolution(counts, prediction, measured):
    """At how many sigmas a law 2 % off would stand out: in its exponent, or without one in the failure all along."""
    if measured is not None:
        return RESOLUTION * prediction.exponent / np.hypot(measured.exponent_stderr, measured.bias)
    shifted = np.clip(np.asarray(prediction.curve) * (1 + RESOLUTION), 0, 1)
    curve = estimators.failure_curve(counts)
    return float(np.abs((shifted - prediction.curve) / curve.stderr).max())


def judge(law, quantity, counts, prediction, measured):
    """Verdict of a law on the counts of a run.

    p_value: the less likely of chi-square and exponent, doubled for having had two chances. refuted: p below 1e-4.
    undecided: not refuted, but a law 2 % off would have gone unnoticed too; `batches_needed` would show it.
    """
    curve = estimators.failure_curve(counts)
    deviations = sigmas(curve, prediction.curve)
    t_square, degrees, p_value = chi_square(counts, prediction.curve)
    if measured is not None:
        error = np.hypot(measured.exponent_stderr, measured.bias)
        t = abs(measured.exponent - prediction.exponent) / error
        p_value = min(1.0, 2 * min(p_value, float(2 * special.stdtr(estimators.GROUPS - 1, -t))))
    resolution = _resolution(counts, prediction, measured)
    batches, needed = len(counts.failures), None
    if p_value < REFUTED_BELOW:
        word = "refuted"
    elif resolution < _POWER:
        word, needed = "undecided", int(np.ceil(batches * (_POWER / resolution) ** 2))
    else:
        word = "confirmed"
    exponent = (None, None, None, None, None, None, None)
    if measured is not None:
        exponent = (
            prediction.exponent,
            measured.exponent,
            measured.exponent_stderr,
            prediction.prefactor,
            measured.prefactor,
            measured.prefactor_stderr,
            measured.window,
        )
    largest = float(np.abs(deviations).max())
    return Verdict(law, quantity, *exponent, largest, t_square, degrees, p_value, word, batches, needed)
