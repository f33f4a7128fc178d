"""What an experiment is asked and what it answers. Plain records: reading them loads no JAX."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim.draw.budget import BATCH, Budget
from sim.judging.verdict import sigmas
from sim.model.model import Model


@dataclass(frozen=True)
class Law(Model):
    """The law tested: a model, the one that is simulated or another.

    normalisation: of Zipf features, discrete or continuous.  settings: as Question has them, with what the law has
    otherwise; of a replay, the Beta that it is tested against, None where it fits its own.
    """

    normalisation: str = "discrete"
    settings: Any = None

    def check(self):
        """Refuse a normalisation that is no other one for these members; ValueError, in one sentence."""
        if self.normalisation == "discrete":
            return
        features, memory = self.features, self.memory
        if not (features.zipf and features.exponent > 1 and math.isinf(features.size)):
            rule = "need infinitely many Zipf features for continuous"
            raise ValueError(f"law.normalisation: {rule}, got {features.words}")
        if not memory.continuous:
            words = type(memory).__name__.lower()
            raise ValueError(f"law.normalisation: need a memory whose only number is depth for continuous, got {words}")


class Question(NamedTuple):
    """One experiment's input.

    features, memory, difficulty, dependence, verifier: members of their axes.  attempts, sampling: names of members.

    memory_name: as it is drawn, never "automatic".  examples, tries: grids of n and k, float64.  learners: how many,
    where `memory` draws learners and not test examples.  settings: what this experiment alone is set by
    (sim.experiments.settings), or None.  table: sim.pilot.pilot.Pilot behind an empirical difficulty,
    or for a replay.  models: what was trained before (an experiment's `prepare`), or None.
    """

    seed: int
    features: Any
    memory: Any
    memory_name: str
    difficulty: Any
    dependence: Any
    verifier: Any
    attempts: str
    sampling: str
    examples: np.ndarray
    tries: np.ndarray
    table: Any
    budget: Budget
    learners: int
    law: Law
    settings: Any = None
    models: Any = None


class Answer(NamedTuple):
    """Columns of the table, verdicts, and how much was drawn: so many problems or learners.

    files: further tables, {name of the file: its columns}.
    """

    columns: dict[str, np.ndarray]
    verdicts: list
    draws: int
    represented: float
    unit: str = "problems"
    files: dict = {}  # noqa: RUF012 (never changed)


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
