"""How many problems succeed every time, how many succeed how often, and how many may never be solved.

Each is a share of problems: of those of the pilot, or of as many new ones. It is a number of problems over all of
them, so it is drawn as one: given a draw of the law, problems are independent.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import mixtures, prediction

SUCCESS = 0.5, 0.1, 0.01, 1e-3, 1e-4  # success probabilities tau that problems are counted above


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


def quantities(posterior, likelihood, attempts):
    """Quantities of a pilot at numbers of attempts [k], ascending.

    posterior: draws of the law, weight [n] and mixing [n, 1 + cells].  likelihood: mixtures.Likelihood.
    """
    chances = reliable(attempts), at_least(SUCCESS), impossible()
    return Quantities(*(_shares(posterior, likelihood, chance) for chance in chances))


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


def _shares(posterior, likelihood, chance):
    """Shares of problems for which something happens, at each column of its chance given s, [1 + cells, properties]."""
    drawn = (
        prediction.shares(posterior, likelihood, chance),
        prediction.new_shares(posterior, chance, len(likelihood.row)),
    )
    return Shares(*(prediction.interval(one, None).quantiles for one in drawn))
