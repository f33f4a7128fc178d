"""What is known of the spread of success probabilities before a pilot: three kinds of law.

Each is a density in log odds x of success, on a share A of problems; the others are never solved:

    p(x) ~ s^beta (1 - s)^alpha exp(f(x)),  s = 1 / (1 + e^-x),  f ~ Gaussian process of deviation sigma, length l

Where f = 0 the failure probability is Beta(alpha, beta) (Levi 2024, Eq. 7).
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import mixtures
from sim.calibration.mixtures import LOG_FAILURE, LOG_SUCCESS, ODDS, STEP
from sim.draw import seeds

_MIDDLE, _REACH, WAVES = -6.0, 30.0, 36  # of log odds, where f is a sum of waves: lengths from 1.5 on, within 1 %
_FREQUENCY = np.pi * np.arange(1, WAVES + 1) / (2 * _REACH)
_WAVE = np.sqrt(1 / _REACH) * np.sin(np.outer(_FREQUENCY, ODDS - _MIDDLE + _REACH))
_BASIS = np.concatenate([LOG_SUCCESS[None], LOG_FAILURE[None], _WAVE])
DECADES = mixtures.reach(10.0 ** np.arange(1, 9))  # of attempts, between which slopes are compared
_SATURATED = 0.03  # failure below which a slope does not count
_LIMITS = -7.0, 14.0  # of log beta and log alpha: on the grid
_WIDER = 2.0  # times the deviations, for what rests on the prior
_DRAWS = 4000  # for what the bends leave of a kind, to 2 %


class Deviation(NamedTuple):
    """f. size: centre and standard deviation of log sigma, normal.  length: least and largest l, log l uniform."""

    size: tuple[float, float]
    length: tuple[float, float]


class Kind(NamedTuple):
    """A kind of law and its prior probability `share`.

    Pairs are centre and standard deviation of a normal distribution. beta: of log beta.  odds: of log(alpha / beta),
    the log odds of failure where success is Beta(beta, alpha) and has its mean.  solvable: probability that there is
    no ceiling; else 1 - A is u^`never`, u uniform.  deviation: None where f = 0.  bend: scale of how much
    the slope of log(-log pass@k) against log k changes from a decade of k to the next, of Student's t distribution with
    three degrees of freedom that laws are weighed by; None where they are not.
    """

    name: str
    share: float
    beta: tuple[float, float]
    odds: tuple[float, float]
    solvable: float
    never: float
    deviation: Deviation | None
    bend: float | None

    @property
    def size(self):
        """Coordinates of the sampler, each standard normal before the pilot: beta, odds, ceiling, and those of f."""
        return 3 if self.deviation is None else 5 + WAVES

    def wider(self):
        """The same with deviations, and scales of deviations, twice as large."""
        (beta, odds) = ((centre, _WIDER * deviation) for centre, deviation in (self.beta, self.odds))
        own, bend = self.deviation, self.bend
        if own is not None:
            own = own._replace(size=(own.size[0] + np.log(_WIDER), own.size[1]))
        return self._replace(beta=beta, odds=odds, deviation=own, bend=None if bend is None else _WIDER * bend)

    def moved_to_wider(self, points):
        """(points of the same laws in the coordinates of the wider kind, log of what a unit of volume becomes)."""
        moved = points.copy()
        moved[:, :2] /= _WIDER
        if self.deviation is not None:
            moved[:, 3] -= np.log(_WIDER) / self.deviation.size[1]
        return moved, -2 * np.log(_WIDER)


_BEND_TAIL = 3.0  # degrees of freedom: large bends are seldom and never impossible
LEVI, MEASURED, ROUGH = "Levi's law", "measured curves", "rough"

# Of measured curves: centres of log beta and log sigma, `solvable`, `never`, `bend`, learnt by scripts/learn_prior.py
# from eighteen curves (outputs/reference/calibration/counts.csv), and from those of all suites but one. Predictions
# about a curve of a suite that are reported anywhere are made with the numbers learnt without it.
LEARNT = {
    None: (-1.787, -0.121, 0.933, 5.411, 0.065),
    "CodeContests": (-1.528, -0.107, 0.924, 4.931, 0.066),
    "GSM8K": (-1.793, -0.123, 0.934, 5.485, 0.066),
    "MATH": (-2.014, -0.111, 0.931, 5.723, 0.066),
    "MiniF2F-MATH": (-1.773, -0.164, 0.936, 5.527, 0.065),
}


def without(suite=None):
    """The prior that knows nothing of a suite of measured curves; of all eighteen where it is none of theirs."""
    beta, size, solvable, never, bend = LEARNT[suite if suite in LEARNT else None]
    return (
        # Levi's: exponents of 0.1 to 4 and any ceiling. Rough: whatever else there is. These, the shares and the widths
        # were set by hand, with pilots of the model and of the eighteen curves in view.
        Kind(LEVI, 0.15, (-0.7, 0.7), (1.9, 1.6), 0.4, 1.0, None, None),
        Kind(MEASURED, 0.73, (beta, 1.2), (3.0, 3.0), solvable, never, Deviation((size, 0.5), (1.5, 12.0)), bend),
        Kind(ROUGH, 0.12, (0.2, 2.0), (3.0, 3.0), 0.5, 1.0, Deviation((0.7, 0.7), (1.5, 6.0)), None),
    )


PRIOR = without()
KINDS = {kind.name: kind for kind in PRIOR}


def mixing(points, kind):
    """Weights of the laws of a kind at points [n, size], [n, 1 + cells], each row adding up to 1; cell 0: never."""
    inner, share, first = _law(points, kind)
    return np.concatenate([first[:, None], inner * share[:, None]], axis=1)


def averages(points, kind, columns):
    """mixing(points, kind) @ columns, [n, m], without the weights.  columns: [1 + cells, m]."""
    inner, share, first = _law(points, kind)
    found = inner @ columns[1:]
    found *= share[:, None]
    return found + first[:, None] * columns[0]


def _law(points, kind):
    """(weights of the cells [n, cells], what makes them add up to the solvable share [n], cell 0 [n])."""
    log_beta = (kind.beta[0] + kind.beta[1] * points[:, 0]).clip(*_LIMITS)
    log_alpha = (log_beta + kind.odds[0] + kind.odds[1] * points[:, 1]).clip(*_LIMITS)
    never = (np.maximum(special.ndtr(points[:, 2]) - kind.solvable, 0) / (1 - kind.solvable)) ** kind.never
    beta, alpha = np.exp(log_beta), np.exp(log_alpha)
    own = np.stack([beta, alpha], axis=1)
    if kind.deviation is None:
        inner = own @ _BASIS[:2]
    else:
        inner = np.concatenate([own, _heights(points[:, 3:], kind.deviation)], axis=1) @ _BASIS
    inner -= inner.max(axis=1, keepdims=True)
    np.exp(inner, out=inner)
    below = inner[:, 0] / np.expm1(np.minimum(beta * STEP, 700))  # both ends go on with the slopes of the Beta law
    above = inner[:, -1] / np.expm1(np.minimum(alpha * STEP, 700))
    total = inner.sum(axis=1) + below + above
    inner[:, -1] += above
    return inner, (1 - never) / total, never + (1 - never) * below / total


def _heights(points, deviation):
    """Heights [n, waves] of the waves that f is the sum of (Solin and Sarkka 2020): a squared exponential covariance.

    f(x) = sigma sum_j sqrt(S(w_j)) wave_j(x) z_j,    S(w) = sqrt(2 pi) l exp(-l^2 w^2 / 2)
    """
    size = np.exp(deviation.size[0] + deviation.size[1] * points[:, 0])
    least, most = np.log(deviation.length)
    length = np.exp(least + (most - least) * special.ndtr(points[:, 1]))[:, None]
    root = np.sqrt(np.sqrt(2 * np.pi) * length) * np.exp(-((length * _FREQUENCY) ** 2) / 4)
    return size[:, None] * root * points[:, 2:]


def log_bends(coverage, kind):
    """Log density [n] of how much the slope of log(-log pass@k) changes from a decade of k to the next, k >= 10.

    What measured curves have in common: it changes little. 0 for kinds that say nothing of it.
    coverage: pass@k of laws at 10, 100, ... attempts, mixing @ DECADES.
    """
    return np.zeros(len(coverage)) if kind.bend is None else log_density_of_bends(*bends(coverage), kind.bend)


def bends(coverage):
    """(changes of the slope [n, decades], how much each counts: little where nearly all is solved)."""
    missing = -np.log(np.clip(coverage, 1e-300, 1 - 1e-12))
    change = np.diff(np.log(missing), 2, axis=1) / np.log(10)
    return change, missing[:, 2:] ** 2 / (missing[:, 2:] ** 2 + _SATURATED**2)


def log_density_of_bends(change, counts, scale):
    """Of Student's t distribution, but for a constant, [n].  change, counts: of `bends`."""
    return -(_BEND_TAIL + 1) / 2 * (counts * np.log1p((change / scale) ** 2 / _BEND_TAIL)).sum(axis=1)


@cache
def log_size(kind):
    """Log of what the bends leave of a kind on average, which makes of it a distribution again."""
    if kind.bend is None:
        return 0.0
    generator = seeds.generator(0, f"prior {kind}")
    found = [
        log_bends(averages(generator.standard_normal((1000, kind.size)), kind, DECADES), kind)
        for _ in range(_DRAWS // 1000)
    ]
    return float(special.logsumexp(found) - np.log(_DRAWS))
