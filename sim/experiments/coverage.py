"""How many problems are still unsolved after k attempts each?"""

from sim import simulate
from sim.estimators import failure_curve
from sim.experiments.question import Answer, drawn, rows
from sim.experiments.sides import attempt_parts, coverage_prediction, physics
from sim.measurement import measure
from sim.verdict import judge

LAW = "pass@k = A (1 - B(alpha+k, beta) / B(alpha, beta))"
TABLE_LAW = "pass@k = mean over the table of 1 - (1 - c/m)^k"


def run(question):
    """Simulate the failure over k, hold it against Levi 2024 Eq. 7 (or the mixture of a table of problems)."""
    difficulty, attempts = attempt_parts(question)
    counts = simulate.failures(
        question.seed,
        physics(question, "coverage"),
        simulate.Parts(difficulty=difficulty, attempts=attempts),
        question.budget,
        tries=question.tries,
        progress=question.progress,
        sampling=question.sampling,
    )
    law = coverage_prediction(question.law, question.tries)
    measured = measure(counts, question.tries, law)
    table = rows("failure", failure_curve(counts), law.curve, attempts=question.tries)
    name = LAW if question.law.success is None else TABLE_LAW
    problems = drawn(question)
    return Answer(table, [judge(name, "failure", counts, law, measured)], problems, problems * question.tries[-1])
