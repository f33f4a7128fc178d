"""Examples and attempts share one budget: what split leaves least unsolved?"""

from dataclasses import replace

import numpy as np

from sim.draw import simulate
from sim.draw.budget import BATCH, LARGEST_ATTEMPTS
from sim.experiments.question import Answer, drawn, join, rows
from sim.experiments.sides import coverage_prediction, physics
from sim.judging import estimators
from sim.judging.measurement import Prediction
from sim.judging.verdict import judge_fit, judge_means
from sim.laws import allocation as laws
from sim.laws import joint
from sim.model import build
from sim.samplers.allocation import splits

FAILURE = "E(n, k) = 1 - (1 - E_n)(1 - L(k)) on splits of a budget"
BEST = "argmin of E(n, k), n c_n + Q k c_k = B"
_DECADES, _BUDGETS = 4, 5  # budgets up to the one asked for
_SHARES = np.linspace(-7, 7, 22)  # log-odds of the share that goes to examples
_NEAR = 3  # splits on either side of the best one that it is told by
_NORMAL = 400  # failures at a split from which on a mean of batches is taken for normal


def plan(question):
    """Plan of the splits of budgets."""
    parts = (question.features.sampler(), question.memory.sampler(), question.difficulty.sampler())
    n, k = _numbers(_pairs(question))
    biases = None
    if question.settings.difficulty == "learnt":
        biases = question.difficulty.bias * np.sqrt(question.memory.error(n, question.features))
    kernel = splits(*parts, build.attempts_sampler(question.attempts), n, k, BATCH, biases)
    own = f"{physics(question, 'allocation')} {question.settings}"
    return simulate.plan_curves(question.seed, own, kernel, question.budget.batches, question.budget)


def _prices(settings):
    """Of an example, and of one more attempt at all problems."""
    return settings.example, settings.attempt * settings.problems


def _pairs(question):
    """Splits (n, k) of each budget."""
    prices = _prices(question.settings)
    return [_splits(budget, *prices) for budget in _budgets(question.settings.budget, *prices)]


def _numbers(pairs):
    """n and k of all splits, [pairs] each."""
    return (np.concatenate(x) for x in zip(*pairs, strict=True))


def answer(question, counts):
    """Every split against the joint law, and the best of each budget against its.

    The optimum of Hutter's learning curve and Levi's coverage together (their product and its optimum: sim.laws).
    With allocation.difficulty=learnt examples also lessen the bias that attempts have to make up for, B ~ N(0, bias^2
    E_n), as in Levi 2026 (LID, arXiv 2601.03764), where its variance is of the order of the learner's error.
    """
    settings, pairs = question.settings, _pairs(question)
    example, attempts = _prices(settings)
    budgets = _budgets(settings.budget, example, attempts)
    n, k = _numbers(pairs)
    means = counts / BATCH
    most = settings.budget / example, min(settings.budget / attempts, LARGEST_ATTEMPTS)
    failure = _law(question.law, settings.difficulty, *most)
    law, curve = failure(n, k), estimators.mean_curve(means)
    table = rows("failure", curve, law, examples=n, attempts=k, depth=question.memory.depth)
    represented = drawn(question) * float(n.max()) * float(k.max())
    if not np.isfinite(law).all():
        return Answer(table, [], drawn(question), represented)
    testable = np.flatnonzero(np.minimum(law, 1 - law) * drawn(question) >= _NORMAL)
    verdicts = [judge_means(FAILURE, "failure", means[:, testable], Prediction(law[testable], None, None, True))]
    best = [
        _best(budget, example, attempts, own, means[:, piece], law[piece], failure)
        for budget, own, piece in zip(budgets, pairs, _pieces(pairs), strict=True)
    ]
    best = [one for one in best if one is not None]
    if best:
        tables, found = zip(*best, strict=True)
        whole, parts, predicted = (np.stack(x, axis=-1) for x in zip(*found, strict=True))
        words = f"{BEST}: {_words(question, budgets[-1], example, attempts, failure)}"
        verdicts.append(judge_fit(words, "best_examples", whole, parts, predicted, len(means)))
    else:
        tables = ()
    return Answer(join(table, *tables), verdicts, drawn(question), represented)


def _budgets(largest, example, attempts):
    """Budgets up to the largest, of which the least leaves a choice."""
    least = max(largest / 10**_DECADES, 10 * (example + attempts))
    return np.geomspace(min(least, largest), largest, _BUDGETS)


def _splits(budget, example, attempts):
    """(n [m], k [m]): whole numbers, at least one of either, at various shares of the budget; no pair twice."""
    n = np.unique(np.floor(budget / example / (1 + np.exp(-_SHARES))).clip(1))
    n = n.astype(np.float32).astype(float)  # simulated and predicted at the same numbers
    k = np.floor(laws.attempts_left(n, budget, example, attempts)).clip(1, LARGEST_ATTEMPTS)
    return n, k.astype(np.float32).astype(float)


def _pieces(pairs):
    """Where the splits of each budget stand among all."""
    ends = np.cumsum([len(n) for n, _ in pairs])
    return [slice(end - len(n), end) for end, (n, _) in zip(ends, pairs, strict=True)]


def _law(law, difficulty, examples, attempts):
    """E(n, k) of n and k [m]; L(k) is that of the bias after n examples where it is learnt.

    examples, attempts: the most there may be of either.
    """

    def error(n):
        return law.memory.error(np.asarray(n, float), law.features)

    if difficulty == "fixed":

        def fixed(n, k):
            inference = coverage_prediction(law, np.asarray(k, float))
            return joint.failure(error(n), np.nan if inference is None else inference.curve)

        return fixed

    def loss(share, k):
        return replace(law.difficulty, bias=law.difficulty.bias * share**0.5).failure(k)

    between = laws.learnt_bias(loss, error([examples, 1.0]), (1.0, attempts))
    return lambda n, k: joint.failure(error(n), between(error(n), np.asarray(k, float)))


def _best(budget, example, attempts, pair, means, law, failure):
    """(table, (n found, its replicates, n by the law)) of the best split of one budget; None where it is no minimum.

    Found: the lowest point of a cubic in log n, fitted to log E at the splits next to the best one. It is judged
    against what the same finds in the law's own curve; the table holds it against the optimum itself, with the
    difference of the two in its standard error.
    """
    n, at = pair[0], int(np.argmin(means.mean(axis=0)))
    near = slice(max(at - _NEAR, 0), at + _NEAR + 1)
    if len(n[near]) <= 2 * _NEAR or not (means[:, near].mean(axis=0) > 0).all():
        return None
    groups = estimators.jackknife_groups(means[:, near])
    found, parts, noiseless = (_lowest(n[near], x) for x in (means[:, near].mean(axis=0), groups, law[near]))
    if not np.isfinite([*found, *noiseless, *parts.ravel()]).all():
        return None
    predicted = laws.best_split(budget, example, attempts, failure)
    bias = noiseless - np.array(predicted)[[0, 2]]
    stderr = np.hypot(estimators.jackknife_stderr(parts), bias)
    tried = found[0] + stderr[0] * np.array([0.0, -1.0, 1.0])
    rest = laws.attempts_left(tried, budget, example, attempts)
    lost = failure(tried, rest) / predicted[2] - 1
    where = {"examples": budget / example, "attempts": predicted[1]}
    table = join(
        rows("best_examples", estimators.Curve(found[0], stderr[0]), predicted[0], **where),
        rows("best_failure", estimators.Curve(found[1], stderr[1]), predicted[2], **where),
        rows("regret", estimators.Curve(lost[0], np.ptp(lost)), 0.0, **where),
    )
    return table, (found[0], parts[:, 0], noiseless[0])


def _lowest(n, failure):
    """(n, failure) [..., 2] at the lowest point of a cubic in log n that fits log failure [..., m]; NaN without one."""
    x = np.log(n) - np.log(n).mean()
    powers = np.vander(x, 4)
    a, b, c, d = np.moveaxis(np.log(failure) @ np.linalg.pinv(powers).T, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = (-b + np.sqrt(b**2 - 3 * a * c)) / (3 * a)
    root = np.where((root > x[0]) & (root < x[-1]), root, np.nan)
    return np.stack([n[0] * np.exp(root - x[0]), np.exp(((a * root + b) * root + c) * root + d)], axis=-1)


def _words(question, budget, example, attempts, failure):
    """The optimum of the largest budget, and that of the two power laws where there are two."""
    n, k, _ = laws.best_split(budget, example, attempts, failure)
    words = f"n = {n:.4g}, k = {k:.4g}"
    difficulty = question.law.difficulty
    learning, inference = question.law.learning_tail(), difficulty.tail()
    if learning is None or inference is None:
        return words
    exponent, prefactor = learning
    tails = (exponent, difficulty.ceiling * prefactor), inference  # what is learnt helps where it can be solved at all
    return f"{words} (power laws: n = {laws.best_split_of_power_laws(budget, example, attempts, *tails)[0]:.4g})"
