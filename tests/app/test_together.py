"""Points of a sweep that are drawn in one program have the tables of points drawn one by one."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.runs.point import Point
from sim.app.sweeps import together as together_app
from sim.draw import many
from sim.draw.cutting import Cut
from sim.draw.plan import Steps
from sim.experiments import coverage
from sim.generative.training import Training

BOTH = "--multirun", "budget=smoke", "figure=false", "difficulty.beta=0.3,0.4"
SWEEP = *BOTH, "experiment=coverage"


def tables(where):
    return [path.read_bytes() for path in sorted(where.glob("*/point_*/*/table.csv"))]


@pytest.fixture
def programs(monkeypatch):
    """How many points each program is asked for that draws some together."""
    asked, draw = [], many.draw
    monkeypatch.setattr(many, "draw", lambda runs: asked.append(len(runs)) or draw(runs))
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
    monkeypatch.setattr(many, "draw", full)
    assert sim("run", *SWEEP, "together=true", "output=together")[0] == 0
    assert tables(tmp_path / "together") == tables(tmp_path / "alone")


def test_a_sweep_given_again_draws_what_is_missing_alone(sim, tmp_path, programs):
    assert sim("run", *SWEEP, "together=true")[0] == 0
    [missing] = (tmp_path / "outputs").glob("*/point_1/coverage/table.csv")
    before = missing.read_bytes()
    missing.unlink()
    code, said, _ = sim("run", *SWEEP, "together=true", "resume=true")
    assert code == 0
    assert said.count("already done") == 1
    assert missing.read_bytes() == before
    assert programs == [2]


def test_what_learns_before_it_draws_is_not_planned(monkeypatch, tmp_path):
    """Planned without its training it would be drawn from what has learnt nothing."""
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        config = OmegaConf.to_container(compose("run", overrides=["experiment=coverage", "budget=smoke"]))
    point = Point(config, tmp_path, [], 0)
    assert together_app._steps(point, "coverage").cut.batches > 1

    def prepare(question, learn):
        learn(Training({"training": "a model"}, tuple, lambda state, number: state, 1))
        return question

    monkeypatch.setattr(coverage, "prepare", prepare, raising=False)
    assert together_app._steps(point, "coverage") is None


def test_without_an_accelerator_points_are_drawn_one_by_one(sim, programs):
    assert sim("run", *SWEEP)[0] == 0
    assert not programs


@pytest.mark.parametrize("value", ["yes please", "1", "[true]"])
def test_together_is_true_false_or_null(sim, value):
    code, _, complained = sim("run", "experiment=coverage", f"together={value}")
    assert code == 2
    assert "together: need true or false, or null, got" in complained


# Who is drawn with whom -----------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(monkeypatch):
    """Draws of points whose steps say what they are like; the sizes of the programs, and what each was asked for."""
    asked = []
    mesh = SimpleNamespace(devices=np.array(jax.local_devices()[:1]))

    def steps(point, _name):
        if point.config.get("alone"):
            return None
        cut = Cut(5, 1, 1, 3, 0, 2**30, 0)
        return Steps(None, None, (point.config["like"],), mesh, cut, f"{point.number} {{}}")

    def draw(runs):
        asked.append([int(run.physics.split()[0]) for run in runs])
        counts = [100 * int(run.physics.split()[0]) + np.arange(6).reshape(2, 3, 1) for run in runs]
        return np.array(counts)

    monkeypatch.setattr(together_app, "_steps", steps)
    monkeypatch.setattr(together_app, "_most", lambda steps: 64)
    monkeypatch.setattr(many, "likeness", lambda steps: steps.arguments)
    monkeypatch.setattr(many, "draw", draw)
    return asked


def sweep_of(tmp_path, kinds):
    """Points of these kinds; None draws alone."""
    configs = ({"alone": True} if kind is None else {"like": kind} for kind in kinds)
    return [Point(config, tmp_path / f"point_{number}", [], number) for number, config in enumerate(configs)]


def counted(queue, points):
    """Number of the points whose counts each point is given; None for one that is to draw by itself."""
    found = []
    for point in points:
        own = queue.drawn(point.number)
        assert own is None or own.draws == (f"{point.number} {{}}", 0, 5)
        assert own is None or own.counts.ravel().tolist() == [own.counts[0, 0] + i for i in range(6)]
        found.append(None if own is None else own.counts[0, 0] // 100)
    return found


def test_alike_points_are_drawn_together_and_each_is_given_its_own_counts(tmp_path, drawn):
    points = sweep_of(tmp_path, ["a", "b", "a", None, "b", "c", "a"])
    queue = together_app._Queue("coverage", points)
    assert counted(queue, points) == [0, 1, 2, None, 4, None, 6]  # the only one of its kind draws alone
    assert drawn == [[0, 2, 6], [1, 4]]


def test_a_program_that_is_there_is_used_again_unless_it_is_much_too_large(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(together_app, "_POINTS", 5)
    points = sweep_of(tmp_path, [*"aaaaa", *"aaaab", *"aabbb"])
    queue = together_app._Queue("coverage", points)
    assert counted(queue, points) == [*range(9), None, *range(10, 15)]
    assert drawn == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 8], [10, 11], [12, 13, 14]]


def test_a_sweep_is_looked_at_in_parts_of_like_size_and_no_program_is_larger_than_fits(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(together_app, "_POINTS", 6)
    monkeypatch.setattr(together_app, "_most", lambda steps: 2)
    points = sweep_of(tmp_path, ["a"] * 10)
    assert counted(together_app._Queue("coverage", points), points) == [0, 1, None, 3, 4, 5, 6, None, 8, 9]
    assert drawn == [[0, 3], [1, 4], [5, 8], [6, 9]]  # of the five of a part the middle one is left


def test_what_cannot_be_drawn_together_is_drawn_alone_and_the_next_together(tmp_path, drawn, monkeypatch):
    draw = many.draw

    def full(runs):
        if runs[0].arguments == ("a",):
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED")
        return draw(runs)

    monkeypatch.setattr(many, "draw", full)
    points = sweep_of(tmp_path, "abab")
    assert counted(together_app._Queue("coverage", points), points) == [None, 1, None, 3]


def test_points_that_are_passed_over_and_points_of_no_sweep_are_none(tmp_path, drawn):
    points = sweep_of(tmp_path, "aaaa")
    queue = together_app._Queue("coverage", points[:3])
    assert queue.drawn(2).counts[0, 0] == 200
    assert queue.drawn(3) is None
    assert queue.there == {}  # what is passed over is not kept


def test_points_that_have_begun_before_are_not_drawn_with_others(tmp_path):
    points = sweep_of(tmp_path, "aaa")
    points[1].where.mkdir()
    (points[1].where / "status.json").touch()
    assert [point.number for point in together_app.Sweep(points).fresh] == [0, 2]


def test_as_many_points_share_a_program_as_their_operations_and_bytes_allow(monkeypatch):
    steps = Steps(None, None, (np.zeros(100, np.float32),), None, Cut(8, 1, 1, 4, 0, 2**20, 2**10), "0 {}")
    for operations, most in ((1.0, 64), (2**36 / 8 / 10, 10), (2**36, 1), (2**36 / 8 / 1.9, 1)):
        monkeypatch.setattr("sim.app.runs.dry.operations", lambda arguments, own=operations: own)
        assert together_app._most(steps) == most
    monkeypatch.setattr("sim.app.runs.dry.operations", lambda arguments: 1.0)
    narrow = replace(steps, cut=steps.cut._replace(allowed_bytes=20 * (2**10 + 400)))
    assert together_app._most(narrow) == 10  # half of the memory, which counts and arguments share
