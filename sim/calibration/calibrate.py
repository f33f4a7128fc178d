"""All that a pilot says: does the model fit it, how will coverage grow, how sure is that, what can it not tell?"""

from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import ansatz, curve, mixtures, posterior, prediction, published, quantities
from sim.draw import seeds
from sim.judging import fits
from sim.pilot.pilot import Pilot
from sim.records import checked

COUNTED = {  # laws fitted to counts by maximum likelihood, beside the beta-binomial; where their fits start
    "zero-inflated beta-binomial": (mixtures.beta, ((-1.0, 1.5, -2.0), (0.0, 0.0, -2.0))),
    "scaled beta": (mixtures.scaled_beta, ((-1.0, 1.5, 1.0), (-1.0, 0.0, 8.0))),
    "scaled Kumaraswamy": (mixtures.scaled_kumaraswamy, ((-1.0, 2.0, 1.0), (-1.0, 0.0, 8.0))),
}
_URN = 1e9  # attempts of a problem
_HIDDEN = 200  # points that pilots of the backtest are told by
_FAR = 10  # times the attempts of a pilot


class Parameters(NamedTuple):
    """Of the memorising model (Levi 2024, Eq. 7): quantiles at 5, 50 and 95 %, [3], of ceiling A, alpha, exponent beta.

    correlation: of ceiling and exponent, which a pilot hardly tells apart.
    """

    ceiling: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    correlation: float


class Backtest(NamedTuple):
    """Pilots of fewer attempts drawn from this one, predicting the rest of it: arrays [repeats, k].

    shown: attempts a problem they were given.  attempts: [k].  low, high: of the 90 % interval; lower, upper: of the
    50 % one.  observed: unbiased pass@k of the whole pilot, [k].
    """

    shown: int
    attempts: np.ndarray
    point: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    observed: np.ndarray


class Calibration(NamedTuple):
    """What is known of a pilot. attempts: [k], where point, these and new (prediction.Interval) are told.

    quantities: what else is told of these and of new problems.  test: whether the memorising model fits.
    others: name of a published fit -> pass@k [k].  reasons: why the question at the last k cannot be answered, keys of
    the report's words.
    """

    pilot: Pilot
    observed: curve.Curve
    posterior: posterior.Posterior
    attempts: np.ndarray
    these: prediction.Interval
    wide: prediction.Interval
    new: prediction.Interval
    quantities: quantities.Quantities
    parameters: Parameters
    test: ansatz.FitTest
    others: dict
    reasons: list
    backtest: Backtest | None


class Asked(NamedTuple):
    """What the statistics of a calibration are asked with."""

    level: float
    least_solved: int
    most_factor: float
    rare: int
    unseen: float
    prior: float
    backtest_share: float
    backtest_repeats: int


def asked(config):
    """Asked of a configuration (conf/calibrate.yaml); ValueError, in one sentence, for the first that is wrong."""
    return Asked(
        checked.number(config, "test.level", 1e-6, 0.5),
        checked.number(config, "tell.solved", 0, 10**6, whole=True),
        checked.number(config, "tell.factor", 1, 1e9),
        checked.number(config, "tell.rare", 0, 10**6, whole=True),
        checked.number(config, "tell.unseen", 0, 1),
        checked.number(config, "tell.prior", 0, 1),
        checked.number(config, "backtest.share", 1e-6, 0.9),
        checked.number(config, "backtest.repeats", 0, 1000, whole=True),
    )


def calibrate(pilot, attempts, asked, seed):
    """Calibration of one pilot (sim.pilot.pilot.Pilot) at whole numbers of attempts [k], ascending.

    asked: a record with level, least_solved, most_factor, rare, unseen, prior, backtest_share and backtest_repeats
    (conf/calibrate.yaml).
    """
    likelihood, seen = curve.likelihood(pilot), curve.observed(pilot)
    known = posterior.posterior(likelihood)
    these = prediction.these(known, likelihood, attempts)
    wide = prediction.these(posterior.widened(known, likelihood), likelihood, attempts)
    return Calibration(
        pilot,
        seen,
        known,
        np.asarray(attempts),
        these,
        wide,
        prediction.new(known, attempts, len(pilot.attempts)),
        quantities.quantities(known, likelihood, attempts),
        parameters(known),
        ansatz.fit_test(pilot, asked.level, seed),
        _others(pilot, seen, likelihood, attempts),
        reasons(pilot, these, wide, asked),
        _backtest(pilot, asked, seed),
    )


def parameters(known):
    """Parameters of a posterior."""
    values = known.ceiling, known.alpha, known.beta
    quantiles = [np.quantile(value, (0.05, 0.5, 0.95)) for value in values]
    spread = np.std(known.ceiling) * np.std(known.beta)
    product = np.mean((known.ceiling - known.ceiling.mean()) * (known.beta - known.beta.mean()))
    return Parameters(*quantiles, float(product / max(spread, 1e-300)))


def _others(pilot, seen, likelihood, attempts):
    """Published fits, NaN where they have nothing to say."""
    ks, value = seen.attempts, seen.value
    nothing = np.full(len(attempts), np.nan)
    curves = {"line": published.line, "exp(-a k^-b)": published.exponential_power, "Levi Eq. 7": published.ceiling_law}
    enough = len(ks) > 3 and 0 < value[-1] and value[0] < 1
    found = {name: fit(ks, value, attempts) if enough else nothing for name, fit in curves.items()}
    if pilot.stopping.kind == "fixed" and pilot.successes.any():
        own = fits.beta_binomial(pilot.attempts, pilot.successes)
        found["beta-binomial"] = (mixtures.beta(np.log([[own.beta, own.alpha]])) @ mixtures.reach(attempts))[0]
        for name, (law, starts) in COUNTED.items():
            found[name] = counted(law, starts, likelihood) @ mixtures.reach(attempts)
    return found


def counted(law, starts, likelihood):
    """Weights [1 + cells] of a law at its maximum likelihood on counts, the best that is reached from some starts."""
    problems = np.tile(likelihood.problems, (len(starts), 1))
    weights = law(ansatz.fit(problems, likelihood.kernel, starts, law))
    return weights[np.argmax(mixtures.log_likelihood(weights, likelihood))]


def reasons(pilot, these, wide, asked, place=-1):
    """Why coverage at one of the numbers of attempts is not told: [(key of the report's words, what it says)].

    None within the pilot, or where all problems are solved.  these, wide: intervals under the prior, and under one with
    deviations twice as large.  asked: as `calibrate` has it.
    """
    (low, *_, high), k = these.quantiles[place], these.attempts[place]
    solved = np.count_nonzero(pilot.successes)
    if k <= pilot.attempts.min() or solved == len(pilot.attempts):
        return []
    found = []
    if solved < asked.least_solved:
        found.append(("solved", solved))
    if few(pilot, k):
        found.append(("attempts", few(pilot, k)))
    if high > asked.most_factor * low:
        found.append(("factor", (low, high)))
    rare, allowed = np.count_nonzero(pilot.successes == 1), unseen(pilot, k)
    if rare <= asked.rare and allowed - high > asked.unseen:
        found.append(("unseen", (len(pilot.attempts) - solved, rare, allowed)))
    moved = max(wide.quantiles[place, -1] - high, low - wide.quantiles[place, 0])
    if moved > asked.prior:
        found.append(("prior", (wide.quantiles[place, 0], wide.quantiles[place, -1])))
    return found


def few(pilot, k):
    """Attempts of a problem where these are too few to say what k would solve, else 0.

    One says nothing of how s spreads over problems, two only its mean square.
    """
    most = int(pilot.attempts.max())
    return most if (most == 1 and k > 1) or (most == 2 and k > 2 * _FAR) else 0


def unseen(pilot, k):
    """The most coverage at k attempts that the counts alone allow, with 95 %, whatever the law.

    What the unsolved problems would add to the successes of one more attempt at each is at most u / m, where u is the
    upper limit of a Poisson mean of which as many were seen as problems were solved by one attempt (Good 1953); it buys
    most where it is spread evenly over the U unsolved problems: 1 - exp(-u k / (m U)) of them.
    """
    unsolved = np.count_nonzero(pilot.successes == 0)
    limit = special.chdtri(2 * (np.count_nonzero(pilot.successes == 1) + 1), 0.05) / 2
    per_attempt = limit / max(pilot.attempts[pilot.successes == 0].sum(), 1.0) if unsolved else 0.0
    share = unsolved / len(pilot.attempts)
    return float(1 - share * np.exp(-per_attempt * k))


def _backtest(pilot, asked, seed):
    """None where no part can be hidden: other than fixed attempts, too few of them, or more than can be drawn from."""
    most = int(pilot.attempts.min())
    shown = int(asked.backtest_share * most)
    if pilot.stopping.kind != "fixed" or shown < 2 or asked.backtest_repeats < 1 or pilot.attempts.max() >= _URN:
        return None
    generator = seeds.generator(seed, f"backtest {shown}")
    ks = np.unique(np.round(np.geomspace(shown, most, 5)))[1:]
    won, made = pilot.successes.astype(np.int64), pilot.attempts.astype(np.int64)
    rows = []
    for _ in range(asked.backtest_repeats):
        part = generator.hypergeometric(won, made - won, shown).astype(float)
        likelihood = mixtures.of_counts(np.full(len(part), float(shown)), part)
        these = prediction.measured(posterior.posterior(likelihood, points=_HIDDEN), likelihood, ks, most)
        rows.append((these.median, *these.quantiles[:, [0, 4, 1, 3]].T))
    return Backtest(shown, ks, *np.moveaxis(np.array(rows), 1, 0), curve.unbiased(pilot, ks).value)
