"""n examples, then k attempts on what was memorised: the ceiling of coverage emerges from memory."""

from sim import estimators, fits, simulate
from sim.experiments.question import Answer, drawn, join, rows
from sim.experiments.sides import attempt_parts, coverage_prediction, feature_parts, learning_prediction, physics
from sim.laws import joint as law
from sim.model import Counts
from sim.verdict import Prediction, judge, judge_fit, measure

LAW = "E(n, k) = 1 - (1 - E_n)(1 - L(k))"
CEILING = "A = 1 - E_n, free in the fit"


def run(question):
    """Simulate the failure over n and k; hold it, its two exponents and its emerging ceiling against the joint law."""
    counts = _simulate(question)
    learning = learning_prediction(question.law, question.examples)
    inference = coverage_prediction(question.law, question.tries)
    curve = law.failure(learning.curve[:, None], inference.curve[None, :])
    failure = rows(
        "failure",
        estimators.failure_curve(counts),
        curve,
        examples=question.examples[:, None],
        attempts=question.tries[None, :],
        depth=question.memory.depth,
    )
    verdicts = [
        _along_attempts(counts, curve, learning, inference, question.tries),
        _along_examples(counts, curve, learning, inference, question.examples),
    ]
    tables = [failure]
    if question.law.success is None:
        ceiling, verdict = _ceiling(counts, learning, question)
        tables.append(ceiling)
        verdicts.append(verdict)
    problems = drawn(question)
    return Answer(join(*tables), verdicts, problems, problems * question.examples[-1] * question.tries[-1])


def _simulate(question):
    features, memory = feature_parts(question)
    difficulty, attempts = attempt_parts(question)
    return simulate.failures(
        question.seed,
        physics(question, "joint"),
        simulate.Parts(features, memory, difficulty, attempts),
        question.budget,
        question.examples,
        question.tries,
        question.progress,
    )


def _along_attempts(counts, curve, learning, inference, tries):
    """Verdict on the whole table, its exponent that of k for the learner with the most examples."""
    memorised = 1 - learning.curve[-1]
    prefactor = None if inference.prefactor is None else memorised * inference.prefactor
    slice_law = Prediction(curve[-1], inference.exponent, prefactor, True)
    measured = measure(counts.failures[:, -1, :], counts.problems, tries, slice_law)
    return judge(f"{LAW}, over k", "failure", counts, slice_law._replace(curve=curve), measured)


def _along_examples(counts, curve, learning, inference, examples):
    """Verdict on the learner's curve after the most attempts, its exponent that of n above the floor L(k)."""
    solved = 1 - inference.curve[-1]
    prefactor = None if learning.prefactor is None else solved * learning.prefactor
    slice_law = Prediction(curve[:, -1], learning.exponent, prefactor, True)
    last = Counts(counts.failures[:, :, -1], counts.problems)
    measured = measure(last.failures, last.problems, examples, slice_law)
    return judge(f"{LAW}, over n", "failure", last, slice_law, measured)


def _ceiling(counts, learning, question):
    """Ceiling of Eq. 7 fitted to each learner's coverage, alpha and beta free, against the share it has memorised."""
    groups = estimators.jackknife_groups(counts.failures) / counts.problems
    whole = fits.ceiling_law(counts.failures.mean(axis=0) / counts.problems, question.tries).ceiling
    parts = fits.ceiling_law(groups, question.tries).ceiling
    predicted = question.law.ceiling * law.ceiling(learning.curve)
    curve = estimators.Curve(whole, estimators.jackknife_stderr(parts))
    table = rows("ceiling", curve, predicted, examples=question.examples, depth=question.memory.depth)
    seen = predicted < 1 - 1e-6  # a learner that has memorised all but nothing has no ceiling to measure
    verdict = judge_fit(CEILING, "ceiling", whole[seen], parts[:, seen], predicted[seen], len(counts.failures))
    return table, verdict
