"""How much does one learning curve say? Three curves of one run, their scatter, and the wrong choices they lead to."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.draw import simulate
from sim.draw.budget import grid
from sim.experiments.question import Answer, join, rows
from sim.experiments.sides import learning_prediction, testable_examples
from sim.judging import estimators
from sim.judging.measurement import Prediction
from sim.judging.verdict import judge_means, verdict_of
from sim.laws import learning_curve, noise
from sim.model import build
from sim.samplers import training_runs

# e_n: is example n + 1 an error?  U_n: mass unmemorised after n.  K_n: errors so far.  E': of the better learner.
LAWS = {
    "mean_instantaneous": "mean of e_n = E_n",
    "mean_conditional": "mean of U_n = E_n",
    "mean_time_average": "mean of K_n / n = (E_0 + ... + E_(n-1)) / n",
    "instantaneous": "Var e_n = E_n (1 - E_n)",
    "conditional": "Var U_n, multinomial",
    "time_average": "Var K_n / n^2, multinomial",
    "selection_instantaneous": "P(wrong by e_n) = 1/2 - (E_n - E_n') / 2",
    "selection_conditional": "P(wrong by U_n), multinomial",
    "selection_time_average": "P(wrong by K_n), multinomial",
}
_FIRST = 2  # examples: the first is an error for sure, whatever the learner


class Expected(NamedTuple):
    """What a law says of one quantity, [n], and the indices of n at which the spread of the runs can be trusted."""

    law: np.ndarray
    testable: np.ndarray


def plan(question):
    """Plan of the three curves of many runs of two learners."""
    features, lead, examples = question.features, question.settings.lead, _examples(question)
    worse, better = (build.feature_sampler(s, features.size) for s in (features.exponent, features.exponent + lead))
    kernel = training_runs.build(worse, better, examples, question.memory.depth)
    own = f"noise {features.physics()} depth {question.memory.depth} {question.settings} {examples[-1]:.0f}"
    batches = -(-question.learners // training_runs.RUNS)
    budget = replace(question.budget, chunk=0)  # rounding of masses may depend on it: it is not for choice
    return simulate.plan_curves(question.seed, own, kernel, batches, budget)


def answer(question, counts):
    """Means, variances and wrong choices against the laws (Hutter 2021).

    The laws of the scatter are those of a learner that memorises at first sight: at other depths, and for masses that
    are normalised otherwise, it is simulation only. So are wrong choices by the error to come at few examples.
    """
    examples = _examples(question)
    means = _means(counts, examples)
    tables, verdicts = [], []
    for i, (quantity, expected) in enumerate(_expected(question, examples).items()):
        curve = _curve(means[:, i], expected.testable)
        tables.append(rows(quantity, curve, expected.law, examples=examples, depth=question.memory.depth))
        if np.isfinite(expected.law).any():
            verdicts.append(_judged(quantity, means[:, i], expected))
    runs = len(means) * training_runs.RUNS
    return Answer(join(*tables), verdicts, runs, 2 * runs * examples[-1], "learners")


def _examples(question):
    """Grid of n of as many points as the question's, up to what this experiment draws."""
    made = grid(min(question.examples[-1], question.settings.examples), len(question.examples))
    return made[made >= _FIRST]


def _means(counts, examples):
    """Means of batches of runs, float64 [batches, quantity, n]."""
    means = counts.reshape(len(counts), len(LAWS), -1).copy()
    means[:, 2] /= examples
    means[:, 5] /= examples**2
    return means


def _expected(question, examples):
    """Expected of each quantity, in the order in which they are drawn."""
    law, learners = question.law, question.learners
    s, size, lead = law.features.exponent, law.features.size, question.settings.lead
    ahead = replace(law, features=replace(law.features, exponent=s + lead))
    error, lower = (learning_prediction(of, examples).curve for of in (law, ahead))
    testable, of_both = testable_examples(law, examples, learners), testable_examples(ahead, examples, learners)
    of_both, often = np.intersect1d(testable, of_both), _often(error, learners)
    known = dict.fromkeys(LAWS, Expected(np.full(len(examples), np.nan), testable))
    known |= {"mean_instantaneous": Expected(error, often), "mean_conditional": Expected(error, testable)}
    if law.memory.depth > 1 or law.normalisation != "discrete":
        return known
    one, pair = (examples, s, size), (examples, s + lead, s, size)
    by_all, by_average = noise.exact_conditional_selection_error(*pair), noise.exact_time_average_selection_error(*pair)
    return known | {
        "mean_time_average": Expected(noise.time_average(*one), testable),
        "instantaneous": Expected(noise.instantaneous_variance(*one), often),
        "conditional": Expected(learning_curve.unmemorised_mass_variance(*one), testable),
        "time_average": Expected(noise.time_average_variance(*one), testable),
        "selection_instantaneous": Expected(
            noise.instantaneous_selection_error(*pair), np.intersect1d(often, _often(lower, learners))
        ),
        "selection_conditional": Expected(by_all, np.intersect1d(of_both, _often(by_all, learners))),
        "selection_time_average": Expected(by_average, np.intersect1d(of_both, _often(by_average, learners))),
    }


def _often(probability, learners):
    """Indices of n at which so many learners show an event, and its absence, often enough; not where it is unknown."""
    return np.flatnonzero(learners * np.minimum(probability, 1 - probability) >= estimators.NORMAL)


def _curve(means, testable):
    """Estimate and standard error; where the spread tells little, at least that of events which one run more shows.

    All quantities here are means of something between 0 and 1, which scatters most if it is one or the other.
    """
    curve, runs = estimators.mean_curve(means), len(means) * training_runs.RUNS
    largest = estimators.binomial_stderr(np.clip(curve.estimate, 0, 1) * runs, runs)
    largest[testable] = 0.0
    return curve._replace(stderr=np.maximum(curve.stderr, largest))


def _judged(quantity, means, expected):
    """Verdict at the points that can be tested; its batches are counted in learners."""
    points = expected.testable
    prediction = Prediction(expected.law[points], None, None, False)  # a power law is approached as slowly as n^-(1-g)
    if len(points):
        verdict = judge_means(LAWS[quantity], quantity, means[:, points], prediction, event=1 / training_runs.RUNS)
    else:
        verdict = verdict_of((LAWS[quantity], quantity), prediction, None, 0.0, (0.0, 0, np.nan), len(means), 0.0)
    runs, needed = training_runs.RUNS, verdict.batches_needed
    return replace(verdict, batches=verdict.batches * runs, batches_needed=needed and needed * runs, each=runs)
