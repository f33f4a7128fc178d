"""How often does a learner that has seen n examples meet a feature it has not memorised?"""

from sim import simulate
from sim.estimators import failure_curve
from sim.experiments.question import Answer, drawn, rows
from sim.experiments.sides import feature_parts, learning_prediction, physics
from sim.verdict import judge, measure

LAW = "E_n = sum_i p_i P(Binomial(n, p_i) < d)"


def run(question):
    """Simulate the error over n, hold it against the exact learning curve (Hutter 2021, THEORY of Karlin 1967)."""
    features, memory = feature_parts(question)
    counts = simulate.failures(
        question.seed,
        physics(question, "learning_curve"),
        simulate.Parts(features=features, memory=memory),
        question.budget,
        examples=question.examples,
        progress=question.progress,
    )
    law = learning_prediction(question.law, question.examples)
    measured = measure(counts.failures, counts.problems, question.examples, law)
    table = rows("error", failure_curve(counts), law.curve, examples=question.examples, depth=question.memory.depth)
    problems = drawn(question)
    return Answer(table, [judge(LAW, "error", counts, law, measured)], problems, problems * question.examples[-1])
