"""A model drawn and judged as values: what a notebook has of learning curves, coverage and both."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.draw.budget import BATCH, FEWEST_LEARNERS, LARGEST_ATTEMPTS, LARGEST_BUDGET, MOST_LEARNERS, Budget, grid
from sim.experiments import asking
from sim.experiments.question import Law, Question
from sim.judging.verdict import LEVELS, REFUTED_BELOW, Verdict
from sim.model import MEMBERS
from sim.model.memory import Automatic, choice
from sim.model.model import AXES, Model, name_of
from sim.records.checked import need, scalar
from sim.records.tabular import Tabular


@dataclass(frozen=True, repr=False, eq=False)
class Draws(Tabular):
    """What was drawn of a model: counts over a grid of examples, of attempts, or of both (sim.draw.simulate).

    experiment: learning_curve, coverage or joint.  question: what was asked.  counts: as they were drawn; sums over
    problems of each batch, or the unmemorised mass of each learner.
    """

    experiment: str
    question: Question
    counts: Any

    def table(self) -> dict[str, np.ndarray]:
        """Columns as in table.csv: quantity, examples, attempts, depth, estimate, stderr, law, sigmas."""
        return judge(self).table()

    def __repr__(self) -> str:
        own = self.question
        law = own.law
        of_learners = self.experiment == "learning_curve" and own.memory.learners
        drawn = f"{own.learners} learners" if of_learners else f"{own.budget.batches * 16384:,} problems"
        return f"<Draws of {self.experiment}: {drawn}, {law.difficulty}, {law.features}, seed {own.seed}>"


@dataclass(frozen=True, repr=False, eq=False)
class Judgement(Tabular):
    """Draws tested against a law. verdicts: Verdict (sim.judging.verdict) of each quantity, none without a closed form.

    columns: as in table.csv.
    """

    experiment: str
    verdicts: tuple[Verdict, ...]
    columns: dict[str, np.ndarray]

    def table(self) -> dict[str, np.ndarray]:
        """Columns as in table.csv: estimates with their standard errors, the law, deviations in standard errors."""
        return self.columns

    def __repr__(self) -> str:
        words = [
            f"{one.law}: {one.verdict}, p = {one.p_value:.2g}"
            + ("" if one.measured is None else f", exponent {one.measured:.5g} +- {one.stderr:.2g}")
            for one in self.verdicts
        ]
        return f"<{self.experiment}: {'; '.join(words) or 'simulation only'}>"


def simulate(
    model: Model,
    *,
    examples: float | None = None,
    attempts: float | None = None,
    points: int = 25,
    problems: int = 2**20,
    learners: int = 1024,
    seed: int = 0,
) -> Draws:
    """Simulate a model on the devices that JAX finds.

    Parameters
    ----------
    model : sim.Model
        The model to simulate.
    examples, attempts : float, optional
        Largest numbers of training examples n and of attempts k. Examples alone give a learning
        curve, attempts alone the coverage, and both the failure after n examples and k attempts.
    points : int
        Points of each logarithmic grid, 2 to 200.
    problems : int
        Problems (test examples) drawn, in batches of 16,384.
    learners : int
        Learners drawn, each with its whole learning curve, if the memory draws learners.
    seed : int
        Fixes every draw together with the model. ``python -m sim run`` with the same numbers makes the same draws.

    Returns
    -------
    Draws
        The counts; their table has estimates, standard errors and the law.

    Raises
    ------
    ValueError
        If the model cannot be simulated; the message is one sentence.

    Examples
    --------
    >>> import sim
    >>> draws = sim.simulate(sim.Model(), attempts=1e3, problems=2**16)
    >>> sorted(draws.table())[:3]
    ['attempts', 'depth', 'estimate']
    """
    from sim.draw.plan import draw

    budget = Budget(scalar("problems", problems, 2 * BATCH, LARGEST_BUDGET, whole=True), 0, 0)
    learners = scalar("learners", learners, FEWEST_LEARNERS, MOST_LEARNERS, whole=True)
    seed = scalar("seed", seed, -(2**127), 2**127, whole=True)
    name, n, k = _grids_of(model, examples, attempts, scalar("points", points, 2, 200, whole=True))
    memory_name, memory = _memory(model, name, n[-1])
    question = Question(
        seed, model.features, memory, memory_name, model.difficulty, model.dependence, model.verifier,
        "first_success", "random", n, k, None, budget, learners, _law(replace(model, memory=memory)),
    )  # fmt: skip
    return Draws(name, question, draw(asking.plan(name, question)))


def judge(
    draws: Draws,
    model: Model | None = None,
    *,
    normalisation: str = "discrete",
    level: float = REFUTED_BELOW,
    examples: tuple[float, float] | None = None,
    attempts: tuple[float, float] | None = None,
) -> Judgement:
    """Test draws against a law, without drawing again.

    Parameters
    ----------
    draws : Draws
        The result of `simulate`.
    model : sim.Model, optional
        The model whose law is tested; by default the simulated one.
    normalisation : {"discrete", "continuous"}
        Normalisation of the Zipf law: the simulated one, or that of Hutter (2021).
    level : float
        p-value below which a law is refuted, 1e-12 to 0.5.
    examples, attempts : (float, float), optional
        Lowest and highest number of examples, or of attempts, at which the law is tested; by default all.

    Returns
    -------
    Judgement
        Verdicts (confirmed, refuted, undecided) with exponents and p-values, and the table.

    Examples
    --------
    >>> import sim
    >>> draws = sim.simulate(sim.Model(), attempts=1e4, problems=2**20)
    >>> [verdict.verdict for verdict in sim.judge(draws).verdicts]
    ['confirmed']
    >>> other = sim.Model(difficulty=sim.Beta(5, 0.4))
    >>> [verdict.verdict for verdict in sim.judge(draws, other).verdicts]
    ['refuted']
    >>> float(sim.judge(draws, attempts=(100, 1e3)).columns["attempts"].max())
    1000.0
    """
    question = _tested(draws, model, normalisation)
    level, windows = scalar("level", level, *LEVELS), _windows(examples=examples, attempts=attempts)
    found = asking.judged(draws.experiment, question, draws.counts, level, windows)
    return Judgement(draws.experiment, tuple(found.verdicts), found.columns)


def _tested(draws, model, normalisation):
    """The question of draws, its law that of a model, or its own."""
    if not isinstance(draws, Draws):
        rule = "need what sim.simulate gives (of a run folder: python -m sim judge FOLDER)"
        raise ValueError(f"draws: {rule}, got {type(draws).__name__}")
    question = draws.question
    if model is not None:
        if not isinstance(model, Model):
            raise ValueError(f"model: need a sim.Model, got {model!r}")
        _, memory = _memory(model, draws.experiment, question.examples[-1])
        question = question._replace(law=_law(replace(model, memory=memory)))
    if normalisation not in ("discrete", "continuous"):
        raise ValueError(f"normalisation: need discrete or continuous, got {normalisation!r}")
    law = replace(question.law, normalisation=normalisation)
    if normalisation != "discrete" and draws.experiment == "coverage":
        raise ValueError("normalisation: need draws over examples for continuous, got those of coverage")
    law.check()
    if question.memory.learners and draws.experiment == "learning_curve":
        need(law.features.zipf, "features", "Zipf features, as learners were drawn", law.features)
    return question._replace(law=law)


def _windows(**given):
    """{examples or attempts: (lowest, highest)} of those that are given."""
    found = {}
    for axis, window in given.items():
        if window is None:
            continue
        try:
            low, high = (scalar(axis, end, 0, LARGEST_ATTEMPTS) for end in window)
        except TypeError:
            raise ValueError(f"{axis}: need two numbers, (lowest, highest), got {window!r}") from None
        if low >= high:
            raise ValueError(f"{axis}: need two numbers, the lower one first, got {window!r}")
        found[axis] = low, high
    return found


def _grids_of(model, examples, attempts, points):
    """(experiment, grid of n, grid of k) for the largest n and k, of which one may be None."""
    if not isinstance(model, Model):
        raise ValueError(f"model: need a sim.Model, got {model!r}")
    if examples is None and attempts is None:
        raise ValueError("simulate: need examples, attempts or both, got neither")
    if not model.dependence.exchangeable and model.verifier != type(model)().verifier:
        raise ValueError(f"verifier: need sim.Perfect() beside {model.dependence}, got {model.verifier}")
    usual = _grids()
    n, k = usual["examples"], usual["attempts"]
    if examples is not None:
        n = grid(scalar("examples", examples, 2, model.memory.limit), points)
    if attempts is not None:
        k = grid(scalar("attempts", attempts, 2, LARGEST_ATTEMPTS), points)
    name = "coverage" if examples is None else "learning_curve" if attempts is None else "joint"
    return name, n, k


def _law(model):
    return Law(**{axis: getattr(model, axis) for axis in AXES})


def _memory(model, experiment, largest):
    """(name, member) that an experiment draws memory by, as at the command line."""
    memory, name = model.memory, name_of(model.memory)
    if type(memory) is Automatic:
        name = choice(model.features, largest) if experiment == "learning_curve" else "arrival"
        memory = MEMBERS["memory"][name](memory.depth)
    if memory.learners and experiment == "joint":
        able = [other for other, kind in MEMBERS["memory"].items() if not kind.learners]
        raise ValueError(f"memory: need one of {', '.join(able)} where attempts are made too, got {name}")
    if memory.learners and experiment == "learning_curve":
        need(model.features.zipf, "features", f"Zipf features for memory {name}", model.features)
        memory.check_reach(name, model.features, largest)
    return name, memory


def _grids():
    """Grids of what is not asked for: part of what tells draws apart is the largest n and k."""
    from sim.records.defaults import defaults

    own = {"examples": defaults("memory/automatic")["examples"], "attempts": defaults("attempts/first_success")}
    return {name: grid(one["max"], one["points"]) for name, one in own.items()}
