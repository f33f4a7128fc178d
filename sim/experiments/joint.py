"""n examples, then k attempts on what was memorised: the ceiling of coverage emerges from memory."""

import numpy as np

from sim.draw import simulate
from sim.draw.batches import Parts
from sim.draw.counts import Counts
from sim.experiments.question import Answer, drawn, join, rows
from sim.experiments.sides import attempt_parts, coverage_prediction, feature_parts, learning_prediction, physics
from sim.judging import estimators, fits
from sim.judging.measurement import Prediction, measure
from sim.judging.verdict import judge, judge_fit, judge_means
from sim.laws import joint as law
from sim.model.dependence import Independent
from sim.model.verifier import Perfect

CEILING = "A = 1 - E_n, free in the fit"
_SOLVED = 1000  # problems solved in all: each jackknife group then has some 16


def plan(question):
    """Plan of the failure over n and k."""
    features, memory = feature_parts(question)
    difficulty, attempts = attempt_parts(question)
    return simulate.plan_failures(
        question.seed,
        physics(question, "joint"),
        Parts(features, memory, difficulty, attempts),
        question.budget,
        question.examples,
        question.tries,
        question.sampling,
    )


def answer(question, counts):
    """The failure over n and k, its two exponents and its emerging ceiling against the joint law."""
    learning = learning_prediction(question.law, question.examples)
    inference = coverage_prediction(question.law, question.tries)
    curve = None
    if inference is not None:
        sides = learning.curve, inference.curve
        curve = question.law.memory.failure(question.examples, question.tries, *sides, question.law)
    known = curve is not None
    failure = rows(
        "failure",
        estimators.failure_curve(counts),
        curve if known else np.nan,
        examples=question.examples[:, None],
        attempts=question.tries[None, :],
        depth=question.memory.depth,
    )
    problems = drawn(question)
    represented = problems * question.examples[-1] * question.tries[-1]
    if not known:
        return Answer(failure, [], problems, represented)
    if question.law.memory.graded:
        return Answer(failure, [_of_graded(question, counts, curve)], problems, represented)
    verdicts = [
        _along_attempts(question, counts, curve, learning, inference),
        _along_examples(question, counts, curve, learning, inference),
    ]
    tables = [failure]
    chosen = question.law.dependence, question.law.verifier
    levi = question.law.difficulty.shapes is not None and chosen == (Independent(), Perfect())
    ceiling = _ceiling(counts, curve, learning, question) if levi else None  # Eq. 7 is fitted
    if ceiling is not None:
        tables.append(ceiling[0])
        verdicts.append(ceiling[1])
    return Answer(join(*tables), verdicts, problems, represented)


def _of_graded(question, counts, curve):
    """Verdict on the whole table of a memory for which examples and attempts are not two factors."""
    shares = counts.failures.reshape(len(counts.failures), -1) / counts.problems
    return judge_means(
        question.law.memory.law_of_attempts, "failure", shares, Prediction(curve.ravel(), None, None, True)
    )


def _along_attempts(question, counts, curve, learning, inference):
    """Verdict on the whole table, its exponent that of k for the learner with the most examples."""
    memorised = 1 - learning.curve[-1]
    prefactor = None if inference.prefactor is None else memorised * inference.prefactor
    slice_law = Prediction(curve[-1], inference.exponent, prefactor, True)
    measured = measure(
        Counts(counts.failures[:, -1, :], counts.problems, counts.independent), question.tries, slice_law
    )
    return judge(
        f"{question.law.memory.law_of_attempts}, over k", "failure", counts, slice_law._replace(curve=curve), measured
    )


def _along_examples(question, counts, curve, learning, inference):
    """Verdict on the learner's curve after the most attempts, its exponent that of n above the floor L(k)."""
    solved = 1 - inference.curve[-1]
    prefactor = None if learning.prefactor is None else solved * learning.prefactor
    slice_law = Prediction(curve[:, -1], learning.exponent, prefactor, True)
    last = Counts(counts.failures[:, :, -1], counts.problems, counts.independent)
    measured = measure(last, question.examples, slice_law)
    return judge(f"{question.law.memory.law_of_attempts}, over n", "failure", last, slice_law, measured)


def _ceiling(counts, curve, learning, question):
    """Ceiling of Eq. 7 fitted to each learner's coverage, alpha and beta free, against the share it has memorised.

    Of the learners that came within reach of their ceiling (half of it is solved, and enough in all), those for whom
    the same fit finds the law's ceiling in the law's own curve to a fifth of its error: elsewhere the grid says
    nothing of a ceiling. (table, verdict); None if no learner is left.
    """
    means = counts.failures.mean(axis=0) / counts.problems
    share = 1 - np.maximum(means, curve)[:, -1]
    predicted = question.law.difficulty.ceiling * law.ceiling(learning.curve)
    solved = (share * counts.problems * len(counts.failures) >= _SOLVED) & (share > predicted / 2)
    if not solved.any():
        return None
    predicted = predicted[solved]
    groups = estimators.jackknife_groups(counts.failures[:, solved]) / counts.problems
    whole, noiseless, parts = (
        fits.ceiling_law(x, question.tries).ceiling for x in (means[solved], curve[solved], groups)
    )
    stderr = estimators.jackknife_stderr(parts)
    clear = np.isfinite(whole) & (stderr > 0) & (np.abs(noiseless - predicted) < stderr / 5)
    if not clear.any():
        return None
    found = estimators.Curve(whole[clear], stderr[clear])
    examples = question.examples[solved][clear]
    table = rows("ceiling", found, predicted[clear], examples=examples, depth=question.memory.depth)
    seen = predicted[clear] < 1 - 1e-6  # a learner that has memorised all but nothing has no ceiling to measure
    chosen = found.estimate[seen], parts[:, clear][:, seen], predicted[clear][seen]
    return table, judge_fit(CEILING, "ceiling", *chosen, len(counts.failures))
