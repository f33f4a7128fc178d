"""The exponent of a simulated curve, with its prefactor and their errors, on the window where it is measured best."""

from typing import NamedTuple

import numpy as np

from sim.judging import estimators

_EVENTS = 25  # events the law expects at the last point used for the exponent, or what is as precise as so many
_CAUTION = 5  # the window's bias counts five times in its choice, and must stay below a fifth of the error


class Prediction(NamedTuple):
    """What a law says on the grid: the failure curve, and its asymptotic power law (None where it has none)."""

    curve: np.ndarray
    exponent: float | None
    prefactor: float | None
    floor: bool  # whether the curve levels off above 0


def normal(second, fourth, draws):
    """Whether the mean of so many independent draws is taken for normal, by their central moments; elementwise."""
    return draws * second**2 >= estimators.NORMAL * fourth


def testable(moments, learners):
    """Grid points at which the mean over so many learners is normal, and so is what lies between them: their indices.

    Elsewhere it may hang on events that no learner saw, of which its spread knows nothing. Judged on the law's own
    moments: cells between points are joined from the last on until each scatters like 400 events.
    """
    kept, second, fourth = [], 0.0, 0.0
    for cell in range(len(moments[0]) - 1, 0, -1):  # the first cell is what the others leave
        second, fourth = second + moments[0][cell], fourth + moments[1][cell]
        if fourth > 0 and normal(second, fourth, learners):
            kept.append(cell - 1)
            second = fourth = 0.0
    return np.array(kept[::-1], int)


class Measured(NamedTuple):
    """Exponent and prefactor of a simulated curve with their standard errors, and the window [lowest, highest]."""

    exponent: float
    exponent_stderr: float
    prefactor: float
    prefactor_stderr: float
    window: tuple[float, float]
    bias: float


class OfProblems(NamedTuple):
    """How precise so many independent problems are."""

    count: int

    def usable(self, curve, excess):
        """Where the excess over the floor can be told: bool [x]."""
        return excess * self.count >= _EVENTS

    def stderr(self, fit, points, curve, grid, floor):
        """Standard error of the exponents fitted to the curve at `points` [..., x]."""
        return estimators.power_law_stderr(fit, curve, grid, floor, self.count)


class OfMeans(NamedTuple):
    """How precise a mean over learners or batches is: its covariance [x, x]."""

    covariance: np.ndarray

    def usable(self, curve, excess):
        """As OfProblems.usable."""
        return _EVENTS * np.diag(self.covariance) <= excess**2

    def stderr(self, fit, points, curve, grid, floor):
        """As OfProblems.stderr."""
        covariance = self.covariance[points[..., :, None], points[..., None, :]]
        return estimators.power_law_spread(fit, curve, grid, floor, covariance)


def window(prediction, grid, precision):
    """Slice of the grid on which the power-law fit is best, judged on the law's curve (so data cannot steer it).

    Of all windows spanning a decade, with five points or more, the one with the least (standard error)^2 +
    (5 bias)^2, bias being what the fit makes of the noiseless law against its asymptotic exponent. None if none has
    a bias below a fifth of its standard error.
    """
    curve = prediction.curve
    floor = curve[-1] if prediction.floor else 0.0
    usable = np.flatnonzero(precision.usable(curve, curve - floor))
    pieces = [
        slice(first, last + 1 + bool(prediction.floor and last == usable[-1]))
        for last in ({usable[-1], *usable[len(usable) // 2 :: 3]} if len(usable) else ())
        for first in range(last - 3)
    ]
    pieces = [p for p in pieces if grid[p][-1] >= 10 * grid[p][0] and curve[p][0] > curve[p][-1]]
    if not pieces:
        return None
    longest = max(p.stop - p.start for p in pieces)
    points = np.array([np.minimum(np.arange(p.start, p.start + longest), p.stop - 1) for p in pieces])
    near = estimators.PowerLaw(prediction.exponent, np.nan, 0.0)
    fits = estimators.power_law(curve[points], grid[points], prediction.floor, near)
    bias = fits.exponent - prediction.exponent
    error = precision.stderr(fits, points, curve[points], grid[points], prediction.floor)
    sound = _CAUTION * np.abs(bias) < error  # not where the fit ran off, to NaN
    if not sound.any():
        return None
    best = np.argmin(np.where(sound, error**2 + (_CAUTION * bias) ** 2, np.inf))
    return pieces[best], float(bias[best])


def measure(counts, grid, prediction):
    """Exponent and prefactor of the failures of a run along one grid (Counts, failures [batches, x]).

    None where the law has no power law on this grid.
    """
    shares = counts.failures / counts.problems
    precision = OfProblems(len(shares) * counts.problems) if counts.independent else OfMeans(_covariance(shares))
    return _measured(shares, grid, prediction, precision)


def measure_masses(masses, grid, prediction, points):
    """As `measure`, of the unmemorised masses of independent learners (sim.draw.counts.Masses), at `points`."""
    if len(points) < 2:
        return None
    values = masses.values[:, points]
    rounding = np.diag(np.broadcast_to(masses.resolution, len(grid))[points] * values.mean(axis=0)) ** 2
    here = prediction._replace(curve=prediction.curve[points])
    return _measured(values, grid[points], here, OfMeans(_covariance(values) + rounding))


def measure_means(means, grid, prediction):
    """As `measure`, of means of independent batches [batches, x]."""
    return _measured(means, grid, prediction, OfMeans(_covariance(means)))


def _covariance(samples):
    """Covariance [x, x] of the mean of independent samples [batches, x]."""
    return np.atleast_2d(np.cov(samples, rowvar=False)) / len(samples)


def _measured(shares, grid, prediction, precision):
    """By the fit of `estimators.power_law`; shares [batches, x].

    Standard errors by a jackknife over groups of batches, through the whole fit: points of a curve are not
    independent, batches are.
    """
    if prediction.exponent is None:
        return None
    chosen = window(prediction, grid, precision)
    if chosen is None:
        return None
    piece, bias = chosen
    means = shares[:, piece].mean(axis=0)
    if means[0] <= means[-1]:
        return None
    whole = estimators.power_law(means, grid[piece], prediction.floor)
    groups = estimators.jackknife_groups(shares[:, piece])
    with np.errstate(all="ignore"):  # a group with too little to fit shows in the error, below
        parts = estimators.power_law(groups, grid[piece], prediction.floor, near=whole)
        exponent_stderr, prefactor_stderr = (
            float(estimators.jackknife_stderr(x)) for x in (parts.exponent, parts.prefactor)
        )
    if not (exponent_stderr < whole.exponent and np.isfinite(prefactor_stderr)):
        return None  # the fit found nothing to hold on to
    return Measured(
        float(whole.exponent),
        exponent_stderr,
        float(whole.prefactor),
        prefactor_stderr,
        (float(grid[piece][0]), float(grid[piece][-1])),
        bias,
    )
