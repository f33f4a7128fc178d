"""An estimate tested against a law: sigmas, chi-square with the points' covariance, exponent, and a plain verdict."""

from dataclasses import dataclass, field, fields, replace

import numpy as np
from scipy import special

from sim.draw.budget import BATCH
from sim.judging import estimators

REFUTED_BELOW = 1e-4  # p-value: one true law in ten thousand is refuted by chance
LEVELS = 1e-12, 0.5  # between which another may be asked for
RESOLUTION = 0.02  # a verdict is worth having if a law 2 % off in its exponent would have been refuted
_MARGIN = 1.4  # sigmas above those of p = 5e-5 at which such a law is refuted in 92 of 100 runs
_FEWEST = 8  # batches: fewer know their spread too badly to confirm anything
_SPARE = 1.2  # a resolution from 64 groups is known to 9 %, and so will be the next
_UNSEEN = 20  # events expected, of which none to be seen is as likely as 2e-9
_NEVER = 1e-6  # events that a law expects where it expects none: what rounding leaves of 0, times a whole run


@dataclass(frozen=True)
class Verdict:
    """One law, one quantity: prediction, measurement and judgement; None where a field does not apply.

    stands_out: sigmas at which a law 2 % off would stand out.  points: of which the largest deviation is that.  each:
    batches that count as one of those that were independent.  beyond: whether the largest deviation is more than chance
    allows.  These are in no record: `at_level` needs them, and sets the last.
    """

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
    stands_out: float = field(default=0.0, repr=False, compare=False)
    points: int = field(default=1, repr=False, compare=False)
    each: int = field(default=1, repr=False, compare=False)
    beyond: bool = field(default=False, repr=False, compare=False)

    def record(self):
        """{field: value}, as verdict.json has it."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.repr}


def sigmas(curve, law):
    """(estimate - law) in the estimate's standard errors; 0 where a point that cannot vary meets its law exactly."""
    off = curve.estimate - law
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(off == 0, 0.0, off / curve.stderr)


def _cells(failures, problems, grid_axes):
    """Problems first answered rightly in each cell of the grid, and those never; they add up to `problems`."""
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

    law: failure curve [...grid].  Returns (statistic, degrees, p) as `hotelling`. Assumes batches independent; nothing
    about points of one curve. A problem where the law allows none refutes it: (inf, 1, 0); too few events in all to
    test anything: (0, 0, NaN).
    """
    batches = len(counts.failures)
    axes = counts.failures.ndim - 1
    expected = _cells(np.asarray(law) * counts.problems, counts.problems, axes)
    found = _cells(counts.failures, counts.problems, axes)
    if found[:, expected * batches < _NEVER].any():
        return np.inf, 1, 0.0
    certain = (expected.sum() - expected.max()) * batches < _NEVER
    least = float(estimators.NORMAL)
    starts = _merge(expected * batches, least)
    while len(starts) - 1 > batches // 4:
        least *= 1.5
        starts = _merge(expected * batches, least)
    observed = np.add.reduceat(found, starts, axis=1)
    expected = np.add.reduceat(expected, starts)
    keep = np.arange(len(starts)) != np.argmax(expected)  # counts add up: one cell says nothing new
    if not keep.any():  # certain, or too few events in all to test anything
        return 0.0, 0, 1.0 if certain else np.nan
    whole = 0.0 if counts.independent else 0.25  # a lattice may give every batch the same whole number
    return hotelling(observed[:, keep], expected[keep], whole)


def hotelling(samples, mean, least=0.0):
    """Hotelling's test of n independent samples [n, p] against a mean [p]: (statistic, degrees p, p-value).

    least: variance that every component of a sample is granted on top, as for rounding to whole numbers.

    The statistic is T-square (n - p) / (n - 1), which reads as a chi-square of p degrees; p-value from F(p, n - p).
    """
    n, p = samples.shape
    difference = samples.mean(axis=0) - mean
    covariance = (np.atleast_2d(np.cov(samples, rowvar=False)) + least * np.eye(p)) / n
    scale = np.trace(covariance) / p + np.finfo(float).tiny
    covariance += 1e-12 * scale * np.eye(p)  # a component that never varies is then refuted, not divided by
    statistic = float(difference @ np.linalg.solve(covariance, difference)) * (n - p) / (n - 1)
    return statistic, p, float(special.fdtrc(p, n - p, statistic / p))


def _exponent_fields(prediction, measured):
    """predicted, measured, stderr, the same of the prefactor, window: Nones where no exponent was measured."""
    if measured is None:
        return (None,) * 7
    m = measured
    return (prediction.exponent, *m[:2], prediction.prefactor, *m[2:4], m.window)


def _telling(batches, level):
    """Sigmas at which a wrong law is refuted in 92 of 100 runs: Student's, as few batches know their spread badly."""
    if batches < _FEWEST:
        return np.inf
    return _MARGIN - special.stdtrit(min(batches, estimators.GROUPS) - 1, level / 4)


def verdict_of(about, prediction, measured, largest, test, batches, resolution):
    """Verdict from a test (statistic, degrees, p) and an exponent.  about: law in words, and quantity.

    largest: of the deviations, in standard errors; of one point, unless `among` says of how many.
    p_value: the less likely of the two, doubled for having had two chances. refuted: p below 1e-4.
    undecided: not refuted, but a law 2 % off would not have been detected either; `batches_needed` would show it.
    resolution: at how many sigmas a law 2 % off would stand out; the exponent's own where there is one.
    """
    statistic, degrees, p_value = test
    if measured is not None:
        error = np.hypot(measured.exponent_stderr, measured.bias)
        t = abs(measured.exponent - prediction.exponent) / error
        of_exponent = 2 * special.stdtr(min(batches, estimators.GROUPS) - 1, -t)
        p_value = float(np.minimum(1.0, 2 * np.minimum(p_value, of_exponent)))  # NaN stays NaN
        resolution = RESOLUTION * prediction.exponent / error
    own = _exponent_fields(prediction, measured)
    found = Verdict(*about, *own, largest, statistic, degrees, p_value, "", batches, None, float(resolution))
    return at_level(found, REFUTED_BELOW)


def among(points, verdict):
    """The verdict where the largest deviation is that of so many points. None is confirmed beside one beyond chance."""
    return at_level(replace(verdict, points=points), REFUTED_BELOW)


def at_level(verdict, level):
    """The same evidence in words, where a law is refuted by p-values below another level."""
    batches, resolution = verdict.batches // verdict.each, verdict.stands_out
    word, needed = "undecided", None
    allowed = -special.stdtrit(max(min(batches, estimators.GROUPS) - 1, 1), REFUTED_BELOW / (2 * verdict.points))
    beyond = bool(verdict.max_sigmas > allowed)
    if verdict.p_value < level:
        word = "refuted"
    elif verdict.p_value >= level and resolution >= _telling(batches, level):
        word = "undecided" if beyond else "confirmed"
    elif resolution > 0:
        # The window starts later as data grow, its bias ~ k^-2 below its error: error ~ batches^(-2 / (4 + b)).
        slowness = 2 if verdict.measured is None else 2 + verdict.predicted / 2
        more = batches * (_SPARE * _telling(estimators.GROUPS, level) / resolution) ** slowness
        needed = verdict.each * int(np.ceil(max(more, estimators.GROUPS)))
    return replace(verdict, verdict=word, batches_needed=needed, beyond=beyond)


def judge(law, quantity, counts, prediction, measured):
    """Verdict of a law on the counts of a run."""
    curve = estimators.failure_curve(counts)
    return _judged(
        law, quantity, curve, chi_square(counts, prediction.curve), len(counts.failures), prediction, measured
    )


def judge_masses(law, quantity, masses, curve, prediction, measured, points):
    """Verdict of a law on the unmemorised masses of independent learners, judged at `points` (see mass_test).

    curve: of the masses, as estimators.mass_curve has it.
    """
    test = mass_test(masses, prediction.curve, points)
    return _judged(law, quantity, curve, test, len(masses.values), prediction, measured)


def judge_means(law, quantity, means, prediction, measured=None, event=1 / BATCH):
    """Verdict of a law on means of independent batches [batches, x], of any quantity that has a variance.

    prediction: Prediction with the law's curve [x].  measured: as `measure_means` has it, or None.
    event: what one problem that turns out otherwise changes the mean of a batch by.
    Hotelling's T-square of at most a quarter as many points as there are batches, of those that scatter about the one
    judged before them in many batches.  Points that never vary must be the law's, to 1e-5 of it or to what a few
    events may make, of which none was seen.
    """
    curve, known = estimators.mean_curve(means), np.asarray(prediction.curve, float)
    varied = curve.stderr > 1e-9 * np.abs(known)
    distance = np.abs(curve.estimate - known)
    off = ~varied & (distance > 1e-5 * np.abs(known)) & (distance * len(means) > _UNSEEN * event)
    curve = curve._replace(stderr=np.where(varied, curve.stderr, event / len(means)))  # or that of one event
    points = np.flatnonzero(varied)
    if off.any():
        test = np.inf, 1, 0.0
    elif not len(points):
        test = 0.0, 0, 1.0
    elif len(means) < 4:  # a quarter of them is no point at all
        test = 0.0, 0, np.nan
    else:
        points = _apart(means, points)
        most = min(len(points), len(means) // 4)
        chosen = points[np.unique(np.linspace(0, len(points) - 1, most).astype(int))]
        scale = curve.stderr[chosen]  # so that quantities of all sizes count alike in float64
        test = hotelling(means[:, chosen] / scale, known[chosen] / scale)
    return _judged(law, quantity, curve, test, len(means), prediction, measured)


def _apart(means, points):
    """Those of the points whose distance from the one kept before is no matter of a few batches.

    The size of a sum of rare events, (sum x^2)^2 / sum x^4 over the batches, is their number, and n / 3 for a normal
    x: a mean of fewer than 400, or n / 6, is not taken for normal.
    """
    enough, kept = min(estimators.NORMAL, len(means) / 6), []
    before = np.zeros(len(means))
    for point in points:
        square = (means[:, point] - before) ** 2
        square = square / (square.max() or 1.0)  # no underflow in what follows
        if square.sum() ** 2 >= enough * (square**2).sum() > 0:
            kept.append(point)
            before = means[:, point]
    return np.array(kept or points[:1])


def mass_test(masses, law, points):
    """Hotelling's T-square of masses against the law [n]: as `chi_square`.

    points: indices of those that can be tested (measurement.testable); of them those are that vary by more than the
    kernel's rounding, and no more than a quarter as many as there are learners. A mass where the law has none refutes
    it; without points nothing is tested (p = NaN).
    """
    values = masses.values
    if values[:, law < _NEVER / len(values)].max(initial=0) > np.sqrt(_NEVER):
        return np.inf, 1, 0.0
    if not len(points):
        return 0.0, 0, np.nan
    mean = values.mean(axis=0)
    rounding = np.broadcast_to(5 * masses.resolution, len(law)) * mean * np.sqrt(len(values))
    points = points[values.std(axis=0, ddof=1)[points] > rounding[points]]
    if not len(points):
        return 0.0, 0, 1.0
    chosen = points[np.unique(np.linspace(0, len(points) - 1, min(len(points), len(values) // 4)).astype(int))]
    return hotelling(values[:, chosen] / law[chosen], np.ones(len(chosen)))


def _judged(law, quantity, curve, test, batches, prediction, measured):
    largest = float(np.abs(sigmas(curve, prediction.curve)).max())
    known = np.asarray(prediction.curve)
    shifted = known * (1 + RESOLUTION)
    shifted = np.where((known >= 0) & (known <= 1), np.clip(shifted, 0, 1), shifted)  # a share has no more than all
    resolution = float(np.abs(sigmas(curve._replace(estimate=shifted), prediction.curve)).max())
    found = verdict_of((law, quantity), prediction, measured, largest, test, batches, resolution)
    return among(curve.estimate.size, found)


def judge_fit(law, quantity, whole, replicates, predicted, batches):
    """Verdict on fitted numbers [x] against predicted ones, from their jackknife replicates [groups, x].

    Hotelling's T-square of the pseudo-values, which are independent from group to group; of evenly spaced numbers only
    where there are more than half as many as groups. The largest of the numbers' own resolutions decides whether the
    data could tell; no number at all decides nothing.
    """
    if not len(whole):
        return verdict_of((law, quantity), None, None, 0.0, (0.0, 0, np.nan), batches, 0.0)
    groups = len(replicates)
    pseudo = groups * whole - (groups - 1) * replicates
    stderr = estimators.jackknife_stderr(replicates)
    spaced = np.unique(np.linspace(0, len(whole) - 1, min(len(whole), groups // 2)).astype(int))
    test = hotelling(pseudo[:, spaced], predicted[spaced])
    largest = float(np.abs((whole - predicted) / stderr).max())
    resolution = float((RESOLUTION * predicted / stderr).max())
    return among(len(whole), verdict_of((law, quantity), None, None, largest, test, batches, resolution))
