"""How often does a learner that has seen n examples meet a feature it has not memorised?"""

from sim import estimators, simulate
from sim.experiments.question import Answer, drawn, rows
from sim.experiments.sides import feature_parts, learner, learning_prediction, physics, told_examples
from sim.measurement import measure, measure_masses
from sim.model import LEARNERS
from sim.verdict import judge, judge_masses

LAW = "E_n = sum_i p_i P(Binomial(n, p_i) < d)"


def run(question):
    """Simulate the error over n, hold it against the exact learning curve (Hutter 2021, THEORY of Karlin 1967)."""
    law = learning_prediction(question.law, question.examples)
    return _of_learners(question, law) if question.memory_name in LEARNERS else _of_problems(question, law)


def _of_problems(question, law):
    """From test examples that were memorised or not."""
    features, memory = feature_parts(question)
    parts, own = simulate.Parts(features=features, memory=memory), physics(question, "learning_curve")
    counts = simulate.failures(
        question.seed,
        own,
        parts,
        question.budget,
        examples=question.examples,
        progress=question.progress,
        sampling=question.sampling,
    )
    verdict = judge(LAW, "error", counts, law, measure(counts, question.examples, law))
    return _answer(question, estimators.failure_curve(counts), law, verdict, drawn(question), "problems")


def _of_learners(question, law):
    """From the mass that each learner has not memorised."""
    own = physics(question, "learning_curve")
    masses = simulate.masses(
        question.seed, own, learner(question), question.learners, question.budget, question.progress
    )
    points = told_examples(question.law, question.examples, len(masses.values))
    measured = measure_masses(masses, question.examples, law, points)
    verdict = judge_masses(LAW, "error", masses, law, measured, points)
    return _answer(question, estimators.mass_curve(masses, points), law, verdict, len(masses.values), "learners")


def _answer(question, curve, law, verdict, draws, unit):
    table = rows("error", curve, law.curve, examples=question.examples, depth=question.memory.depth)
    return Answer(table, [verdict], draws, draws * question.examples[-1], unit)
