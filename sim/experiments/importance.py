"""When hard problems and rare features count more than others: how much of the weight is solved, and memorised?"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from sim.draw import simulate
from sim.draw.budget import BATCH, LARGEST_ATTEMPTS
from sim.draw.counts import Counts
from sim.experiments.question import Answer, drawn, join, rows
from sim.experiments.sides import attempt_parts, coverage_law, coverage_prediction, feature_parts, physics
from sim.judging import estimators
from sim.judging.measurement import Prediction, measure, measure_means
from sim.judging.verdict import judge, judge_means
from sim.laws import cost, coverage, importance
from sim.laws import difficulty as quadrature
from sim.samplers.importance import Weighted

_LANES = 128  # of a piece: what is summed over stays in the cache
_LISTED = 10**6  # features of a finite set: the law goes through them one by one
_BEYOND = 1e-3  # share of the weight on problems too hard for the quadrature: by their power law they are right to 1 %
_SMOOTH = 3e-3  # relative error of the integral that a sum over features becomes, where the exponent is measured
_EVENTS = 1000  # problems behind a mean of weights that is taken for normal; of equal weights 400 would do


class Weights(NamedTuple):
    """Exponents: a problem weighs (1 - s)^lift s^-drop, a feature of mass theta, theta^-rarity."""

    lift: float
    drop: float
    rarity: float


class Side(NamedTuple):
    """What was drawn, [batches, x] each: problems without weight, those that fail, their weight, the weight of all."""

    weightless: np.ndarray  # these fail always
    failures: np.ndarray
    failed: np.ndarray
    weight: np.ndarray

    def at(self, points):
        """At some points of the grid."""
        return self._replace(failures=self.failures[:, points], failed=self.failed[:, points])

    def means(self):
        """Shares of the weight that failed, [batches, x]."""
        return estimators.weighted_means(self.failed, self.weight)

    def curve(self):
        """Their mean with its standard error."""
        return estimators.weighted_curve(self.failed, self.weight, self.failures - self.weightless, BATCH)


class Predicted(NamedTuple):
    """Of a weighted failure. curve: numbers of attempts or examples [x] -> shares [x].  exponent, prefactor: its power
    law, or None.  start: point of the grid from which on that holds, but for O(1/x).  needed: share that may fail ->
    attempts; None to look for them on the curve.
    """

    curve: Callable
    exponent: float | None
    prefactor: float | None
    start: float = 0.0
    needed: Callable | None = None


def plan(question):
    """Plan of weighted failures over k and over n."""
    features, memory = feature_parts(question)
    difficulty, attempts = attempt_parts(question)
    weights, tries = _weights(question), _asked(question)[0]
    numbers = weights.rarity, weights.lift, weights.drop, question.examples, tries
    lanes = np.arange(BATCH, dtype=np.uint32).reshape(-1, _LANES)
    kernel = Weighted(features, memory, difficulty, attempts, *(np.asarray(x, np.float32) for x in numbers), lanes)
    own = f"{physics(question, 'importance')} {weights}"
    return simulate.plan_curves(question.seed, own, kernel, question.budget.batches, question.budget)


def answer(question, counts):
    """Weighted failures over k and over n against their laws (sim.laws.importance)."""
    weights, may_fail = _weights(question), 1 - question.settings.target
    of_all, of_weight = _plain_law(question.law), _problem_law(question.law.difficulty, weights)
    of_features = _feature_law(question.law, weights, question.examples)
    tries, needed = _asked(question)
    attempted, seen = _sides(counts, len(tries), len(question.examples))
    asked, verdicts = np.isin(tries, question.tries), []

    plain = Counts(attempted.failures[:, asked].astype(np.int64), BATCH)
    tables = [_counted(question, plain, verdicts)]
    if attempted.weight.any():  # otherwise all of nothing
        testable = _testable(of_all.curve(question.tries), question.law.difficulty.unsolvable, drawn(question))
        words = f"E[w (1-s)^k] / E[w], w = {_powers(s=-weights.drop, **{'(1-s)': weights.lift})}"
        axis = "weighted_failure", "attempts", question.tries
        tables.append(_weighted(words, axis, attempted.at(asked), of_weight, testable, verdicts))
    testable = _testable(question.law.error(question.examples), 0.0, drawn(question))
    words = f"E[w (1-p)^n] / E[w], w = {_powers(p=-weights.rarity)}"
    tables.append(
        _weighted(words, ("weighted_error", "examples", question.examples), seen, of_features, testable, verdicts)
    )
    tables += _crossing("attempts_needed", attempted.failures / BATCH, tries, may_fail, needed[0])
    if attempted.weight.any():
        tables += _crossing("weighted_attempts_needed", attempted.means(), tries, may_fail, needed[1])
    return Answer(join(*tables), verdicts, drawn(question), drawn(question) * question.tries[-1])


# What is simulated ----------------------------------------------------------------------------------------------------


def _weights(question):
    """Exponents of the weights: shares of the power laws' exponents, 0 where there is none."""
    tail, settings = question.difficulty.tail(), question.settings
    learning = max(0.0, 1 - 1 / question.features.exponent)
    return Weights(settings.lift, settings.problems * tail[0] if tail else 0.0, settings.features * learning)


def _asked(question):
    """(numbers of attempts that are simulated, those that the laws of all problems and of all weight need)."""
    may_fail = 1 - question.settings.target
    laws = _plain_law(question.law), _problem_law(question.law.difficulty, _weights(question))
    needed = [_needed(law, may_fail, question) for law in laws]
    return np.union1d(question.tries, [k for k in needed if np.isfinite(k)]), needed


def _sides(counts, k, n):
    """Two Sides, of so many points: of problems and attempts, of features and examples."""
    parts = np.split(counts, np.cumsum([1, k, k, 1, 1, n, n]), axis=1)
    return Side(*parts[:4]), Side(*parts[4:])


# What the laws say ----------------------------------------------------------------------------------------------------


def _plain_law(law):
    """Of the unweighted failure."""
    difficulty = law.difficulty
    if not difficulty.shapes:
        problems = difficulty.problems()
        if problems is None and difficulty.failure(np.ones(1)) is None:
            return Predicted(lambda attempts: np.full(np.shape(attempts), np.nan), None, None)
        return Predicted(difficulty.failure if problems is None else partial(_averaged, problems), None, None)

    def needed(may_fail):
        left = 1 - (1 - may_fail) / difficulty.ceiling  # of the problems that can be solved
        return importance.attempts_needed(left, *difficulty.shapes) if left > 0 else np.inf

    return Predicted(difficulty.failure, None, None, needed=needed)


def _averaged(problems, attempts):
    """Failure of attempts over problems of a quadrature: made once, and not for every number of attempts."""
    return quadrature.failure(attempts, problems)


def _problem_law(difficulty, weights):
    """Of the weighted failure of attempts: in closed form for a Beta, else by quadrature; None where neither can.

    Problems that cannot be solved at all have no weight.
    """
    if difficulty.shapes:
        own = difficulty.shapes
        alpha, beta = own[0] + weights.lift, own[1] - weights.drop
        if not beta > 0:
            return None
        curve = lambda k: importance.tail_weighted_loss(k, alpha, own[1], weights.drop)  # noqa: E731
        needed = lambda may_fail: importance.attempts_needed(may_fail, alpha, beta)  # noqa: E731
        return Predicted(curve, beta, float(coverage.prefactor(alpha, beta)), needed=needed)
    nodes = _nodes(difficulty, weights)
    if nodes is None:
        return None
    return Predicted(lambda k: np.array([importance.weighted_failure(one, *nodes) for one in np.ravel(k)]), None, None)


def _nodes(difficulty, weights):
    """(success, weight) of each node of the quadrature; None where the hardest problems weigh too much to be one."""
    problems, listed = difficulty.problems(), difficulty.listed
    if problems is None or (difficulty.ceiling < 1 and not listed):
        return None
    log_success, log_failure, weight = problems
    hopeless = np.isneginf(log_success)  # of a table, not to be solved; else harder than e^LEAST
    tail = difficulty.tail()
    if listed:
        beyond = 0.0
    elif weights.drop:
        exponent = tail[0] if tail else 0.0
        if not exponent > weights.drop:
            return None
        edge = quadrature.LEAST + quadrature.STEP / 2  # half of the way to the next node
        beyond = exponent / (exponent - weights.drop) * np.exp(-weights.drop * edge)
    else:
        beyond = 1.0
    own = np.exp(weights.lift * log_failure - weights.drop * np.where(hopeless, 0.0, log_success))
    weight = weight * np.where(hopeless, beyond, own)
    if not weight.sum() > 0 or (weights.drop and weight[hopeless].sum() > _BEYOND * weight.sum()):
        return None
    return np.exp(log_success), weight


def _feature_law(law, weights, examples):
    """Of the weighted error after n examples, a grid; None for what no law is known of."""
    features, known = law.features, law.memory.depth == 1 and law.normalisation == "discrete"
    of_rank = features.exponent * (1 - weights.rarity)  # importance i^-v of the i-th most frequent
    if np.isfinite(features.size):
        curve = lambda n: importance.weighted_unmemorised(n, features.exponent, features.size, -of_rank)  # noqa: E731
        return Predicted(curve, None, None) if known and features.size <= _LISTED else None
    if not (known and of_rank > 1):
        return None
    own = features.exponent, of_rank
    curve = lambda n: importance.weighted_unmemorised_infinite(n, *own)  # noqa: E731
    rough = np.abs(importance.weighted_beta_form(examples, *own) / curve(examples) - 1) > _SMOOTH
    start = examples[rough].max(initial=0.0) + 0.5
    power_law = importance.importance_exponent(*own), importance.weighted_prefactor(*own)
    return Predicted(curve, *map(float, power_law), start)


def _needed(law, may_fail, question):
    """Attempts that the law needs; infinite without a law, or where they are more than can be made."""
    most = LARGEST_ATTEMPTS if question.attempts == "first_success" else question.tries[-1]
    if law is None:
        return np.inf
    if law.needed is None:
        enough = lambda k: np.ravel(law.curve(np.array([k])))[0] <= may_fail  # noqa: E731
        return max(1.0, cost.first_attempts(enough)) if enough(most) else np.inf
    needed = law.needed(may_fail)
    return needed if needed <= most else np.inf


# Where they meet ------------------------------------------------------------------------------------------------------


def _counted(question, counts, verdicts):
    """Rows of the unweighted failure; its verdict is added to the others."""
    prediction, tries = coverage_prediction(question.law, question.tries), question.tries
    if prediction is None:
        return rows("failure", estimators.failure_curve(counts), np.nan, attempts=tries)
    measured = measure(counts, tries, prediction)
    verdicts.append(judge(coverage_law(question.law), "failure", counts, prediction, measured))
    return rows("failure", estimators.failure_curve(counts), prediction.curve, attempts=tries)


def _weighted(words, axis, side, law, testable, verdicts):
    """Rows of a weighted failure; its verdict, where there is a law, is added to the others.

    axis: quantity, column of the grid, the grid.  side: what was drawn.  testable: indices of the points at which
    the law can be judged.
    """
    quantity, column, grid = axis
    if law is None:
        return rows(quantity, side.curve(), np.nan, **{column: grid})
    known = law.curve(grid)
    if len(testable) and np.isfinite(known).all():
        prediction = Prediction(known[testable], law.exponent, law.prefactor, False)
        means, late = side.at(testable).means(), np.flatnonzero(grid[testable] > law.start)
        measured = _measured(means[:, late], grid[testable][late], prediction._replace(curve=prediction.curve[late]))
        verdicts.append(judge_means(words, quantity, means, prediction, measured))
    return rows(quantity, side.curve(), known, **{column: grid})


def _measured(means, grid, prediction):
    """measure_means; None where two points are not left."""
    return measure_means(means, grid, prediction) if len(grid) > 1 else None


def _testable(law, plateau, problems):
    """Indices of points between which, and before and beyond which, an unweighted law expects 1000 problems to fail.

    law: failure on the grid, [x].  plateau: of it, by problems that have no weight.
    """
    kept, beyond = [], plateau
    for point in reversed(range(len(law))):
        if problems * (law[point] - beyond) >= _EVENTS and problems * (1 - law[point]) >= _EVENTS:
            kept.append(point)
            beyond = law[point]
    return kept[::-1]


def _crossing(quantity, means, tries, may_fail, needed):
    """Table of the fewest attempts at which no more than a share fails, in a list; none where that is not reached.

    Between points the failure is a power law; the law's own number is a point, so that no grid is too coarse to judge
    it.  stderr: by a jackknife over batches, and half an attempt for rounding up.
    """
    whole, parts = _crossed(means.mean(axis=0), tries, may_fail), estimators.jackknife_groups(means)
    parts = np.array([_crossed(part, tries, may_fail) for part in parts])
    if not np.isfinite([whole, *parts]).all():
        return []
    stderr = np.hypot(estimators.jackknife_stderr(parts), 0.5)
    known = needed if np.isfinite(needed) else np.nan
    curve = estimators.Curve(np.array([np.ceil(whole)]), np.array([stderr]))
    return [rows(quantity, curve, known, attempts=needed if np.isfinite(needed) else np.ceil(whole))]


def _crossed(curve, tries, may_fail):
    """Attempts, not rounded, at which a falling curve reaches a share; infinite if it does not."""
    curve = np.minimum.accumulate(curve)
    above = np.count_nonzero(curve > may_fail)
    if above == len(curve):
        return np.inf
    if above == 0:
        return tries[0]
    (high, low), (first, last) = curve[above - 1 : above + 1], np.log(tries[above - 1 : above + 1])
    if low <= 0:
        return tries[above]
    return np.exp(first + (last - first) * np.log(high / may_fail) / np.log(high / low))


def _powers(**exponents):
    """A product of powers in words; those with exponent 0 go without saying."""
    return " ".join(f"{base}^{exponent:.4g}" for base, exponent in exponents.items() if exponent) or "1"
