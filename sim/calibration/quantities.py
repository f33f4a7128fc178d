"""How many problems succeed every time, how many succeed how often, and how many may never be solved.

Each is a share of problems: of those of the pilot, or of as many new ones. It is a number of problems over all of
them, so it is drawn as one: given a draw of the law, problems are independent.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from sim import seeds
from sim.calibration import mixtures, prediction

SUCCESS = 0.5, 0.1, 0.01, 1e-3, 1e-4  # success probabilities tau that problems are counted above
_SAMPLES = 1000  # at least: the level of a quantile is then right to 0.7 %


class Shares(NamedTuple):
    """Of problems with some property: quantiles [properties, levels] at prediction.LEVELS.

    these: of the pilot's problems.  new: of as many new ones of the same kind.
    """

    these: np.ndarray
    new: np.ndarray


class Quantities(NamedTuple):
    """Shares of problems.

    reliability: where all of k attempts succeed, pass^k, at each k [k].  cover: with a success probability of at least
    tau, at each of SUCCESS (Cover@tau; Dragoi et al. 2025, arXiv 2510.08325).  never: which no number of attempts
    solves, [1, levels].
    """

    reliability: Shares
    cover: Shares
    never: Shares


def quantities(posterior, likelihood, attempts, seed):
    """Quantities of a pilot at numbers of attempts [k], ascending.

    posterior: draws of the law, weight [n] and mixing [n, 1 + cells].  likelihood: mixtures.Likelihood.
    """
    generator = seeds.generator(seed, f"quantities {len(likelihood.row)}")
    every = shares(posterior, likelihood, reliable(attempts), generator)
    cover = shares(posterior, likelihood, at_least(SUCCESS[::-1]), generator)
    never = shares(posterior, likelihood, impossible(), generator)
    return Quantities(every, Shares(*(side[::-1] for side in cover)), never)


def reliable(attempts):
    """Chance s^k that k attempts all succeed, [1 + cells, k]; its mean is pass^k (Yao et al. 2024, arXiv 2406.12045).

    A chance of failure below 1.6e-8, the last cell and all beyond it, counts as none.
    """
    every = np.exp(np.outer(mixtures.LOG_SUCCESS, attempts))
    every[-1] = 1.0
    return np.concatenate([np.asarray(attempts)[None] == 0.0, every])


def at_least(success):
    """Whether s >= tau, [1 + cells, tau]; of the cell that holds tau, 12 % of the odds wide, its part above."""
    above = (mixtures.ODDS[:, None] - special.logit(np.asarray(success, float))) / mixtures.STEP + 0.5
    return np.concatenate([np.zeros((1, len(success))), above.clip(0, 1)])


def impossible():
    """Whether no attempt ever succeeds, [1 + cells, 1]: s = 0, or below 1e-13."""
    return (np.arange(1 + len(mixtures.ODDS)) == 0).astype(float)[:, None]


def shares(posterior, likelihood, properties, generator):
    """Shares of problems with properties that are nested: who has one has all those before it.

    properties: chance of each given s, [1 + cells, properties], falling.
    """
    weight, these, new = numbers(posterior, likelihood, properties, generator)
    total = likelihood.problems.sum()

    def quantiles(drawn):
        return np.quantile(drawn, prediction.LEVELS, axis=0, weights=weight, method="inverted_cdf").T / total

    return Shares(quantiles(these), quantiles(new))


def numbers(posterior, likelihood, properties, generator):
    """(weight [samples], numbers [samples, properties] of the pilot's problems, the same of as many new ones).

    A problem has the property with probability q = E[property(s) | its counts, a draw of the law], independently of
    the others; those that have the next one too are drawn from those that have it: Binomial(number, q' / q).
    """
    repeats = -(-_SAMPLES // len(posterior.weight))
    weight = np.repeat(posterior.weight / repeats, repeats)
    chance = np.maximum(posterior.mixing @ likelihood.kernel.T, 1e-300)
    these = np.zeros((len(weight), properties.shape[1]))
    for kernel, problems, chances in zip(likelihood.kernel, likelihood.problems, chance.T, strict=True):
        q = posterior.mixing @ (kernel[:, None] * properties) / chances[:, None]
        these += _nested(problems, np.repeat(q, repeats, axis=0), generator)
    q = np.repeat(posterior.mixing @ properties, repeats, axis=0)
    return weight, these, _nested(likelihood.problems.sum(), q, generator)


def _nested(problems, q, generator):
    """Numbers [samples, properties] of so many alike problems, q [samples, properties] falling."""
    left, before = np.full(len(q), int(problems)), np.ones(len(q))
    drawn = np.empty(q.shape)
    for place, here in enumerate(q.T):
        left = generator.binomial(left, np.clip(here / np.maximum(before, 1e-300), 0, 1))
        drawn[:, place], before = left, here
    return drawn
