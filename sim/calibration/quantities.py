"""How often problems succeed every time, how many succeed how often, and how many may never be solved.

A draw of the law puts every problem somewhere: one of the pilot by what its counts leave of the law, a new one by the
law alone, all independently. Whatever is asked of the success probabilities is then an average over problems.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import mixtures, prediction
from sim.draw import seeds

_NEGLIGIBLE = 1e-30  # likelihood, against the largest, of cells that are left out
SUCCESS = 0.5, 0.1, 0.01, 1e-3, 1e-4  # success probabilities tau that problems are counted above
_SAMPLES = 1000  # at least: the level of a quantile is then right to 0.7 %


class Quantiles(NamedTuple):
    """Quantiles [rows, levels] at prediction.LEVELS: these, of the pilot's problems; new, of as many new ones."""

    these: np.ndarray
    new: np.ndarray


class Quantities(NamedTuple):
    """What is known of a pilot's problems, and of new ones.

    reliability: mean chance that all of k attempts succeed, pass^k = E[s^k], at each k.  cover: share of problems with
    a success probability s >= tau, at each of SUCCESS (Cover@tau; Dragoi et al. 2025, arXiv 2510.08325).  never: share
    that no number of attempts solves, one row. Shares are multiples of 1 / problems.
    """

    reliability: Quantiles
    cover: Quantiles
    never: Quantiles


def quantities(posterior, likelihood, attempts):
    """Quantities of a pilot at numbers of attempts [k].

    posterior: draws of the law, weight [n] and mixing [n, 1 + cells].  likelihood: mixtures.Likelihood.
    """
    generator = seeds.generator(0, f"quantities {len(likelihood.row)}")
    repeats = -(-_SAMPLES // len(posterior.weight))
    weight, mixing = (np.repeat(x, repeats, axis=0) for x in (posterior.weight, posterior.mixing))
    both = of_these(mixing, likelihood, generator), of_new(mixing, likelihood, generator)

    def quantiles(number):
        return Quantiles(*(_quantiles(number(lie), weight) / likelihood.problems.sum() for lie in both))

    return Quantities(
        quantiles(lambda lie: lie @ reliable(attempts)),
        quantiles(lambda lie: np.stack([at_least(tau, lie, generator) for tau in SUCCESS], axis=1)),
        quantiles(lambda lie: lie[:, :1]),
    )


def of_these(mixing, likelihood, generator):
    """Numbers [n, 1 + cells] of the pilot's problems that lie in each cell, at draws of the law [n, 1 + cells]."""
    lie, likelihood = np.zeros(mixing.shape), mixtures.condensed(likelihood)
    for kernel, problems in zip(likelihood.kernel, likelihood.problems.astype(int), strict=True):
        cells = kernel > _NEGLIGIBLE
        chance = mixing[:, cells] * kernel[cells]
        chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-300)
        lie[:, cells] += generator.multinomial(problems, chance)
    return lie


def of_new(mixing, likelihood, generator):
    """The same for as many new problems."""
    return generator.multinomial(int(likelihood.problems.sum()), mixing).astype(float)


def reliable(attempts):
    """Chance s^k that k attempts all succeed, [1 + cells, k] (tau-bench; Yao et al. 2024, arXiv 2406.12045).

    A chance of failure below 1.6e-8, the last cell and all beyond it, counts as none.
    """
    every = np.exp(np.outer(mixtures.LOG_SUCCESS, attempts))
    every[-1] = 1.0
    return np.concatenate([np.asarray(attempts)[None] == 0.0, every])


def at_least(tau, lie, generator):
    """Numbers [n] of problems with s >= tau, from those in each cell; in the cell of tau problems lie evenly."""
    above = ((mixtures.ODDS - special.logit(tau)) / mixtures.STEP + 0.5).clip(0, 1)
    split = 1 + np.flatnonzero((above > 0) & (above < 1))
    whole = lie[:, 1:] @ (above == 1)
    return whole + generator.binomial(lie[:, split].astype(int), above[split - 1]).sum(axis=1)


def _quantiles(values, weight):
    """[rows, levels] of weighted samples [n, rows]."""
    return np.quantile(values, prediction.LEVELS, axis=0, weights=weight, method="inverted_cdf").T
