"""How often does a learner that has seen n examples meet a feature it has not memorised?"""

import numpy as np

from sim import build, estimators, simulate
from sim.axes.difficulty import Certain
from sim.batches import Parts
from sim.experiments.question import Answer, drawn, rows
from sim.experiments.sides import feature_parts, learner, learning_law, learning_prediction, physics, told_examples
from sim.measurement import measure, measure_masses
from sim.model import Counts
from sim.verdict import judge, judge_masses


def run(question):
    """Simulate the error over n, hold it against the exact learning curve (Hutter 2021; Karlin 1967)."""
    law = learning_prediction(question.law, question.examples)
    return _of_learners(question, law) if question.memory.learners else _of_problems(question, law)


def _of_problems(question, law):
    """From test examples that were recalled or not, at one attempt."""
    features, memory = feature_parts(question)
    graded = question.memory.graded
    attempt = (Certain().sampler(), build.attempts_sampler("first_success")) if graded else (None, None)
    counts = simulate.failures(
        question.seed,
        physics(question, "learning_curve"),
        Parts(features, memory, *attempt),
        question.budget,
        question.examples,
        np.ones(1) if graded else None,
        question.take,
        question.sampling,
    )
    if graded:
        counts = Counts(counts.failures[:, :, 0], counts.problems, counts.independent)
    verdict = judge(learning_law(question.law), "error", counts, law, measure(counts, question.examples, law))
    return _answer(question, estimators.failure_curve(counts), law, verdict, drawn(question), "problems")


def _of_learners(question, law):
    """From the mass that each learner has not memorised."""
    own = physics(question, "learning_curve")
    masses = simulate.masses(question.seed, own, learner(question), question.learners, question.budget, question.take)
    points = told_examples(question.law, question.examples, len(masses.values))
    measured = measure_masses(masses, question.examples, law, points)
    verdict = judge_masses(learning_law(question.law), "error", masses, law, measured, points)
    return _answer(question, estimators.mass_curve(masses, points), law, verdict, len(masses.values), "learners")


def _answer(question, curve, law, verdict, draws, unit):
    table = rows("error", curve, law.curve, examples=question.examples, depth=question.memory.depth)
    return Answer(table, [verdict], draws, draws * question.examples[-1], unit)
