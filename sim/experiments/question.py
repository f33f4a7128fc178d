"""What an experiment is asked, what it answers, and the laws it holds its counts against."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim import simulate
from sim.laws import coverage, learning_curve, zipf
from sim.model import BATCH, Budget, Empirical
from sim.verdict import Prediction, sigmas


@dataclass(frozen=True)
class Law:
    """The law held against: the model's own numbers, or others. `success` [problems] replaces the Beta by a table."""

    exponent: float
    size: float
    depth: int
    normalisation: str
    alpha: float | None
    beta: float | None
    ceiling: float | None
    success: np.ndarray | None


class Question(NamedTuple):
    """One experiment's input. features, memory, difficulty: members of sim.model; attempts: name of a member.

    examples, tries: grids of n and k, float64.  table: sim.pilot.counts.Pilot behind an empirical difficulty, or for
    a replay.  progress: wraps the steps of the simulation.
    """

    seed: int
    features: Any
    memory: Any
    memory_name: str
    difficulty: Any
    attempts: str
    examples: np.ndarray
    tries: np.ndarray
    table: Any
    budget: Budget
    law: Law
    progress: Callable = iter


class Answer(NamedTuple):
    """Columns of the table, verdicts, and how much was drawn."""

    columns: dict[str, np.ndarray]
    verdicts: list
    draws: int
    represented: float


def feature_parts(question):
    """Samplers of features and memory."""
    features = simulate.feature_sampler(question.features.exponent, question.features.size)
    return features, simulate.memory_sampler(question.memory_name, question.memory.depth)


def attempt_parts(question):
    """Samplers of difficulty and attempts."""
    if isinstance(question.difficulty, Empirical):
        difficulty = simulate.table_sampler(question.table.attempts, question.table.successes)
    else:
        d = question.difficulty
        difficulty = simulate.beta_sampler(d.alpha, d.beta, d.ceiling)
    return difficulty, simulate.attempts_sampler(question.attempts)


def physics(question, experiment):
    """Text that names every number a run's draws depend on: part of its keys."""
    told = question.table.successes.sum() if isinstance(question.difficulty, Empirical) else question.difficulty
    return f"{experiment} {question.features} {question.memory_name} {question.memory} {told} {question.attempts}"


def learning_prediction(law, examples):
    """Prediction of the law for the error after n examples, [n]."""
    curve = learning_curve.unmemorised_mass(examples, law.exponent, law.size, law.depth)
    if law.exponent <= 1:
        return Prediction(curve, None, None, False)
    exponent = float(learning_curve.decay_exponent(law.exponent))
    prefactor = learning_curve.prefactor(law.exponent, law.depth)
    if law.normalisation == "continuous":
        curve = curve * learning_curve.prefactor_continuous(law.exponent, law.depth) / prefactor
        prefactor = learning_curve.prefactor_continuous(law.exponent, law.depth)
    elif np.isfinite(law.size):  # the same power law with the finite normaliser, up to the cut-off
        ratio = zipf.normaliser(law.exponent, np.inf) / zipf.normaliser(law.exponent, law.size)
        prefactor = prefactor * ratio ** (1 / law.exponent)
    return Prediction(curve, exponent, float(prefactor), False)


def coverage_prediction(law, attempts):
    """Prediction of the law for the failure after k attempts, [k]."""
    if law.success is not None:
        return Prediction(coverage.mixture_failure(attempts, law.success), None, None, True)
    curve = coverage.failure(attempts, law.alpha, law.beta, law.ceiling)
    prefactor = law.ceiling * coverage.prefactor(law.alpha, law.beta)
    return Prediction(curve, law.beta, float(prefactor), law.ceiling < 1)


def rows(quantity, curve, law, examples=np.nan, attempts=np.nan, depth=np.nan):
    """Rows of the table for one curve; arguments broadcast, NaN where a column does not apply."""
    stacked = np.broadcast_arrays(examples, attempts, depth, curve.estimate, curve.stderr, law, sigmas(curve, law))
    names = ("examples", "attempts", "depth", "estimate", "stderr", "law", "sigmas")
    columns = {name: np.ravel(x).astype(float) for name, x in zip(names, stacked, strict=True)}
    return {"quantity": np.full(columns["law"].shape, quantity, dtype=object), **columns}


def join(*tables):
    """Tables with the same columns, one below the other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def drawn(question):
    """Problems drawn: whole batches."""
    return question.budget.batches * BATCH
