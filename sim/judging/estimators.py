"""Counts to estimates with standard errors. Nothing here knows a law."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

GROUPS = 64  # jackknife groups: the standard error itself is then known to 9 %
NORMAL = 400  # events behind a mean that is taken for normal: at 1e-4 its p-value is then right to a factor 2
RARE = 1000  # below this many events the spread of the batches says too little about the next run
_ITERATIONS = 60
_CONVERGED = 1e-7  # of an exponent: far below any standard error
_SUMMED = 10**6  # terms
_MANY_PAIRS, _SMALL = 1000, 10**5  # of counts, and attempts, where log gamma is exact enough and quicker
_FLATTEST, _STEEPEST = -12, 4  # log exponents at which a fit has run off: the curve has no power law to hold on to
# Where fits start: a nearly straight curve is a long flat valley.
_EXPONENTS = (2e-4, 1e-3, 4e-3, 0.015, 0.05, 0.15, 0.4, 1.0, 2.5, 7.0)


class Curve(NamedTuple):
    """A fraction at every point of a grid and its standard error, both float64 [...grid]."""

    estimate: np.ndarray
    stderr: np.ndarray


def failure_curve(counts):
    """Fraction of problems failed at every grid point, with standard errors from the spread of the batches.

    Assumes batches independent; points of one curve are not. Where fewer than 1000 problems fail (or succeed) the
    standard error is at least binomial, from (x + 1) events: the spread of rare counts over batches is too noisy. So it
    is where a few batches happen to agree to the last problem.
    """
    batches = len(counts.failures)
    total = batches * counts.problems
    failed = counts.failures.sum(axis=0)
    spread = counts.failures.std(axis=0, ddof=1) / counts.problems / np.sqrt(batches)
    few = np.where(spread == 0, 0, np.minimum(failed, total - failed))
    return with_rare(Curve(failed / total, spread), few, binomial_stderr(failed, total))


def with_rare(curve, events, least):
    """A curve with a standard error of at least `least` where it rests on fewer than 1000 events."""
    return Curve(curve.estimate, np.where(events < RARE, np.maximum(least, curve.stderr), curve.stderr))


def binomial_stderr(events, number):
    """Standard error of a share of so many, from the (x + 1) events that one more would make."""
    share = np.clip((events + 1) / (number + 2), 0, 1)
    return np.sqrt(share * (1 - share) / number)


def mean_curve(means):
    """Mean of means of independent batches [batches, ...grid] with its standard error, from their spread."""
    return Curve(means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(len(means)))


def weighted_means(failed, weight):
    """Means of batches, [batches, x], whose mean is the share of all weight that failed: a ratio of sums.

        R + (F_b - R W_b) / mean W,    R = sum_b F_b / sum_b W_b                             delta method, linear in b

    failed: F_b [batches, x], and weight: W_b [batches, 1], both means over the problems of a batch.  The weight drawn
    need not be its mean: R is biased by O(1 / problems) of all batches, a mean of their ratios would be by that of one.
    """
    ratio, mean = failed.mean(axis=0) / weight.mean(), weight.mean()
    return ratio + (failed - ratio * weight) / mean


def weighted_curve(failed, weight, failures, problems):
    """Share of all weight that failed, with standard errors from the spread of `weighted_means`.

    failures: problems that failed in each batch, [batches, x], of `problems` in each.  Where they are rare, as in
    `failure_curve`, the standard error is at least that of one event more, each with the mean weight of those that
    failed, there or at the last point at which any did.
    """
    curve, total, events = mean_curve(weighted_means(failed, weight)), len(failures) * problems, failures.sum(axis=0)
    rarer = np.minimum(events, total - events)
    each = failed.mean(axis=0) / weight.mean() * total / np.maximum(events, 1)
    each = np.maximum.accumulate(np.where(events > 0, each, 0.0))
    least = np.sqrt(rarer + 1) / total * np.where(each > 0, each, 1.0)
    return with_rare(curve, rarer, least)


def mass_curve(masses, events, size):
    """Mean unmemorised mass of independent learners; standard error from their spread and the kernel's rounding.

    events: how many rare ones of that size are behind each mean, [n] each. Where they are few, the standard error is at
    least that of one more: no learner may have seen what the spread should know of.
    """
    learners = len(masses.values)
    curve = with_rare(mean_curve(masses.values), events, size * np.sqrt(events + 1) / learners)
    return Curve(curve.estimate, np.hypot(curve.stderr, masses.resolution * curve.estimate))


def pass_at_k(attempts, recorded, successes):
    """Unbiased pass@k of every problem, from c successes among m recorded attempts.

        1 - C(m - c, k) / C(m, k)                                  Chen et al. 2021 (arXiv 2107.03374), Eq. 1

    Parameters
    ----------
    attempts : array_like
        Whole numbers 1 <= k <= the fewest recorded attempts, shape [k].
    recorded, successes : array_like
        Attempts m and successes c of each problem, shape [problems].

    Returns
    -------
    ndarray
        float64 [k, problems]; its mean over problems is the coverage.

    Raises
    ------
    ValueError
        If k exceeds the recorded attempts. Use `sim.calibrate` to predict beyond them.

    Examples
    --------
    >>> import sim
    >>> sim.pass_at_k([1, 5], [10, 10], [1, 3]).round(4)
    array([[0.1   , 0.3   ],
           [0.5   , 0.9167]])
    """
    attempts, recorded, successes = (np.atleast_1d(np.asarray(x, float)) for x in (attempts, recorded, successes))
    for name, own, least in (("attempts", attempts, 1), ("recorded", recorded, 1), ("successes", successes, 0)):
        if own.ndim != 1 or not len(own) or not (np.isfinite(own) & (own == np.rint(own)) & (own >= least)).all():
            raise ValueError(f"pass@k: need whole numbers of at least {least} in {name}, shape [n], got {own}")
    if recorded.shape != successes.shape or (successes > recorded).any():
        raise ValueError(f"pass@k: need successes of at most the recorded attempts, one for each, got {successes}")
    if attempts.max() > np.min(recorded):
        raise ValueError(
            f"pass@k: need k <= the {np.min(recorded):.0f} recorded attempts of every problem, got {attempts.max():.0f}"
        )
    pairs, row = np.unique(np.stack([recorded, successes]).astype(float), axis=1, return_inverse=True)
    if pairs.shape[1] > _MANY_PAIRS and pairs[0].max() <= _SMALL:
        return 0.0 - np.expm1(_log_failures(attempts, *pairs))[:, np.ravel(row)]
    log_failure = np.full((len(attempts), pairs.shape[1]), -np.inf)
    for i, (m, c) in enumerate(pairs.T):
        # C(m-c, k) / C(m, k) = prod_{j < c} (1 - k / (m - j)), c and k alike; exactly 0 once k > m - c
        for row_of_k, k in enumerate(attempts):
            if k <= m - c:
                log_failure[row_of_k, i] = _log_failure(m, *sorted((c, k)))
    return 0.0 - np.expm1(log_failure)[:, np.ravel(row)]


def _log_failures(attempts, m, c):
    """ln C(m - c, k) / C(m, k), [k, pairs], by log gamma: to 1e-10 for m up to 1e5."""
    k = attempts[:, None]
    left = np.maximum(m - c - k, 0)
    logs = gammaln(m - c + 1) - gammaln(left + 1) - gammaln(m + 1) + gammaln(m - k + 1)
    return np.where(k <= m - c, np.minimum(logs, 0), -np.inf)


def _log_failure(m, fewer, more):
    """log C(m - more, fewer) / C(m, fewer), as a sum of small terms, or of few large ones where those are too many."""
    if fewer > _SUMMED:  # to some 1e-15 m log m
        top, bottom = (m - more + 1, m - fewer + 1), (m - more - fewer + 1, m + 1)
        return sum(map(math.lgamma, top)) - sum(map(math.lgamma, bottom))
    return np.log1p(-more / (m - np.arange(fewer))).sum()


def jackknife_groups(failures):
    """Batches dealt to at most 64 groups; for each, the mean over all batches outside it: [groups, ...grid]."""
    groups = min(GROUPS, len(failures))
    member = np.arange(len(failures)) % groups
    total = failures.sum(axis=0)
    return np.stack(
        [(total - failures[member == g].sum(axis=0)) / np.count_nonzero(member != g) for g in range(groups)]
    )


def jackknife_stderr(replicates):
    """Standard error from delete-one-group replicates [groups, ...]: batches independent, groups of equal size."""
    groups = len(replicates)
    return np.sqrt((groups - 1) / groups * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0))


class PowerLaw(NamedTuple):
    """C (x + shift)^-exponent, plus a floor that need not be known; fields of any common shape."""

    exponent: np.ndarray
    prefactor: np.ndarray
    shift: np.ndarray


def _cells(theta, grid, floor):
    """Log cell probabilities of the shifted power law on the grid, and their derivatives by theta.

    theta [..., 2]: log exponent, log(grid[0] + shift).  Cells lie between grid points [..., x]; without a floor the
    last one is everything beyond the grid, with a floor it is not used. Returns [..., cells], [..., cells, 2].
    """
    exponent, first = np.exp(theta[..., :1]), np.exp(theta[..., 1:])
    x = grid - grid[..., :1] + first
    log_f = -exponent * np.log(x)
    by_log_exponent, by_first = log_f, -exponent * first / x
    d_f = np.exp(log_f)[..., None] * np.stack([by_log_exponent, by_first], axis=-1)
    f = np.exp(log_f)
    drop = f[..., :-1] * -np.expm1(log_f[..., 1:] - log_f[..., :-1])
    d_drop = d_f[..., :-1, :] - d_f[..., 1:, :]
    if not floor:
        drop = np.concatenate([drop, f[..., -1:]], axis=-1)
        d_drop = np.concatenate([d_drop, d_f[..., -1:, :]], axis=-2)
    drop = np.maximum(drop, np.finfo(float).tiny)  # a start far off the grid has cells that are 0 in float64
    total, d_total = drop.sum(axis=-1, keepdims=True), d_drop.sum(axis=-2, keepdims=True)
    derivative = d_drop / drop[..., None] - d_total / total[..., None]
    return np.log(drop / total), derivative


def _weights(curve, floor):
    """Observed share of each cell of `_cells`."""
    drop = curve[..., :-1] - curve[..., 1:]
    return drop if floor else np.concatenate([drop, curve[..., -1:]], axis=-1)


def _likelihood(theta, share, grid, floor):
    """Log likelihood of the shared-out cells, its slope by theta, and the Fisher information."""
    log_p, derivative = _cells(theta, grid, floor)
    score = (share[..., None] * derivative).sum(axis=-2)
    information = np.einsum("...c,...ci,...cj->...ij", np.exp(log_p), derivative, derivative)
    return (share * log_p).sum(axis=-1, keepdims=True), score, information


def power_law(curve, grid, floor, near=None):
    """Power law with a free shift fitted to falling curves by maximum likelihood over the cells between grid points.

        curve(x) = C (x + shift)^-b + floor

    The shift takes up the 1/x correction that every law here has, so that b is the asymptotic exponent and not a local
    slope; what is left is O(x^-2) at the start of the grid. Binned Pareto likelihood, Fisher scoring.
    curve: [..., x], falling, above 0.  grid: [..., x], ascending; a last point given again counts once.
    floor: whether the curve may level off above 0.  near: a PowerLaw close to which the fits lie, if one is known.
    NaN for a curve on which the exponent runs off to e^-12 or e^4, or is not found in 60 steps.
    """
    weights = _weights(np.asarray(curve, float), floor)
    share = weights / weights.sum(axis=-1, keepdims=True)
    first, last = np.log(grid[..., 0]), np.log(grid[..., -1])
    low = np.stack([np.full_like(first, _FLATTEST), first - 9], axis=-1)
    high = np.stack([np.full_like(first, _STEEPEST), last + 12], axis=-1)
    theta = _start(share, grid, floor) if near is None else _theta(near, grid)
    theta = np.clip(np.broadcast_to(theta, (*share.shape[:-1], 2)), low, high)
    likelihood, score, information = _likelihood(theta, share, grid, floor)
    damping = np.zeros_like(likelihood)
    for _ in range(_ITERATIONS):
        damped = information * (1 + damping[..., None] * np.eye(2)) + 1e-12 * np.eye(2)
        step = np.clip(np.linalg.solve(damped, score[..., None])[..., 0], -0.7, 0.7)
        trial = np.clip(theta + step, low, high)
        reached = _likelihood(trial, share, grid, floor)
        rises = reached[0] >= likelihood - 1e-14  # scoring alone overshoots where the curve is nearly straight
        theta, likelihood, score = (
            np.where(rises, new, old)
            for new, old in zip((trial, *reached[:2]), (theta, likelihood, score), strict=True)
        )
        information = np.where(rises[..., None], reached[2], information)
        damping = np.where(rises, damping / 8, 4 * damping + 1e-2)
        if np.abs(step).max() < 1e-10:
            break
    found = (theta[..., 0] > _FLATTEST) & (theta[..., 0] < _STEEPEST)
    found &= _left(score, information, (theta[..., 1] > low[..., 1]) & (theta[..., 1] < high[..., 1])) < _CONVERGED
    exponent, first = np.exp(theta[..., 0]) * np.where(found, 1.0, np.nan), np.exp(theta[..., 1])
    top, bottom = (np.exp(-exponent * np.log(x)) for x in (first, grid[..., -1] - grid[..., 0] + first))
    prefactor = weights.sum(axis=-1) / (top - bottom if floor else top)
    return PowerLaw(exponent, prefactor, first - grid[..., 0])


def _left(score, information, free):
    """How far the log exponent is from where the likelihood is largest, by one step more.  free: whether first is."""
    both = np.linalg.solve(information + 1e-12 * np.eye(2), score[..., None])[..., 0, 0]
    return np.abs(np.where(free, both, score[..., 0] / (information[..., 0, 0] + 1e-12)))


def _start(share, grid, floor):
    """The likeliest of 120 power laws to start from, theta [..., 2]."""
    ends = np.log(grid[..., [0, -1]])
    shifts = ends[..., :1] + (ends[..., 1:] - ends[..., :1]) * np.linspace(0, 1, 12)
    tried = np.log(_EXPONENTS)[:, None], shifts[..., None, :]
    starts = np.stack(np.broadcast_arrays(*tried), axis=-1).reshape(*shifts.shape[:-1], -1, 2)
    likely = (share[..., None, :] * _cells(starts, grid[..., None, :], floor)[0]).sum(axis=-1)
    best = np.argmax(likely, axis=-1)[..., None, None]
    return np.take_along_axis(np.broadcast_to(starts, (*likely.shape, 2)), best, axis=-2)[..., 0, :]


def power_law_stderr(fit, curve, grid, floor, problems):
    """Standard error of the exponent that `problems` independent problems would give: inverse Fisher information.

    fit: what `power_law` makes of the curves.  For the choice of a window only; reported
    errors come from the jackknife.  inf where the curve does not determine it.
    """
    _, information, weight = _sensitivity(fit, curve, grid, floor)
    return fit.exponent * np.sqrt(_inverse(information)[0] / (problems * weight))


def power_law_spread(fit, curve, grid, floor, covariance):
    """As `power_law_stderr`, where the covariance [..., x, x] of the points of the curve is known."""
    derivative, information, weight = _sensitivity(fit, curve, grid, floor)
    own, mixed = _inverse(information)  # below: log exponent by the weight of each cell
    by_cell = (own[..., None] * derivative[..., 0] + mixed[..., None] * derivative[..., 1]) / weight[..., None]
    gradient = by_cell @ _weights(np.eye(np.shape(grid)[-1]), floor).T
    return fit.exponent * np.sqrt(np.einsum("...x,...xy,...y->...", gradient, covariance, gradient))


def _theta(fit, grid):
    """Parameters of `_cells`."""
    return np.log(np.stack(np.broadcast_arrays(fit.exponent, grid[..., 0] + fit.shift), axis=-1))


def _sensitivity(fit, curve, grid, floor):
    """At fits: slope of log cell probabilities by theta [..., cells, 2], information of an event, weight of all."""
    log_p, derivative = _cells(_theta(fit, grid), grid, floor)
    information = np.einsum("...c,...ci,...cj->...ij", np.exp(log_p), derivative, derivative)
    return derivative, information, _weights(np.asarray(curve, float), floor).sum(axis=-1)


def _inverse(information):
    """First row of the inverse of matrices [..., 2, 2]; inf where there is none."""
    determinant = information[..., 0, 0] * information[..., 1, 1] - information[..., 0, 1] ** 2
    with np.errstate(divide="ignore"):
        scale = 1 / np.maximum(determinant, 0)
    return information[..., 1, 1] * scale, -information[..., 0, 1] * scale
