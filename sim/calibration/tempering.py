"""Draws from a density by tempering: a population that moves from a normal prior to it in small steps.

Every point starts as a draw from the prior. The likelihood is raised to a power that grows from 0 to 1; at each power
points are resampled by what it adds (Del Moral, Doucet, Jasra 2006), then moved by elliptical slice sampling about a
normal density fitted to the population (Murray, Adams, MacKay 2010; Nishihara, Murray, Adams 2014). No step size has to
be chosen, and points in several modes keep their shares, so that it does not starve where the prior is far off.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

_HALF = 0.5  # of the points count after a step: the effective size that chooses the next power
_BISECTIONS = 30  # of a power, to 1e-9
_SHRINKS = 9  # of a bracket; a point that has found no other by then stays, from which the other would have come back
_WIDER = 1.2  # variance of the normal density, against the population: its tails must not be the lighter ones
_LEAST = 1e-6  # variance
_MOVES, _PARTED = (2, 6), 0.5  # at each power before the last, at least and at most; correlation that is low enough


class Draws(NamedTuple):
    """points: [n, size], equally likely.  value: log likelihood of each [n].

    log_evidence: log of the likelihood averaged over the prior.  effective: how many independent draws they are worth:
    n / (1 + copies that each has on average, of each resampling, times the squared correlation with them since). Slower
    directions than the coordinates are not seen.  powers: number of steps that were needed.
    """

    points: np.ndarray
    value: np.ndarray
    log_evidence: float
    effective: float
    powers: int


def draws(log_likelihood, size, number, last, generator):
    """Draws of a density proportional to exp(-z'z/2 + log_likelihood(z)).

    log_likelihood: points [n, size] -> [n].  number: of points.  last: moves at the last power,
    twice as many where points have hardly moved.
    """
    points = generator.standard_normal((number, size))
    value = log_likelihood(points)
    power, log_evidence, excess, powers = 0.0, 0.0, 0.0, 0
    while power < 1:
        step = _step(value, 1 - power)
        power = 1.0 if step >= 1 - power else power + step
        log_evidence += special.logsumexp(step * value) - np.log(number)
        chosen = resampled(special.softmax(step * value), generator, number)
        points, value, powers = points[chosen], value[chosen], powers + 1
        start, (least, most) = points, _MOVES if power < 1 else (last, 2 * last)
        for done in range(most):
            if done >= least and correlation(start, points) <= _PARTED:
                break
            points, value = moved(log_likelihood, points, value, power, generator)
        excess = correlation(start, points) ** 2 * (excess + _copies(chosen))
    return Draws(points, value, float(log_evidence), number / (1 + excess), powers)


def correlation(start, end):
    """The largest over coordinates of the correlation between points [n, size] before some moves and after them."""
    own, other = start - start.mean(axis=0), end - end.mean(axis=0)
    size = np.sqrt((own**2).sum(axis=0) * (other**2).sum(axis=0))
    return float(np.abs((own * other).sum(axis=0) / np.maximum(size, 1e-300)).max())


def resampled(weight, generator, number):
    """Positions [number] of points that occur as often as their weights, adding up to 1, ask for (systematic)."""
    places = np.searchsorted(np.cumsum(weight), (np.arange(number) + generator.random()) / number)
    return places.clip(0, len(weight) - 1)


def several(log_likelihood, points, value, moves, generator, power=1.0):
    """Points, and the log likelihood there, after so many moves of each."""
    for _ in range(moves):
        points, value = moved(log_likelihood, points, value, power, generator)
    return points, value


def moved(log_likelihood, points, value, power, generator):
    """Points after one elliptical slice move each, which leaves exp(-z'z/2 + power log_likelihood(z)) as it is."""
    number, size = points.shape
    centre, root, inverse = _normal(points)

    def height(at, own):  # log density against the normal one
        return power * own + 0.5 * ((((at - centre) @ inverse.T) ** 2).sum(axis=1) - (at**2).sum(axis=1))

    other, here = generator.standard_normal((number, size)) @ root.T, points - centre
    least = height(points, value) + np.log(generator.random(number))
    angle = generator.uniform(0, 2 * np.pi, number)
    low, high = angle - 2 * np.pi, angle.copy()
    points, value, left = points.copy(), value.copy(), np.arange(number)
    for _ in range(_SHRINKS):
        turn = angle[left][:, None]
        trial = centre + here[left] * np.cos(turn) + other[left] * np.sin(turn)
        own = log_likelihood(trial)
        inside = height(trial, own) > least[left]
        points[left[inside]], value[left[inside]] = trial[inside], own[inside]
        left = left[~inside]
        if not len(left):
            break
        low[left] = np.where(angle[left] < 0, angle[left], low[left])
        high[left] = np.where(angle[left] < 0, high[left], angle[left])
        angle[left] = generator.uniform(low[left], high[left])
    return points, value


def _normal(points):
    """(centre, root of the covariance, its inverse) of the normal density about a population.

    Where the variance is 1, as before the pilot, that of n points in some direction is anything in (1 +- sqrt(g))^2,
    g = size / n. Beyond, a variance l shows as l + g l / (l - 1) (Baik, Silverstein 2006), which is undone: taken as
    they show, the narrow directions hold points fast, and the evidence comes out too small.
    """
    share = points.shape[1] / (_HALF * len(points))  # n: the others may be copies
    shown, axes = np.linalg.eigh(np.atleast_2d(np.cov(points.T)))
    middle = (shown + 1 - share) / 2
    spread = np.sqrt(np.maximum(middle**2 - shown, 0))
    far = np.abs(np.sqrt(np.maximum(shown, 0)) - 1) > np.sqrt(share)
    own = np.where(far, np.maximum(middle + np.sign(shown - 1) * spread, _LEAST), 1.0)
    root = np.sqrt(_WIDER * own)
    return points.mean(axis=0), axes * root, (axes / root).T


def _step(value, most):
    """The largest step of the power, up to the most, that leaves half of the points in effect."""
    count = _HALF * len(value)
    if _size(special.softmax(most * value)) >= count:
        return most
    low, high = 0.0, most
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _size(special.softmax(middle * value)) >= count else (low, middle)
    return low


def _size(weight):
    return 1 / (weight**2).sum()


def _copies(chosen):
    """Other points of the same ancestor that a point has, on average."""
    family = np.bincount(chosen)
    return (family * (family - 1)).sum() / len(chosen)
