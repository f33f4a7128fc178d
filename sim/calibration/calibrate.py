"""All that a pilot says: does the model fit it, how will coverage grow, how sure is that, what can it not tell?"""

from typing import NamedTuple

import numpy as np

from sim import fits, seeds
from sim.calibration import ansatz, curve, mixtures, posterior, prediction, published, quantities

COUNTED = {  # laws fitted to counts by maximum likelihood, beside the beta-binomial; where their fits start
    "zero-inflated beta-binomial": (mixtures.beta, ((-1.0, 1.5, -2.0), (0.0, 0.0, -2.0))),
    "scaled beta": (mixtures.scaled_beta, ((-1.0, 1.5, 1.0), (-1.0, 0.0, 8.0))),
    "scaled Kumaraswamy": (mixtures.scaled_kumaraswamy, ((-1.0, 2.0, 1.0), (-1.0, 0.0, 8.0))),
}
_URN = 1e9  # attempts of a problem
CEILING = "beta with a ceiling"


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

    pilot: tuple
    observed: curve.Curve
    average: posterior.Average
    attempts: np.ndarray
    point: np.ndarray
    these: prediction.Interval
    new: prediction.Interval
    quantities: quantities.Quantities
    parameters: Parameters
    test: ansatz.FitTest
    others: dict
    reasons: list
    backtest: Backtest | None


def calibrate(pilot, attempts, asked, seed):
    """Calibration of one pilot (sim.pilot.pilot.Pilot) at whole numbers of attempts [k], ascending.

    asked: a record with level, least_solved, most_factor, backtest_share and backtest_repeats (conf/calibrate.yaml).
    """
    likelihood, seen = curve.likelihood(pilot), curve.observed(pilot)
    average = posterior.average(likelihood)
    counted = pilot.stopping.kind == "fixed"
    point, these = prediction.told(average, likelihood, seen.attempts, seen.value, attempts, counted)
    new = prediction.new(average, attempts, len(pilot.attempts))
    solved = np.count_nonzero(pilot.successes > 0)
    return Calibration(
        pilot,
        seen,
        average,
        np.asarray(attempts),
        point,
        these,
        new,
        quantities.quantities(average, likelihood, attempts, seed),
        _parameters(average.of[CEILING]),
        ansatz.fit_test(pilot, asked.level, seed),
        _others(pilot, seen, likelihood, attempts),
        _reasons(pilot, solved, these, asked),
        _backtest(pilot, asked, seed),
    )


def _parameters(of):
    theta, weight = of.theta, of.weight
    values = 1 - of.mixing[:, 0], np.exp(theta[:, 1]), np.exp(theta[:, 0])
    quantiles = [prediction.weighted_quantiles(value, weight, (0.05, 0.5, 0.95)) for value in values]
    deviations = [value - weight @ value for value in (values[0], values[2])]
    product, *squares = (weight @ (a * b) for a, b in ((deviations[0], deviations[1]), *((d, d) for d in deviations)))
    return Parameters(*quantiles, float(product / np.sqrt(max(squares[0] * squares[1], 1e-300))))


def _others(pilot, seen, likelihood, attempts):
    """Published fits, NaN where they have nothing to say."""
    ks, value = seen.attempts, seen.value
    nothing = np.full(len(attempts), np.nan)
    curves = {"line": published.line, "exp(-a k^-b)": published.exponential_power, "Levi Eq. 7": published.ceiling_law}
    told = len(ks) > 3 and 0 < value[-1] and value[0] < 1
    found = {name: fit(ks, value, attempts) if told else nothing for name, fit in curves.items()}
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


def _reasons(pilot, solved, these, asked):
    """Why coverage at the last number of attempts is not told: unless it is within the pilot, or all are solved."""
    low, high = these.quantiles[-1, 0], these.quantiles[-1, -1]
    if these.attempts[-1] <= pilot.attempts.min() or solved == len(pilot.attempts):
        return []
    reasons = []
    if solved < asked.least_solved:
        reasons.append(("solved", solved))
    if high > asked.most_factor * low:
        reasons.append(("factor", (low, high)))
    return reasons


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
        fewer = pilot._replace(attempts=np.full(len(part), float(shown)), successes=part, outcomes=None)
        likelihood, seen = curve.likelihood(fewer), curve.observed(fewer)
        average = posterior.average(likelihood)
        point, these = prediction.told(average, likelihood, seen.attempts, seen.value, ks, measured=most)
        rows.append((point, *these.quantiles[:, [0, 4, 1, 3]].T))
    return Backtest(shown, ks, *np.moveaxis(np.array(rows), 1, 0), curve.unbiased(pilot, ks).value)
