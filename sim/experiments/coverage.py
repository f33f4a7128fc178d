"""How many problems are still unsolved after k attempts each?"""

import numpy as np

from sim.draw import simulate
from sim.draw.batches import Parts
from sim.experiments.question import Answer, drawn, rows
from sim.experiments.sides import attempt_parts, coverage_law, coverage_prediction, physics
from sim.judging.estimators import failure_curve
from sim.judging.measurement import measure
from sim.judging.verdict import judge


def plan(question):
    """Plan of the failure over k."""
    difficulty, attempts = attempt_parts(question)
    return simulate.plan_failures(
        question.seed,
        physics(question, "coverage"),
        Parts(difficulty=difficulty, attempts=attempts),
        question.budget,
        tries=question.tries,
        sampling=question.sampling,
    )


def answer(question, counts):
    """The failure over k against the law of the difficulty and the dependence (Levi 2024, Eq. 7)."""
    law = coverage_prediction(question.law, question.tries)
    curve, problems = failure_curve(counts), drawn(question)
    if law is None:  # simulation only
        table = rows("failure", curve, np.nan, attempts=question.tries)
        return Answer(table, [], problems, problems * question.tries[-1])
    measured = measure(counts, question.tries, law)
    table = rows("failure", curve, law.curve, attempts=question.tries)
    verdict = judge(coverage_law(question.law), "failure", counts, law, measured)
    return Answer(table, [verdict], problems, problems * question.tries[-1])
