"""Room for M features and n examples share one budget: how should it be split?"""

import numpy as np

from sim.draw import simulate
from sim.draw.batches import Parts
from sim.draw.counts import Counts
from sim.experiments.question import Answer, drawn, rows
from sim.experiments.sides import physics
from sim.judging import estimators
from sim.judging.measurement import Prediction
from sim.judging.verdict import judge_means
from sim.laws import memory as law
from sim.samplers.memory import Stored

_SEEN = 100  # errors at the split that seems the best: fewer may be none at another


def plan(question):
    """Plan of the error at every split n M = C."""
    examples, _, most = _splits(question)
    stored = Stored(question.memory.sampler(), most.astype(np.uint32))
    own = f"{physics(question, 'capacity')} {question.settings.product!r}"
    return simulate.plan_failures(
        question.seed, own, Parts(question.features.sampler(), stored), question.budget, examples
    )


def _splits(question):
    """(examples n, room M for features, and how much of that is drawn), [splits]."""
    budget = question.settings.product
    examples = question.examples[question.examples <= budget]
    room = np.minimum(np.floor(budget / examples), question.features.count)
    return examples, room, np.minimum(room, 2**31 - 1)  # ranks beyond are hardly ever drawn, and count as stored


def answer(question, counts):
    """The error at every split against the law, and its best split against the law's."""
    memory, budget = question.memory, question.settings.product
    examples, room, most = _splits(question)
    own = question.law.features
    curve = np.array([own.stored(n, question.law.memory.depth, m) for n, m in zip(examples, most, strict=True)])
    found = estimators.failure_curve(counts)
    name = f"E_(n,M) with n M = C = {budget:g}, {_best(question, examples, room, curve, found)}"
    verdict = judge_means(name, "error", _shares(counts), Prediction(curve, None, None, True))
    table = rows("error", found, curve, examples=examples, depth=memory.depth)
    return Answer(table, [verdict], drawn(question), drawn(question) * examples[-1])


def _shares(counts: Counts):
    """Share failed of each batch, [batches, n]."""
    return counts.failures / counts.problems


def _best(question, examples, room, curve, found):
    """The best split, and what the simulation's choice among the splits would lose, in words."""
    own, seen = question.law.features, np.min(found.estimate) * drawn(question)
    if np.isinf(own.size) and question.law.memory.depth == 1:
        best = float(law.optimal_capacity(question.settings.product, own.exponent))
        least = float(own.stored(question.settings.product / best, 1, best))
    else:  # among the splits simulated
        best, least = room[np.argmin(curve)], curve.min()
    words, chosen = f"best room M = {best:.4g}", np.argmin(found.estimate)
    if seen < _SEEN:
        return f"{words}; too few errors there to tell"
    return f"{words}; simulated M = {room[chosen]:.4g}, regret {curve[chosen] / least - 1:.1%}"
