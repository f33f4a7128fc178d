"""How often does a learner that has seen n examples meet a feature it has not memorised?"""

import numpy as np

from sim.draw import simulate
from sim.draw.batches import Parts
from sim.draw.counts import Counts
from sim.experiments.question import Answer, drawn, rows
from sim.experiments.sides import (
    feature_parts,
    learner,
    learning_law,
    learning_prediction,
    physics,
    rare_masses,
    testable_examples,
)
from sim.judging import estimators
from sim.judging.measurement import measure, measure_masses
from sim.judging.verdict import judge, judge_masses
from sim.model import build
from sim.model.difficulty import Certain


def plan(question):
    """Plan of the error over n: of what learners have not memorised, or of test examples at one attempt."""
    own = physics(question, "learning_curve")
    if question.memory.learners:
        return simulate.plan_masses(question.seed, own, learner(question), question.learners, question.budget)
    features, memory = feature_parts(question)
    graded = question.memory.graded
    attempt = (Certain().sampler(), build.attempts_sampler("first_success")) if graded else (None, None)
    one = np.ones(1) if graded else None
    parts = Parts(features, memory, *attempt)
    return simulate.plan_failures(question.seed, own, parts, question.budget, question.examples, one, question.sampling)


def answer(question, counts):
    """The error over n against the exact learning curve (Hutter 2021; Karlin 1967)."""
    law = learning_prediction(question.law, question.examples)
    return (_of_learners if question.memory.learners else _of_problems)(question, counts, law)


def _of_problems(question, counts, law):
    """From test examples that were recalled or not."""
    if question.memory.graded:
        counts = Counts(counts.failures[:, :, 0], counts.problems, counts.independent)
    verdict = judge(learning_law(question.law), "error", counts, law, measure(counts, question.examples, law))
    return _answer(question, estimators.failure_curve(counts), law, verdict, drawn(question), "problems")


def _of_learners(question, masses, law):
    """From the mass that each learner has not memorised."""
    learners = len(masses.values)
    asked = question.law, question.examples, learners
    points, curve = testable_examples(*asked), estimators.mass_curve(masses, *rare_masses(*asked))
    measured = measure_masses(masses, question.examples, law, points)
    verdict = judge_masses(learning_law(question.law), "error", masses, curve, law, measured, points)
    return _answer(question, curve, law, verdict, learners, "learners")


def _answer(question, curve, law, verdict, draws, unit):
    table = rows("error", curve, law.curve, examples=question.examples, depth=question.memory.depth)
    return Answer(table, [verdict], draws, draws * question.examples[-1], unit)
