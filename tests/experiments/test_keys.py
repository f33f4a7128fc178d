"""What a run draws from: every number that the draws depend on is in the text that its keys are made from."""

from functools import cache

import numpy as np
import pytest
from asked import question

from sim.experiments import NAMES, asking

OF_FEATURES = ("features.exponent=2.5", "features.size=1000", "memory.depth=2", "memory=training_set")
OF_ATTEMPTS = (
    *("difficulty.alpha=4", "difficulty.beta=0.5", "difficulty.ceiling=0.9", "difficulty=small_ball"),
    *("difficulty=scaled_beta", "difficulty=scaled_kumaraswamy", "difficulty=uniform", "difficulty=reciprocal"),
    *("difficulty=latent_precision", "difficulty=continuous_bernoulli", "difficulty=empirical", "difficulty=zipf"),
)
BETWEEN = (
    *("dependence=markov", "dependence=polya", "dependence=sticky", "dependence=copula", "dependence=zipf"),
    *("attempts=bernoulli", "sampling=lattice", "verifier=noisy"),
)
DRAWN = {  # what changes the draws of an experiment, and what only judges or prices them
    "learning_curve": ((*OF_FEATURES, "features=uniform", "features=exponential", "memory=multi_trace"), ()),
    "coverage": (OF_ATTEMPTS + BETWEEN, ("law.beta=0.5", "law.alpha=2", "cost.price=0.1")),
    "joint": (OF_FEATURES + OF_ATTEMPTS + BETWEEN + ("memory=guessing",), ("law.beta=0.5", "law.depth=2")),
    "verification": (
        (*OF_ATTEMPTS, "verification.true_positive=0.8", "verification.false_positive=0.1"),
        ("verification.penalty=2",),
    ),
    "selection": ((*OF_ATTEMPTS[:3], "selection.wrong=2", "selection.shift=1", "attempts.max=50"), ()),
    "cost": (OF_ATTEMPTS[:3], ("cost.value=2", "cost.price=0.01", "cost.decode=100", "cost.seconds=2")),
    "suite": ((*OF_ATTEMPTS[:3], "suite.problems=20"), ("law.beta=0.5",)),
    "importance": (
        *((*OF_FEATURES[:3], *OF_ATTEMPTS[:3], "importance.problems=0.2", "importance.features=0.2"),),
        ("importance.target=0.5",),
    ),
    "noise": ((*OF_FEATURES[:3], "noise.lead=0.3", "noise.examples=50"), ("law.exponent=3",)),
    "capacity": ((*OF_FEATURES[:3], "capacity.product=1e6"), ("law.exponent=3",)),
    "allocation": (
        (*OF_FEATURES[:2], *OF_ATTEMPTS[:3], "allocation.budget=2e9", "allocation.example=2", "allocation.attempt=3"),
        ("law.beta=0.5",),
    ),
}
OTHERWISE = [(name, change) for name, (changed, _) in DRAWN.items() for change in (*changed, "seed=1")]
ALIKE = [(name, change) for name, (_, same) in DRAWN.items() for change in same]


@cache
def steps(name, *changes):
    return asking.plan(name, question(name, *changes)).steps


@pytest.mark.parametrize(("name", "change"), OTHERWISE)
def test_what_the_draws_depend_on_gives_draws_of_their_own(name, change):
    assert steps(name, change).physics != steps(name).physics


@pytest.mark.parametrize(("name", "change"), ALIKE)
def test_laws_prices_and_targets_leave_the_draws_alone(name, change):
    assert steps(name, change).physics == steps(name).physics


def test_no_two_experiments_share_their_draws():
    own = [steps(name).physics for name in DRAWN]
    assert len(set(own)) == len(DRAWN) == len(set(NAMES) - {"replay", "generative"})


def test_a_replay_of_another_table_is_drawn_otherwise():
    asked = question("replay")
    table = asked.table

    def drawn(**changed):
        return asking.plan("replay", asked._replace(table=table._replace(**changed))).steps.physics

    once = np.arange(len(table.attempts)) == 3
    few = {field: getattr(table, field)[1:] for field in ("problem_id", "attempts", "successes")}
    others = [drawn(attempts=table.attempts + once), drawn(successes=table.successes + once), drawn(**few)]
    assert len({drawn(), *others}) == 4


def test_a_seed_s_draws_are_named_by_it_alone():
    assert steps("coverage", "seed=7").physics.partition(" ")[2] == steps("coverage").physics.partition(" ")[2]
