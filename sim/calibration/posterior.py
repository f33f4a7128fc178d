"""What a pilot leaves of a law's prior: weighted parameters, by importance sampling that adapts itself."""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import linalg, special

from sim.calibration import mixtures

_DRAWS, _ROUNDS = 1024, 6
_KEPT = 1000  # draws that an average is told by
_ENOUGH = 0.3  # of the draws may count, of the effective ones, before it stops adapting
_WIDER, _TAIL = 1.5, 6  # covariance and degrees of freedom of the next proposal, wider than what it follows
_NEGLIGIBLE = 1e-5  # weight, against the largest, below which parameters are dropped


class Posterior(NamedTuple):
    """theta [n, parameters] with weight [n], adding up to 1, the weights of the law there, [n, 1 + cells].

    log_evidence: log of the likelihood averaged over the prior.
    """

    theta: np.ndarray
    weight: np.ndarray
    mixing: np.ndarray
    log_evidence: float


class Average(NamedTuple):
    """Several laws at once, each weighed by its evidence: weight [n], mixing [n, 1 + cells], the law of each, [n].

    shares: name of a law -> its posterior probability.  of: name -> Posterior.
    """

    weight: np.ndarray
    mixing: np.ndarray
    law: np.ndarray
    shares: dict
    of: dict


def posterior(law, likelihood):
    """Posterior of a law's parameters (deterministic: the draws are quasi-random)."""
    size = len(law.centre)
    centre, root = np.array(law.centre), np.diag(law.scale)
    theta = centre + 1.3 * _normals(size, 0) @ root
    log_proposal = _log_normal(theta, centre, 1.3 * np.array(law.scale))
    for turn in range(1, _ROUNDS + 1):
        mixing = law.weights(theta)
        log_weight = mixtures.log_likelihood(mixing, likelihood) - log_proposal
        log_weight += _log_normal(theta, centre, np.array(law.scale))
        weight = special.softmax(log_weight)
        if turn == _ROUNDS or _effective(weight) > _ENOUGH * _DRAWS:
            break
        theta, log_proposal = _proposal(theta, _tempered(weight, 8 * size), turn)
    kept = weight > _NEGLIGIBLE * weight.max()
    evidence = special.logsumexp(log_weight) - np.log(len(theta))
    return Posterior(theta[kept], weight[kept] / weight[kept].sum(), mixing[kept], float(evidence))


def average(likelihood, laws=None):
    """Average of laws, by their evidence.

    laws: names, all by default; before the pilot each is as likely as any other.
    """
    names = list(mixtures.LAWS) if laws is None else list(laws)
    of = {name: posterior(mixtures.LAWS[name], likelihood) for name in names}
    shares = special.softmax([of[name].log_evidence for name in names])
    weight = np.concatenate([share * of[name].weight for share, name in zip(shares, names, strict=True)])
    law = np.repeat(np.array(names, object), [len(of[name].weight) for name in names])
    mixing = np.concatenate([of[name].mixing for name in names])
    weight, kept = _resampled(weight)
    return Average(weight, mixing[kept], law[kept], dict(zip(names, shares.tolist(), strict=True)), of)


def _resampled(weight):
    """Weights and positions of draws that stand for all: each as often as its weight asks for."""
    places = np.searchsorted(np.cumsum(weight) / weight.sum(), (np.arange(_KEPT) + 0.5) / _KEPT)
    kept, times = np.unique(places.clip(0, len(weight) - 1), return_counts=True)
    return times / _KEPT, kept


def _effective(weight):
    return 1 / (weight**2).sum()


def _tempered(weight, wanted):
    """The weights, flattened until so many draws count: a first guess must not collapse to a point."""
    power = 1.0
    tempered = weight
    while _effective(tempered) < wanted and power > 0.02:
        power *= 0.7
        tempered = weight**power / (weight**power).sum()
    return tempered


def _proposal(theta, weight, turn):
    """Draws from a multivariate t about weighted ones, and their log density."""
    size = theta.shape[1]
    centre = weight @ theta
    spread = _WIDER * ((theta - centre).T @ ((theta - centre) * weight[:, None])) + 1e-8 * np.eye(size)
    root = linalg.cholesky(spread, lower=True)
    stretch = np.sqrt(_TAIL / (2 * special.gammaincinv(_TAIL / 2, _uniforms(1, 100 + turn))))  # of a chi-square
    drawn = _normals(size, turn) * stretch @ root.T
    whitened = linalg.solve_triangular(root, drawn.T, lower=True)
    log_density = -(_TAIL + size) / 2 * np.log1p((whitened**2).sum(axis=0) / _TAIL) - np.log(np.diag(root)).sum()
    scale = special.gammaln((_TAIL + size) / 2) - special.gammaln(_TAIL / 2) - size / 2 * np.log(_TAIL * np.pi)
    return centre + drawn, log_density + scale


def _log_normal(theta, centre, scale):
    return -0.5 * (((theta - centre) / scale) ** 2 + np.log(2 * np.pi * scale**2)).sum(axis=1)


@cache
def _uniforms(size, number):
    """Points [draws, size] that fill the unit cube evenly, shifted by their number.

    Multiples of powers of the root of x^(size + 1) = x + 1, which are the hardest to approximate by fractions
    (Roberts 2018).
    """
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (size + 1))
    steps = root ** -np.arange(1.0, size + 1)
    shift = 0.5 + number * (np.sqrt(2) - 1)
    return np.mod(shift + np.arange(_DRAWS)[:, None] * steps, 1).clip(1e-9, 1 - 1e-9)


def _normals(size, number):
    return special.ndtri(_uniforms(size, number))
