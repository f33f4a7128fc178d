"""Attempts shared over a suite: finish each problem, or reset and discard? Problems solved at equal cost."""

from typing import NamedTuple

import numpy as np

from sim.draw import simulate
from sim.draw.budget import BATCH
from sim.experiments.question import Answer, drawn, join, rows
from sim.judging.estimators import NORMAL, mean_curve, with_rare
from sim.judging.measurement import Prediction, measure_means
from sim.judging.verdict import judge_means
from sim.laws import suite as laws
from sim.samplers import suite

LAWS = {
    "solve_to_completion": "m(t) = sum_{j<=t} f_j (1 + m(t-j))",
    "reset": "pass@tau / E min(T, tau)",
    "round_robin": "E[p^k] for E min(T, k) attempts",
    "round_robin_cost": "E min(T, k) = sum_{j<k} E[p^j]",
}
_FARTHEST = 1e5  # attempts on problems finished in turn: their law is a sum over all smaller numbers
_SOLVED = 512  # problems finished in turn, about: the time of a batch grows with them


class Predicted(NamedTuple):
    """Problems solved in turn [spent]; solved per attempt, attempts made at a problem, share unsolved: [attempts] each.

    exponent, prefactor: of the share unsolved, against attempts made; None where it is no power law.  NaN: no law.
    """

    solved: np.ndarray
    rate: np.ndarray
    made: np.ndarray
    unsolved: np.ndarray
    exponent: float | None = None
    prefactor: float | None = None


class Side(NamedTuple):
    """Means of each batch [batches, x] against attempts [x], and what a law makes of them.

    events: as many as the law expects before, between and beyond the points, [x + 1].  found: as many as were
    simulated, the rarer of what may happen.  step: what one more changes a mean by.
    """

    means: np.ndarray
    attempts: np.ndarray
    law: np.ndarray
    events: np.ndarray
    found: np.ndarray
    step: np.ndarray


def plan(question):
    """Plan of three ways to share attempts: in turn, in rounds over the unsolved, and in rounds over finite suites."""
    spent, _, budgets = _asked(question)
    size, sampler = question.settings.problems, question.difficulty.sampler()
    kernel = suite.build(sampler, spent, question.tries, budgets, size, BATCH)
    own = f"suite {question.difficulty.physics()} {question.settings}"
    return simulate.plan_curves(question.seed, own, kernel, question.budget.batches, question.budget)


def _asked(question):
    """(attempts for which problems are finished in turn, Predicted, attempts spent on finite suites)."""
    spent = spendable(question.difficulty, question.tries)
    law = law_of(question.law.difficulty, spent, question.tries)
    return spent, law, question.tries if np.isnan(law.made).any() else law.made


def answer(question, counts):
    """Three ways to share attempts (Meir et al. 2026, arXiv 2601.21522), each against its law.

    Rounds over the unsolved: share unsolved and attempts spent per problem after k of them are exact means, whatever
    the number of problems; coverage at cost joins the two. A finite suite that has spent just so many attempts has no
    law here: one late problem may hold it up, so that more is left than endlessly many problems would leave.
    """
    tries, problems = question.tries, drawn(question)
    spent, law, budgets = _asked(question)
    first, points = len(spent), len(tries)
    simulated = np.split(counts, [first, first + points, first + 2 * points], axis=1)
    sides = _sides(simulated, law, spent, budgets, question)
    tables = [rows(name, _curve(side), side.law, attempts=side.attempts) for name, side in sides.items()]
    verdicts = [verdict for name, side in sides.items() for verdict in _judged(name, side, law)]
    return Answer(join(*tables), verdicts, problems, problems * tries[-1])


def law_of(difficulty, spent, tries):
    """Predicted of a difficulty: closed forms for the paper's, else averages over problems; NaN where it lists none."""
    shapes, problems = difficulty.shapes, difficulty.problems()
    if shapes and difficulty.ceiling == 1:
        solved, rate = laws.solve_to_completion(spent, *shapes), laws.reset_rate(tries, *shapes)
        made, unsolved = laws.round_robin(tries, *shapes)
    elif problems is not None:
        solved, rate = laws.solve_to_completion_of(spent, problems), laws.reset_rate_of(tries, problems)
        made, unsolved = laws.round_robin_of(tries, problems)
    else:
        return Predicted(np.full(len(spent), np.nan), *np.full((3, len(tries)), np.nan))
    made = np.where(tries == 1, 1.0, made)  # always: what rounding leaves of it would be infinitely many sigmas off
    return Predicted(solved, rate, made, unsolved, *_tail(difficulty))


def _tail(difficulty):
    """Exponent and prefactor of the share unsolved in attempts made; Nones where there is no closed form."""
    alpha, beta = difficulty.shapes or (np.nan, 1.0)
    if difficulty.ceiling < 1 or beta >= 1:
        return None, None
    return beta / (1 - beta), float(laws.round_robin_asymptote(1, alpha, beta))


def spendable(difficulty, tries):
    """The numbers of attempts for which problems are finished in turn: so far as law and time allow."""
    problems = difficulty.problems()
    made = 1.0 if problems is None else laws.round_robin_of(tries, problems)[0]  # no problem takes less than one
    return tries[(tries <= _FARTHEST) & (tries <= _SOLVED * made)]


def _sides(simulated, law, spent, budgets, question):
    """Side of each quantity, in the order of the table.

    simulated: means of each batch: problems solved in turn; share unsolved, attempts made; share unsolved of finite
    suites.
    """
    solved, unsolved, made, finite = simulated
    tries, problems, size = question.tries, drawn(question), question.settings.problems
    suites, of_finite = len(solved) * suite.ENDLESS, len(solved) * size * suite.finite(size)
    in_turn = np.append(np.diff(law.solved, prepend=0) * suites, np.inf)
    first = -np.diff(law.unsolved, prepend=1, append=0) * problems
    found, left, none = solved.mean(axis=0) * suites, unsolved.mean(axis=0), np.full(len(tries), np.nan)
    rarer, of_finite_rarer = (np.minimum(x, 1 - x) for x in (left, finite.mean(axis=0)))
    rate, step = _rates(1 - unsolved, made), 1 / (problems * made.mean(axis=0))
    return {
        "solve_to_completion": Side(solved, spent, law.solved, in_turn, found, 1 / suites),
        "reset": Side(rate, tries, law.rate, first, (1 - left) * problems, step),
        "round_robin": Side(unsolved, tries, law.unsolved, first, rarer * problems, 1 / problems),
        "round_robin_cost": Side(made, tries, law.made, first, (1 - left) * problems, tries / problems),
        "finite_suite": Side(finite, budgets, none, [np.nan], of_finite_rarer * of_finite, 1 / of_finite),
    }


def _rates(solved, made):
    """Problems solved per attempt made, the ratio of both in all batches, [batches, x].

    By linearised batches: their mean is the ratio, their spread its error, and its bias 1 / batches smaller than that.
    """
    rate = solved.mean(axis=0) / made.mean(axis=0)
    return rate + (solved - rate * made) / made.mean(axis=0)


def _curve(side):
    """Estimate with standard error: where events are few, at least that of as many and one more."""
    return with_rare(mean_curve(side.means), side.found, np.sqrt(np.maximum(side.found, 0) + 1) * side.step)


def _testable(events):
    """Indices of points before, between and beyond which enough events are expected to judge them together.

    Others say next to nothing new: the rare events in between are not normal, and would decide the test.
    """
    kept, since = [], 0.0
    for point in range(len(events) - 1):
        since += events[point]
        if since >= NORMAL and events[point + 1 :].sum() >= NORMAL:  # False where they are NaN
            kept.append(point)
            since = 0.0
    return kept


def _judged(quantity, side, law):
    """The verdict, on the points that can be tested; none without a law.

    Shares unsolved have their exponent in cost, the law's own mean cost of k rounds, which is exact; beside a wrong law
    the measured exponent is off too.
    """
    testable = _testable(side.events)
    if not testable:
        return []
    means, tail = side.means[:, testable], law[-2:] if quantity == "round_robin" else (None, None)
    prediction = Prediction(side.law[testable], *tail, False)
    measured = measure_means(means, law.made[testable], prediction) if tail[0] else None
    return [judge_means(LAWS[quantity], quantity, means, prediction, measured)]
