"""Selection without a verifier: how far does the majority, or the best score, fall behind pass@k?"""

import numpy as np

from sim.draw import simulate
from sim.draw.budget import BATCH
from sim.draw.counts import Counts
from sim.experiments.question import Answer, join, rows
from sim.experiments.sides import physics
from sim.judging.estimators import NORMAL, failure_curve
from sim.judging.measurement import Prediction
from sim.judging.verdict import judge_means
from sim.laws import voting
from sim.samplers import selection

MOST = 1e6  # attempts: the grid ends there, as the law of votes has it no further
_SHARE = 16  # every so many problems of the budget one is drawn: each takes votes and scores all along the grid
_BELOW = 1e-9  # by which a success rate must differ from 1/(m+1) to be told from it


def plan(question):
    """Plan of votes and best scores of k attempts, up to 10^6: one problem in 16 of budget.problems."""
    own, tries = question.settings, question.tries[question.tries <= MOST]
    kernel = selection.selection(question.difficulty.sampler(), tries, own.wrong, own.shift)
    text = f"{physics(question, 'selection')} {own} {len(tries)} points to {tries[-1]:.10g}"
    return simulate.plan_curves(question.seed, text, kernel, _batches(question), question.budget)


def _batches(question):
    return -(-question.budget.batches // _SHARE)


def answer(question, means):
    """Votes and best scores against their laws (derived here)."""
    own, tries = question.settings, question.tries[question.tries <= MOST]
    grids = dict.fromkeys(("pass_at_k", "majority", "best_exponential", "best_gaussian"), tries)
    grids["majority_limit"] = np.array([np.inf])
    problems = _batches(question) * BATCH
    ends = np.cumsum([len(grid) for grid in grids.values()])[:-1]
    tables, verdicts = [], []
    for (quantity, grid), samples in zip(grids.items(), np.split(means, ends, axis=1), strict=True):
        words, law = _law(quantity, question.law.difficulty, own, grid)
        tables.append(rows(quantity, _curve(samples), law, attempts=grid))
        testable = _testable(law, samples, problems)
        if testable:
            verdicts.append(
                judge_means(words, quantity, samples[:, testable], Prediction(law[testable], None, None, False))
            )
    return Answer(join(*tables), verdicts, problems, problems * tries[-1])


def _curve(samples):
    """Mean share with its standard error, which is at least that of problems drawn one by one where they are rare."""
    return failure_curve(Counts(selection.PROBLEMS * samples, selection.PROBLEMS))


def _testable(law, samples, problems):
    """Indices of points with a law between which enough problems change sides for the means to be normal.

    Or where the law is off by twice as many, which refutes it whatever their distribution.
    samples: means over equally many of the problems [means, k]; as many change as the means of the change scatter.
    """
    testable, kept, known = [], np.zeros(len(samples)), 0.0
    for point in np.flatnonzero(np.isfinite(law)):
        change = samples[:, point] - kept
        scatter, gap = problems**2 * change.var() / len(samples), problems * (change.mean() - (law[point] - known))
        if scatter >= NORMAL or abs(gap) >= 2 * NORMAL:
            testable.append(point)
            kept, known = samples[:, point], law[point]
    return testable


def _law(quantity, difficulty, settings, tries):
    """The law of a quantity in words, and on a grid of k, [k]; NaN where it has no closed form."""
    wrong, shift = settings.wrong, settings.shift
    if quantity == "pass_at_k":
        failure = difficulty.failure(tries)
        return difficulty.law, np.full(len(tries), np.nan) if failure is None else 1 - failure
    if quantity == "majority":
        few = "" if difficulty.shapes else f", k <= {voting.COUNTED}"
        return f"most of k votes, {wrong} wrong answer{'s' * (wrong > 1)}{few}", _majority(difficulty, tries, wrong)
    if quantity == "majority_limit":
        return f"most of endless votes, P(s > 1/{wrong + 1})", np.array([_endless(difficulty, wrong)])
    problems, law = difficulty.problems(), np.full(len(tries), np.nan)
    if quantity == "best_exponential":
        if problems is not None:
            law = voting.best_exponential(tries, np.exp(problems.log_success), shift) @ problems.weight
        return f"best of k exponential scores, shift {shift:g}", law
    if problems is not None:
        law = voting.best_gaussian_mean(tries, np.exp(problems.log_success), problems.weight, shift)
    return f"best of k Gaussian scores, shift {shift:g}", law


def _majority(difficulty, tries, wrong):
    """Probability that most of k votes are right, [k]; beyond 300 votes only where problems are a Beta.

    Then they decide so sharply by the success probability that no quadrature over problems is fine enough.
    """
    if difficulty.shapes:
        return difficulty.ceiling * voting.plurality_mean(tries, *difficulty.shapes, wrong)
    problems, law, few = difficulty.problems(), np.full(len(tries), np.nan), tries <= voting.COUNTED
    if problems is not None:
        law[few] = voting.plurality(tries[few], np.exp(problems.log_success), wrong) @ problems.weight
    return law


def _endless(difficulty, wrong):
    """Share of problems where the right answer is the most likely; of a table, where all are alike, an even share."""
    if difficulty.shapes:
        return difficulty.ceiling * voting.plurality_limit(*difficulty.shapes, wrong)
    if difficulty.listed:
        lead = difficulty.success() - 1 / (wrong + 1)
        return np.where(np.abs(lead) < _BELOW, 1 / (wrong + 1), lead > 0).mean()
    return np.nan
