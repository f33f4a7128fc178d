"""Points of a sweep that are drawn in one program have the tables of points drawn one by one."""

import jax
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim import together
from sim.app import planning
from sim.app import together as together_app
from sim.app.configuration import CONF, VERSION_BASE
from sim.app.point import Point
from sim.generative.training import Training

BOTH = "--multirun", "budget=smoke", "figure=false", "difficulty.beta=0.3,0.4"
SWEEP = *BOTH, "experiment=coverage"


def tables(where):
    return [path.read_bytes() for path in sorted(where.glob("*/point_*/*/table.csv"))]


@pytest.fixture
def programs(monkeypatch):
    """How many points each program is asked for that draws some together."""
    asked, draw = [], together.draw
    monkeypatch.setattr(together, "draw", lambda runs: asked.append(len(runs)) or draw(runs))
    return asked


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    ("changed", "groups"),
    [
        (("experiment=coverage", "budget.chunk=3"), [2]),
        (("experiment=learning_curve", "memory=feature_arrivals,block_chain"), [2, 2]),  # in turn
        (("experiment=coverage", "budget.problems=2e5,3e5"), [2, 2]),
        (("experiment=coverage", "sampling=lattice", "budget.problems=3e5"), [2]),
        (("experiments=[joint,coverage]", "memory=arrival"), [2, 2]),
    ],
)
def test_a_sweep_has_the_tables_of_its_points_drawn_one_by_one(sim, tmp_path, programs, changed, groups):
    assert sim("run", *BOTH, *changed, "together=false", "output=alone")[0] == 0
    assert not programs
    code, _, complained = sim("run", *BOTH, *changed, "together=true", "output=together")
    assert code == 0, complained
    assert sorted(programs) == sorted(groups)
    assert tables(tmp_path / "together") == tables(tmp_path / "alone")
    assert len(tables(tmp_path / "alone")) >= 2


def test_a_point_that_is_refused_leaves_the_others_as_they_are(sim, tmp_path, programs):
    swept = *SWEEP, "difficulty.alpha=5,-1"
    assert sim("run", *swept, "together=false", "output=alone")[0] == 2
    code, _, complained = sim("run", *swept, "together=true", "output=together")
    assert code == 2
    assert complained.count("difficulty.alpha") == 2
    assert programs == [2]
    assert tables(tmp_path / "together") == tables(tmp_path / "alone")


def test_points_that_do_not_fit_together_are_drawn_one_by_one(sim, tmp_path, monkeypatch):
    def full(runs):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")

    assert sim("run", *SWEEP, "together=false", "output=alone")[0] == 0
    monkeypatch.setattr(together, "draw", full)
    assert sim("run", *SWEEP, "together=true", "output=together")[0] == 0
    assert tables(tmp_path / "together") == tables(tmp_path / "alone")


def test_a_sweep_given_again_draws_what_is_missing_alone(sim, tmp_path, programs):
    assert sim("run", *SWEEP, "together=true")[0] == 0
    [missing] = (tmp_path / "outputs").glob("*/point_1/coverage/table.csv")
    before = missing.read_bytes()
    missing.unlink()
    code, said, _ = sim("run", *SWEEP, "together=true", "resume=true")
    assert code == 0
    assert said.count("done before") == 1
    assert missing.read_bytes() == before
    assert programs == [2]


def test_what_learns_before_it_draws_is_not_planned(monkeypatch, tmp_path):
    """Planned without its training it would be drawn from what has learnt nothing."""
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        config = OmegaConf.to_container(compose("run", overrides=["experiment=coverage", "budget=smoke"]))
    point, run = Point(config, tmp_path, [], 0), planning.run_of("coverage")
    assert together_app._steps(point, "coverage").cut.batches > 1

    def learning(question):
        question.learn(Training({"training": "a model"}, tuple, lambda state, number: state, 1))
        return run(question)

    monkeypatch.setattr(planning, "run_of", lambda name: learning)
    assert together_app._steps(point, "coverage") is None


def test_without_an_accelerator_points_are_drawn_one_by_one(sim, programs):
    assert sim("run", *SWEEP)[0] == 0
    assert not programs


@pytest.mark.parametrize("value", ["yes please", "1", "[true]"])
def test_together_is_true_false_or_null(sim, value):
    code, _, complained = sim("run", "experiment=coverage", f"together={value}")
    assert code == 2
    assert "together: need true or false, or null, got" in complained
