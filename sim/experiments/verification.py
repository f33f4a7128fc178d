"""A noisy verifier selects the answer: how often is it right, wrong, or missing, and how many attempts pay?

Model of Stroebl, Kapoor and Narayanan 2024 (arXiv 2411.17501).
"""

from typing import NamedTuple

import numpy as np

from sim.draw import simulate
from sim.draw.budget import BATCH, grid
from sim.draw.counts import Counts
from sim.experiments.question import Answer, drawn, join, rows
from sim.judging.estimators import Curve, failure_curve
from sim.judging.measurement import Prediction, normal, testable
from sim.judging.verdict import judge, judge_means
from sim.laws import verification as laws
from sim.model.verifier import Noisy
from sim.samplers.verification import ENDLESS, outcomes

LAWS = {
    "right": "E[(s t / a) (1 - (1-a)^k)], a = s t + (1-s) f",
    "wrong": "E[((1-s) f / a) (1 - (1-a)^k)], a = s t + (1-s) f",
    "unanswered": "E[(1-a)^k], a = s t + (1-s) f",
    "ceiling": "E[s / (s + r (1-s))], r = FPR / TPR",
}
_EVERY = 32  # all numbers of attempts up to here are tried for the optimum
_TRIED = 96  # and so many on a logarithmic grid: steps of 16 % up to a million, and the optimum is flat


class Outcomes(NamedTuple):
    """Right and wrong answers: problems of each batch [batches, k], of all [k], or shares [k]."""

    right: np.ndarray
    wrong: np.ndarray

    def utility(self, penalty):
        """A right answer earns 1, a wrong one costs the penalty, none is worth nothing."""
        return self.right - penalty * self.wrong

    def reward(self, penalty, problems):
        """Utility of so many independent problems with its standard error; right and wrong [k] among all of them.

        The error is that of shares with one problem more each, so that it is never 0.
        """
        right, wrong = ((x + 1) / (problems + 2) for x in self)
        variance = right + penalty**2 * wrong - (right - penalty * wrong) ** 2
        return Curve(self.utility(penalty) / problems, np.sqrt(variance / problems))

    def total(self):
        """Of all batches together."""
        return Outcomes(self.right.sum(axis=0), self.wrong.sum(axis=0))


class Predicted(NamedTuple):
    """Curves of right, wrong and unanswered [k], the ceiling [1], and the optimal number of attempts; else NaN."""

    curves: dict[str, np.ndarray]
    optimum: float


def plan(question):
    """Plan of what is returned within k attempts, after the law's optimum, and in the end."""
    optimum = law_of(question.law.difficulty, question.law.settings, question.tries).optimum
    verifier, numbers = Noisy(question.settings.true_positive, question.settings.false_positive), _numbers(question)
    attempts = [*numbers, optimum if 1 <= optimum < numbers[-1] else 1.0, ENDLESS]
    kernel = outcomes(question.difficulty.sampler(), verifier.sampler(None), attempts, BATCH)
    own = f"verification {question.difficulty.physics()} {verifier}"
    return simulate.plan_curves(question.seed, own, kernel, question.budget.batches, question.budget)


def _numbers(question):
    """Numbers of attempts of which the best is sought."""
    tries = question.tries
    return np.union1d(tries, [*grid(tries[-1], _TRIED), *range(1, 1 + int(min(tries[-1], _EVERY)))])


def answer(question, counts):
    """Shares, ceiling and utility of what is returned within k attempts against their laws."""
    tries, penalty, numbers = question.tries, question.settings.penalty, _numbers(question)
    law = law_of(question.law.difficulty, question.law.settings, tries)
    found = Outcomes(*np.split(counts, 2, axis=1))
    here = Outcomes(*(x[:, np.searchsorted(numbers, tries)] for x in found))
    shares = {
        "right": here.right,
        "wrong": here.wrong,
        "unanswered": BATCH - here.right - here.wrong,
        "ceiling": found.right[:, -1:],
    }
    tables, verdicts = [], []
    for quantity, problems in shares.items():
        attempts = np.inf if quantity == "ceiling" else tries
        curve = failure_curve(Counts(problems, BATCH))
        tables.append(rows(quantity, curve, law.curves[quantity], attempts=attempts))
        verdicts += _judged(quantity, problems, law.curves[quantity])
    known, curve = Outcomes(law.curves["right"], law.curves["wrong"]), here.total().reward(penalty, drawn(question))
    tables.append(rows("utility", curve, known.utility(penalty), attempts=tries))
    verdicts += _judged_utility(here, known, penalty, law.optimum)
    tables += best_attempts(found.total(), numbers, law.optimum, penalty, drawn(question))
    return Answer(join(*tables), verdicts, drawn(question), drawn(question) * tries[-1])


def law_of(difficulty, asked, tries):
    """Predicted of a difficulty, an average over its problems.  asked: settings.Verification."""
    problems, rates = difficulty.problems(), (asked.true_positive, asked.false_positive)
    if problems is None:
        unknown = np.full(len(tries), np.nan)
        return Predicted(dict.fromkeys(LAWS, unknown) | {"ceiling": unknown[:1]}, np.nan)
    mean = lambda law, k: law(k, problems.log_success, problems.log_failure, *rates) @ problems.weight  # noqa: E731
    of_outcomes = {"right": laws.accepted_correct, "wrong": laws.accepted_wrong, "unanswered": laws.unanswered}
    curves = {name: np.array([mean(law, k) for k in tries]) for name, law in of_outcomes.items()}
    curves["ceiling"] = np.array([mean(laws.accepted_correct, np.inf)])
    with np.errstate(divide="ignore"):
        weighted = *problems[:2], np.log(problems.weight)
    return Predicted(curves, laws.optimum(*weighted, *rates, asked.penalty))


def _judged(quantity, counts, law):
    """Verdict on the counts of one outcome that grows with k, or falls."""
    if np.isnan(law).any():
        return []
    grows = quantity != "unanswered"  # what is judged falls
    failures, curve = (BATCH - counts, 1 - law) if grows else (counts, law)
    return [judge(LAWS[quantity], quantity, Counts(failures, BATCH), Prediction(curve, None, None, grows), None)]


def _judged_utility(counts, law, penalty, optimum):
    """Verdict on the utility, where its mean is normal."""
    if np.isnan(optimum):
        return []
    points = _normal(law, penalty, len(counts.right) * BATCH)
    if not len(points):
        return []
    where = f"best at k = {optimum:.10g}" if np.isfinite(optimum) else "higher with every k"
    prediction = Prediction(law.utility(penalty)[points], None, None, False)
    means = counts.utility(penalty)[:, points] / BATCH
    return [judge_means(f"right - {penalty:g} wrong, {where}", "utility", means, prediction)]


def _normal(law, penalty, problems):
    """Points of the grid at which the mean utility of so many problems is normal, and so is what lies between them."""
    right, wrong = (np.diff(x, prepend=0)[::-1] for x in law)
    moments = [np.append(0.0, right + penalty**power * wrong) for power in (2, 4)]
    points = len(law.right) - 1 - testable(moments, problems)[::-1]  # testable joins cells from the end on
    right, wrong = (x[points] for x in law)
    mean = right - penalty * wrong
    second, fourth = (
        right * (1 - mean) ** power + wrong * (penalty + mean) ** power + (1 - right - wrong) * mean**power
        for power in (2, 4)
    )
    return points[(second > 0) & normal(second, fourth, problems)]


def best_attempts(counts, numbers, optimum, penalty, problems):
    """Rows of the best number of attempts within the grid, none among them, and of what the law's falls short of it.

    counts: of all problems, at the numbers and at the law's optimum, as from `_simulate`.  Nothing where the law has
    its optimum beyond the grid. Standard error of the best number: half the span of those whose utility cannot be told
    from the best by one standard error, half a step further on either side; generous, as the optimum is flat.
    """
    if optimum >= numbers[-1]:
        return []
    inside = optimum >= 1  # else the law's optimum is none at all, or there is no law
    tried = np.concatenate([[0.0], numbers, [optimum] if inside else []])
    at = Outcomes(*(np.concatenate([[0.0], x[: len(tried) - 1]]) for x in counts))
    utility = at.utility(penalty)
    best = int(np.argmax(utility))
    between = Outcomes(*(np.abs(x - x[best]) for x in at))  # answered after the one number of attempts, by the other
    behind = Curve((utility[best] - utility) / problems, between.reward(penalty, problems).stderr)
    order = np.unique(tried)
    alike = np.unique(tried[behind.estimate <= behind.stderr])
    low, high = (int(np.searchsorted(order, x)) for x in alike[[0, -1]])
    span = order[[max(low - 1, 0), low, high, min(high + 1, len(order) - 1)]]
    stderr = (span[2:].sum() - span[:2].sum()) / 4
    found = rows("optimum", Curve(tried[best], stderr), optimum, attempts=numbers[-1])
    if np.isnan(optimum):
        return [found]
    short = Curve(*(x[-1 if inside else 0] for x in behind))
    return [found, rows("regret", short, 0.0, attempts=numbers[-1])]
