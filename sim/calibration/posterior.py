"""The posterior of how success probabilities spread over problems, from which everything is predicted.

The three kinds of law of the prior (sim.calibration.prior) are sampled each by itself and weighed by their evidence.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import mixtures, tempering
from sim.calibration.mixtures import LOG_FAILURE, LOG_SUCCESS, ODDS, STEP
from sim.calibration.prior import DECADES, PRIOR, Kind, averages, log_bends, log_size, mixing
from sim.draw import seeds

_POINTS, _LAST, _MORE = 400, 6, 4  # of a population; moves at the end, and those between its last two states
_DRAWS = 1000
_ROUNDS = 25  # of Newton's method


class Sample(NamedTuple):
    """Draws of one kind of law. points: [n, kind.size].  value: log likelihood and bends there, [n].

    log_evidence: log of the likelihood averaged over the kind.  effective: independent draws that these are worth.
    """

    kind: Kind
    points: np.ndarray
    value: np.ndarray
    log_evidence: float
    effective: float


class Posterior(NamedTuple):
    """Equally likely laws. weight: [n], 1 / n.  mixing: where s lies, [n, 1 + cells], the first cell "never".

    alpha, beta: of the Beta law nearest to each on the problems that can be solved, [n].  shares: name of a kind of law
    -> its probability.  log_evidence: log of the likelihood averaged over the prior.  effective: independent draws that
    the laws are worth.  samples: of each kind.
    """

    weight: np.ndarray
    mixing: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    shares: dict
    log_evidence: float
    effective: float
    samples: tuple

    @property
    def ceiling(self):
        """A of each law, [n]."""
        return 1 - self.mixing[:, 0]


def posterior(likelihood, prior=PRIOR, points=_POINTS):
    """Posterior from the counts of a pilot (mixtures.Likelihood): the same counts give the same draws.

    points: of the population of each kind.
    """
    known = mixtures.condensed(likelihood)
    return _combined(tuple(sampled(kind, known, points) for kind in prior), likelihood)


def widened(known, likelihood):
    """Posterior of the same counts under the prior with deviations twice as large, from that under the prior itself."""
    counts = mixtures.condensed(likelihood)
    return _combined(tuple(_wider(one, counts) for one in known.samples), likelihood)


def sampled(kind, known, number=_POINTS):
    """Sample of a kind, twice as many draws as points of the population."""
    generator, columns = seeds.generator(0, f"posterior {kind.name}"), _columns(known)

    def value(points):
        return _value(points, kind, *columns)

    found = tempering.draws(value, kind.size, number, _LAST, generator)
    points, own = tempering.several(value, found.points, found.value, _MORE, generator)
    effective = 2 * found.effective / (1 + tempering.correlation(found.points, points))
    both = np.concatenate([found.points, points]), np.concatenate([found.value, own])
    return Sample(kind, *both, found.log_evidence - log_size(kind), effective)


def _wider(one, known):
    """Sample of the wider kind: draws of the kind weighed and resampled, then moved."""
    kind, generator = one.kind.wider(), seeds.generator(1, f"posterior {one.kind.name}")
    points, log_volume = one.kind.moved_to_wider(one.points)
    columns = _columns(known)
    value = _value(points, kind, *columns)
    change = value - one.value - ((points**2).sum(axis=1) - (one.points**2).sum(axis=1)) / 2 + log_volume
    evidence = one.log_evidence + special.logsumexp(change) - np.log(len(change)) + log_size(one.kind) - log_size(kind)
    weight = special.softmax(change)
    chosen = tempering.resampled(weight, generator, len(weight))
    moved = tempering.several(lambda own: _value(own, kind, *columns), points[chosen], value[chosen], _MORE, generator)
    return Sample(kind, *moved, float(evidence), float(1 / (weight**2).sum()))


def _value(points, kind, columns, problems):
    """Log likelihood of the counts, and of the bends, at points.  columns: rows of the kernel, then DECADES."""
    found = averages(points, kind, columns)
    counts = np.log(np.maximum(found[:, : len(problems)], 1e-300)) @ problems
    return counts + log_bends(found[:, len(problems) :], kind)


def _columns(known):
    return np.concatenate([known.kernel.T, DECADES], axis=1), known.problems


def _combined(samples, likelihood):
    """Posterior from samples of all kinds, each in proportion to its evidence and its share in the prior."""
    logs = np.array([one.log_evidence + np.log(one.kind.share) for one in samples])
    shares = special.softmax(logs)
    numbers = np.diff(np.round(np.cumsum(shares) * _DRAWS), prepend=0).astype(int)
    laws = []
    for one, number in zip(samples, numbers, strict=True):  # every so many-th of the draws, which are in no order
        places = (np.arange(number) * (len(one.points) / max(number, 1))).astype(int)
        laws.append(mixing(one.points[places], one.kind))
    laws = np.concatenate(laws)
    effective = min(1 / sum(share**2 / one.effective for one, share in zip(samples, shares, strict=True)), _DRAWS)
    return Posterior(
        np.full(len(laws), 1 / len(laws)),
        laws,
        *nearest(laws),
        {one.kind.name: float(share) for one, share in zip(samples, shares, strict=True)},
        float(special.logsumexp(logs) + likelihood.problems @ likelihood.log_scale),
        effective,
        samples,
    )


def nearest(laws):
    """alpha and beta [n] of the Beta laws nearest to laws on the cells, by the divergence of Kullback and Leibler.

    Means of log s and log(1 - s) over the cells are those of the Beta law on the same cells (Newton's method).
    """
    inner = laws[:, 1:] / np.maximum(laws[:, 1:].sum(axis=1, keepdims=True), 1e-300)
    basis = np.stack([LOG_SUCCESS, LOG_FAILURE])
    wanted = inner @ basis.T
    mean = inner @ special.expit(ODDS)
    spread = np.maximum(inner @ (special.expit(ODDS) ** 2) - mean**2, 1e-12 * mean * (1 - mean))
    size = np.maximum(mean * (1 - mean) / spread - 1, 1e-3)  # of the Beta law with the same mean and variance of s
    theta = np.log(np.stack([mean * size, (1 - mean) * size], axis=1)).clip(-9, 16)
    for _ in range(_ROUNDS):
        own = np.exp(theta)
        density = own @ basis
        density[:, -1] += np.log1p(1 / np.expm1(np.minimum(own[:, 1] * STEP, 700)))  # and what lies beyond
        weight = special.softmax(density, axis=1)
        mean = weight @ basis.T
        products = np.stack([weight @ (basis[i] * basis[j]) for i, j in ((0, 0), (0, 1), (1, 1))], axis=1)
        a, b, d = (products - mean[:, [0, 0, 1]] * mean[:, [0, 1, 1]]).T
        gap = wanted - mean
        determinant = np.maximum(a * d - b * b, 1e-12 * a * d + 1e-300)
        step = np.stack([d * gap[:, 0] - b * gap[:, 1], a * gap[:, 1] - b * gap[:, 0]], axis=1)
        theta = (theta + (step / determinant[:, None] / own).clip(-0.5, 0.5)).clip(-9, 16)
    return np.exp(theta[:, 1]), np.exp(theta[:, 0])
