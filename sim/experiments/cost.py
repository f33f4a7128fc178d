"""What do k attempts cost, paid at once or one by one until one succeeds, and how many pay?"""

from typing import NamedTuple

import numpy as np

from sim.draw import simulate
from sim.draw.budget import BATCH, LARGEST_ATTEMPTS
from sim.draw.counts import Counts
from sim.experiments.question import Answer, drawn, join, rows
from sim.judging import estimators
from sim.judging.measurement import Prediction, measure, testable
from sim.judging.verdict import judge, judge_fit, judge_means
from sim.laws import cost as laws
from sim.samplers.cost import Spending, token_flops

LAWS = {
    "attempts_made": "E min(T, k) = E[(1 - p^k) / s]",
    "value_parallel": "V pass@k - c k",
    "value_sequential": "V pass@k - c E min(T, k)",
    "regret_parallel": "stop once V E[s p^k] <= c",
    "regret_sequential": "stop once V E[s p^k] <= c E[p^k]",
    "flops": "F_p + F_d E min(T, k)",
    "excess": "A L((C - F_p) / F_d) of C petaFLOPs",
    "flops_exponent": "-d ln L / d ln C, C = F_p + k F_d",
    "latency_sequential": "seconds E min(T, k)",
    "latency_slots": "seconds E ceil(min(T, k) / slots)",
}
_ROUNDED = 1e-6  # relative error of the kernel's means
_EVERY = 16  # whole numbers tried on either side of the law's optimum, which is flat: small runs have theirs so far off
_FURTHER = 17  # and on a logarithmic grid, from a fourth of it to four times as many
_PADDED = 64  # numbers of attempts are filled up to a multiple of this: programs for other prices are then the same
_PETA = 1e15  # FLOPs are told in petaFLOPs: prefactors of a power law in single ones would have too many digits


class Side(NamedTuple):
    """Shares of problems unsolved after k attempts, those among them that could be solved, mean attempts, mean waves.

    [k] of the law, [batches, k] of a simulation.
    """

    unsolved: np.ndarray
    excess: np.ndarray
    made: np.ndarray
    waves: np.ndarray

    def at(self, points):
        """The same at some of the k."""
        return Side(*(x[..., points] for x in self))

    def value(self, way, attempts, settings):
        """Net value of up to k attempts at a problem."""
        paid = attempts if way == "parallel" else self.made
        return settings.value * (1 - self.unsolved) - settings.price * paid


def plan(question):
    """Plan of first successes."""
    attempts = _asked(question)[1]
    padded = np.pad(attempts, (0, -len(attempts) % _PADDED), mode="edge")
    kernel = Spending(question.difficulty.sampler(), padded, np.float32(question.settings.slots))
    physics = f"cost {question.difficulty.physics()} {question.attempts}"
    return simulate.plan_curves(question.seed, physics, kernel, question.budget.batches, question.budget)


def _asked(question):
    """(grid, all numbers of attempts, the best by the law of each way, and those near each): float32, as simulated."""
    grid, best = np.float32(question.tries), _best(question.law.difficulty, question.settings)
    near = {way: _near(number) for way, number in best.items()}
    return grid, np.unique(np.concatenate([grid, *near.values()])), best, near


def answer(question, counts):
    """What attempts cost, what they gain, and how many pay best, against the laws.

    pass@k as in Levi 2024 (arXiv 2410.16377), Eq. 7; FLOPs as in Brown et al. 2024 (arXiv 2407.21787), Sec. 2.3.
    """
    settings, difficulty = question.settings, question.law.difficulty
    grid, attempts, best, near = _asked(question)
    simulated, attempts = _simulated(counts, len(attempts)), attempts.astype(float)
    law = _law(difficulty, settings.slots, attempts)

    def sides(numbers):
        points = np.searchsorted(attempts, numbers)
        return simulated.at(points), law.at(points), attempts[points]

    parts = [_made(*sides(grid))]
    for way, number in best.items():
        parts.append(_value(way, *sides(grid), settings, number))
        if len(near[way]):
            parts.append(optimum(way, *sides(near[way]), settings, float(np.float32(number))))
    parts += [_flops(*sides(grid), settings), _excess(*sides(grid), question), _latency(*sides(grid), settings)]
    tables, verdicts = ([x for part in parts for x in part[i]] for i in (0, 1))
    return Answer(join(*tables), verdicts, drawn(question), drawn(question) * question.tries[-1])


# The two sides --------------------------------------------------------------------------------------------------------


def _simulated(counts, points):
    """Side of the simulation at so many numbers of attempts."""
    beyond, (unsolved, made, waves) = counts[:, :1], np.split(counts[:, 1:], 3, axis=1)
    return Side(unsolved / BATCH, (unsolved - beyond) / BATCH, made, waves).at(slice(points))


def _law(difficulty, slots, attempts):
    """Side of the law: in closed form for a Beta, averaged over problems otherwise; NaN where those are not known."""
    problems, unsolved = difficulty.problems(), difficulty.failure(attempts)
    if problems is None:
        return Side(*np.full((4, len(attempts)), np.nan))
    if difficulty.shapes:
        made = laws.expected_attempts(attempts, *difficulty.shapes, difficulty.ceiling)
    else:
        made = laws.mean_waves(attempts, problems)
    return Side(unsolved, unsolved - difficulty.unsolvable, made, laws.mean_waves(attempts, problems, slots))


def _best(difficulty, settings):
    """The law's best number of attempts, paid at once and one by one: 0 where none pays, inf where all do, or NaN."""
    prices, problems = (settings.value, settings.price), difficulty.problems()
    if problems is None:
        found = np.nan, np.nan
    elif difficulty.shapes:
        own = *prices, *difficulty.shapes, difficulty.ceiling
        found = laws.optimal_parallel(*own), laws.optimal_sequential(*own)
    else:
        found = laws.optimal_parallel_of(*prices, problems), laws.optimal_sequential_of(*prices, problems)
    return dict(zip(("parallel", "sequential"), map(float, found), strict=True))


def _near(best):
    """Numbers of attempts to be tried around the law's best, float32; none where that is no number of attempts."""
    if not 1 <= best <= LARGEST_ATTEMPTS:
        return np.zeros(0, np.float32)
    every = best + np.arange(-_EVERY, _EVERY + 1)
    tried = np.concatenate([every, np.rint(best * np.geomspace(1 / 4, 4, _FURTHER))])
    return np.unique(np.float32(tried[tried >= 1]))


# Where they meet ------------------------------------------------------------------------------------------------------


def _made(simulated, law, attempts):
    points = _testable(law, _problems(simulated))
    held = _held("attempts_made", simulated.made, law.made, points[attempts[points] > 1])
    return [rows("attempts_made", _rounded(simulated.made), law.made, attempts=attempts)], held


def _value(way, simulated, law, attempts, settings, best):
    """Net value of up to k attempts; in words, whether any number is best."""
    quantity = f"value_{way}"
    means, known = (side.value(way, attempts, settings) for side in (simulated, law))
    words = ", none pays" if best < 1 else "" if best <= LARGEST_ATTEMPTS else ", all pay"
    rarer = np.minimum(simulated.excess.mean(axis=0), 1 - simulated.unsolved.mean(axis=0))
    saved = settings.price * attempts if way == "sequential" else 0.0  # by a problem that is solved at once
    curve = _with_rare(means, rarer, settings.value + saved)
    held = _held(quantity, means, known, _testable(law, _problems(simulated)), words)
    return [rows(quantity, curve, known, attempts=attempts)], held


def optimum(way, simulated, law, attempts, settings, best):
    """The number that was best, and what others lose against the number that is best by the law.

    Standard error of the best number: a quarter of the span of those not worse than it by two standard errors of the
    difference, half a step further on either side.
    """
    quantity, at = f"regret_{way}", int(np.searchsorted(attempts, best))
    value, known = (side.value(way, attempts, settings) for side in (simulated, law))
    lost = value[:, [at]] - value
    between = np.abs(simulated.unsolved - simulated.unsolved[:, [at]]).mean(axis=0)
    lines = rows(quantity, _with_rare(lost, between, settings.value), known[at] - known, attempts=attempts)
    top = int(np.argmax(value.mean(axis=0)))
    behind = estimators.mean_curve(value[:, [top]] - value)
    alike = np.flatnonzero(behind.estimate <= 2 * behind.stderr)[[0, -1]]
    span = attempts[np.clip([alike[0] - 1, alike[0], alike[1], alike[1] + 1], 0, len(attempts) - 1)]
    stderr = (span[2:].sum() - span[:2].sum()) / 8
    found = rows(f"best_{way}", estimators.Curve(attempts[top], stderr), best, attempts=attempts[-1])
    problems = _problems(simulated)
    points = _testable(law, problems)
    apart = np.abs(law.unsolved - law.unsolved[at])[points] * problems >= estimators.NORMAL
    return [found, lines], _held(quantity, lost, known[at] - known, points[apart], f": k = {best:.10g}")


def _flops(simulated, law, attempts, settings):
    """Mean petaFLOPs of a problem whose attempts are made one by one."""
    (prompt, each), (sunk, price) = _simulated_flops(settings), _law_flops(settings)
    means, known = prompt + each * simulated.made, sunk + price * law.made
    points = _testable(law, _problems(simulated))
    held = _held("flops", means, known, points[attempts[points] > 1])
    return [rows("flops", _rounded(means), known, attempts=attempts)], held


def _excess(simulated, law, attempts, question):
    """What FLOPs leave unsolved of what can be solved, all attempts paid: its power law, and its slope on the way."""
    counts, problems = Counts(np.rint(simulated.excess * BATCH).astype(np.int64), BATCH), _problems(simulated)
    tables = [rows("excess", estimators.failure_curve(counts), law.excess, attempts=attempts)]
    if np.isnan(law.excess).any():
        return tables, []
    (prompt, each), (sunk, price) = _simulated_flops(question.settings), _law_flops(question.settings)
    flops, predicted = prompt + attempts * each, sunk + attempts * price
    exponent, prefactor = question.law.difficulty.tail() or (None, None)
    prediction = Prediction(law.excess, exponent, prefactor and prefactor * price**exponent, False)
    verdicts = [judge(LAWS["excess"], "excess", counts, prediction, measure(counts, flops, prediction))]
    points, left = _testable(law, problems), simulated.excess.mean(axis=0)
    points = points[left[points] * problems >= estimators.NORMAL]
    if len(points) > 1:
        groups = estimators.jackknife_groups(simulated.excess[:, points])
        whole, parts = (_slope(x, flops[points]) for x in (left[points], groups))
        known = _slope(law.excess[points], predicted[points])
        curve = estimators.Curve(whole, estimators.jackknife_stderr(parts))
        middle = np.sqrt(attempts[points][1:] * attempts[points][:-1])
        tables.append(rows("flops_exponent", curve, known, attempts=middle))
        own = whole, parts, known, len(simulated.excess)
        verdicts.append(judge_fit(LAWS["flops_exponent"], "flops_exponent", *own))
    return tables, verdicts


def _latency(simulated, law, attempts, settings):
    """Mean seconds until a problem is solved or given up, with one slot and with several."""
    testable, tables, verdicts = _testable(law, _problems(simulated)), [], []
    of_waves = np.ceil(attempts / settings.slots)
    seconds = {"latency_sequential": ("made", attempts), "latency_slots": ("waves", of_waves)}
    for quantity, (name, steps) in seconds.items():
        means, known = (settings.seconds * getattr(side, name) for side in (simulated, law))
        _, first = np.unique(steps[testable], return_index=True)
        points = testable[first]
        tables.append(rows(quantity, _rounded(means), known, attempts=attempts))
        verdicts += _held(quantity, means, known, points[steps[points] > 1])
    return tables, verdicts


def _held(quantity, means, law, points, words=""):
    """Verdict on means [batches, k] at the points that can be tested, as a list; none without any."""
    if not len(points):
        return []
    return [judge_means(LAWS[quantity] + words, quantity, means[:, points], Prediction(law[points], None, None, True))]


def _problems(simulated):
    return len(simulated.unsolved) * BATCH


def _testable(law, problems):
    """Indices of k before, between and after which the law has enough problems solved for means to be normal."""
    solved = 1 - law.unsolved
    cells = np.append(np.diff(solved, prepend=0.0), law.excess[-1])
    points = testable((cells, cells), problems)
    return points[solved[points] * problems >= estimators.NORMAL]


def _rounded(means):
    """Mean over batches, its standard error with the kernel's rounding."""
    curve = estimators.mean_curve(means)
    return curve._replace(stderr=np.hypot(curve.stderr, _ROUNDED * np.abs(curve.estimate)))


def _with_rare(means, share, each):
    """Mean over batches; where it hangs on a small share of the problems, the standard error is at least that of one
    problem more.  each: what a problem counts.
    """
    problems = len(means) * BATCH
    events = share * problems
    return estimators.with_rare(estimators.mean_curve(means), events, each * np.sqrt(events + 1) / problems)


def _simulated_flops(settings):
    """PetaFLOPs of the prompt and of an attempt, token by token."""
    tokens = token_flops(settings.parameters, settings.layers, settings.width, settings.prompt, settings.decode)
    return tuple(flops / _PETA for flops in tokens)


def _law_flops(settings):
    """The same in closed form."""
    model = settings.parameters, settings.layers, settings.width
    flops = laws.prompt_flops(*model, settings.prompt), laws.attempt_flops(*model, settings.prompt, settings.decode)
    return tuple(float(x) / _PETA for x in flops)


def _slope(excess, flops):
    """Of the excess against FLOPs from one point to the next on log-log axes, sign turned."""
    return -np.diff(np.log(excess), axis=-1) / np.diff(np.log(flops))
