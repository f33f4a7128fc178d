"""What a notebook has: names that are documented with examples that run, and values equal to those of the commands."""

import doctest
import importlib
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import sim
from sim.laws import coverage, joint, learning_curve
from sim.model.model import name_of
from tests import checks

PROBLEMS = 2**18
pytestmark = pytest.mark.usefixtures("remembered")
ROOT = Path(__file__).resolve().parents[1]
COUNTS = np.array([0, 0, 0, 1, 1, 2, 3, 5, 9, 14, 22, 31, 48, 60, 77, 90, 99, 100] * 3)


def test_import_loads_nothing_heavy():
    script = "import sys, sim; print([name for name in ('jax', 'numpy', 'matplotlib', 'scipy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_list_of_names_is_what_there_is():
    assert dir(sim) == sorted(sim.__all__)
    for name in sim.__all__:
        assert getattr(sim, name) is not None
    with pytest.raises(AttributeError, match="module 'sim' has no attribute 'simulat'"):
        _ = sim.simulat


FUNCTIONS = ("simulate", "judge", "calibrate", "recommend", "Pilot", "read_pilot", "plot", "load", "pass_at_k")
DOCUMENTED = (*FUNCTIONS, "Model", "sample_features", "sample_first_success")


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_examples_of_the_documentation_run(name):
    found = getattr(sim, name)
    module = importlib.import_module(found.__module__)
    examples = doctest.DocTestFinder().find(found, name, module=module)
    assert any(one.examples for one in examples), f"{name} has no example"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL)
    for one in examples:
        said = []
        assert runner.run(one, out=said.append).failed == 0, "".join(said)


# Models ---------------------------------------------------------------------------------------------------------------


def test_a_model_knows_its_laws():
    model = sim.Model(sim.Zipf(1.5), sim.Arrival(2), sim.Beta(3.0, 0.5, 0.8))
    n, k = np.array([1.0, 50.0]), np.array([1.0, 7.0, 1e4])
    error, failure = learning_curve.unmemorised_mass(n, 1.5, np.inf, 2), coverage.failure(k, 3.0, 0.5, 0.8)
    np.testing.assert_array_equal(model.error(n), error)
    np.testing.assert_array_equal(model.failure(k), failure)
    np.testing.assert_array_equal(model.joint(n, k), joint.failure(error[:, None], failure[None, :]))
    assert model.tail() == (0.5, pytest.approx(0.8 * coverage.prefactor(3.0, 0.5)))
    assert model.learning_tail()[0] == pytest.approx(1 / 3)
    assert all(text in model.physics() for text in ("1.5", "depth=2", "0.8", "Independent", "Perfect"))


def test_what_is_left_out_is_what_the_command_line_has():
    model = sim.Model()
    assert [name_of(getattr(model, one.name)) for one in fields(model)] == [
        "zipf", "automatic", "beta", "independent", "perfect",
    ]  # fmt: skip
    assert (model.difficulty, model.features) == (sim.Beta(5, 0.35), sim.Zipf(2))


def test_what_has_no_closed_form_is_none():
    model = sim.Model(difficulty=sim.Beta(5, 0.35), dependence=sim.Polya(0.3), verifier=sim.Noisy(0.9, 0.1))
    assert model.failure([1, 2]) is None and model.joint([1], [1]) is None


def test_a_model_is_made_of_members_of_their_axes():
    with pytest.raises(ValueError, match=r"difficulty: need a member of its axis \(beta, .*, got Zipf"):
        sim.Model(difficulty=sim.Zipf(2.0))
    with pytest.raises(ValueError, match=r"difficulty\.alpha: need 0.001 <= alpha <= 10000, got -5"):
        sim.Beta(-5, 0.35)


# Draws ----------------------------------------------------------------------------------------------------------------

GRIDS = {"coverage": ("attempts",), "learning_curve": ("examples",), "joint": ("examples", "attempts")}


@pytest.mark.parametrize("experiment", GRIDS)
def test_a_notebook_draws_and_judges_what_the_command_line_does(run, tmp_path, experiment):
    grids = [f"{name}.max=1e3" if name in GRIDS[experiment] else "" for name in ("attempts", "examples")]
    asked = (
        "difficulty.beta=0.5",
        "features.exponent=1.7",
        f"budget.problems={PROBLEMS}",
        "budget.learners=64",
        "seed=3",
    )
    run(f"experiment={experiment}", *asked, *filter(None, grids))
    [where] = tmp_path.glob(f"outputs/*/{experiment}")
    model = sim.Model(sim.Zipf(1.7), difficulty=sim.Beta(5, 0.5))
    largest = dict.fromkeys(GRIDS[experiment], 1e3)
    draws = sim.simulate(model, **largest, problems=PROBLEMS, learners=64, seed=3)
    table, written = draws.table(), sim.load(where)
    for name, values in written.table().items():
        np.testing.assert_array_equal(table[name], values, err_msg=name)
    words = [one["verdict"] for one in written.verdicts]
    assert [one.verdict for one in sim.judge(draws).verdicts] == words
    assert experiment in repr(draws) and repr(written).count(": ") >= len(words)


@pytest.fixture
def run(sim_command):
    def call(*asked):
        code, _, err = sim_command("run", *asked, "figure=false", "budget.devices=2")
        assert code == 0, err

    return call


@pytest.fixture
def sim_command(request):
    return request.getfixturevalue("sim")


def test_draws_are_judged_on_part_of_the_grid_and_at_another_level():
    draws = sim.simulate(sim.Model(), attempts=1e4, problems=2**16)
    whole, part = sim.judge(draws), sim.judge(draws, attempts=(10, 1e3))
    inside = (whole.columns["attempts"] >= 10) & (whole.columns["attempts"] <= 1000)
    assert part.columns["estimate"].tolist() == whole.columns["estimate"][inside].tolist() and not inside.all()
    near = sim.Model(difficulty=sim.Beta(5, 0.355))
    words = [sim.judge(draws, near, level=level).verdicts[0] for level in (1e-12, 0.5)]
    assert words[0].p_value == words[1].p_value and words[0].verdict == "undecided"
    assert words[1].verdict == ("refuted" if words[0].p_value < 0.5 else "undecided")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"attempts": 3}, "attempts: need two numbers, (lowest, highest), got 3"),
        ({"attempts": (9, 1)}, "attempts: need two numbers, the lower one first, got (9, 1)"),
        ({"attempts": (1, "x")}, "attempts: need a number from 0 to 1e+15, got 'x'"),
        ({"examples": (1, 9)}, "examples: need counts of learning_curve or joint for a window, got those of coverage"),
        ({"level": 0}, "level: need a number from 1e-12 to 0.5, got 0"),
    ],
)
def test_a_window_or_level_that_cannot_be_is_refused(given, sentence):
    draws = sim.simulate(sim.Model(), attempts=100, problems=2**15)
    with pytest.raises(ValueError) as caught:
        sim.judge(draws, **given)
    assert str(caught.value) == sentence


def test_draws_are_judged_against_other_laws_without_a_draw(monkeypatch):
    from sim.draw.plan import Steps

    draws = sim.simulate(sim.Model(), attempts=1e4, problems=2**20)
    monkeypatch.setattr(Steps, "counts", None)
    words = [
        sim.judge(draws, sim.Model(difficulty=sim.Beta(5, beta))).verdicts[0].verdict for beta in (0.35, 0.36, 0.5)
    ]
    assert words == ["confirmed", "refuted", "refuted"]
    monkeypatch.undo()
    learnt = sim.simulate(sim.Model(), examples=1e4, learners=1024)
    own, other = (sim.judge(learnt, normalisation=name) for name in ("discrete", "continuous"))
    assert own.verdicts[0].verdict != "refuted" and other.verdicts[0].verdict == "refuted"


def test_simulation_only_says_so():
    model = sim.Model(dependence=sim.Polya(0.3), verifier=sim.Noisy(0.9, 0.1))
    assert "simulation only" in repr(sim.judge(sim.simulate(model, attempts=100, problems=PROBLEMS)))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "simulate: need examples, attempts or both, got neither"),
        ({"attempts": 1}, "attempts: need a number from 2 to 1e+15, got 1"),
        ({"attempts": 10, "points": 1}, "points: need a whole number from 2 to 200, got 1"),
        ({"attempts": 10, "problems": 100}, "problems: need a whole number from 32768"),
        ({"examples": 10, "learners": 3}, "learners: need a whole number from 64 to 1e+08, got 3"),
        ({"examples": 1e30}, "examples: need a number from 2 to 1e+18, got 1e+30"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(asked, sentence):
    with pytest.raises(ValueError) as error:
        sim.simulate(sim.Model(), **asked)
    assert sentence in str(error.value)


# Raw draws ------------------------------------------------------------------------------------------------------------


def test_raw_draws_follow_the_laws_inside_a_program_of_ones_own():
    model, n = sim.Model(sim.Zipf(2.0), difficulty=sim.Beta(5, 0.35, 0.9)), 200_000
    draw = jax.jit(lambda key: sim.sample_first_success(key, model, n))
    first = np.asarray(draw(jax.random.key(1)))
    assert (first >= 1).all() and (first == np.rint(first)).all()
    for k in (1, 10, 1000):
        left = np.count_nonzero(first > k)
        checks.assert_proportion(left, n, float(model.failure([k])[0]))
        checks.rejects(checks.assert_proportion, left, n, 1.03 * float(model.failure([k])[0]))
    assert np.isinf(first).any()
    ranks = np.asarray(jax.jit(lambda key: sim.sample_features(key, model, n).low)(jax.random.key(2)))
    share = 1 / (np.pi**2 / 6)
    checks.assert_proportion(np.count_nonzero(ranks == 1), n, share)
    checks.rejects(checks.assert_proportion, np.count_nonzero(ranks == 2), n, share)


def test_raw_draws_of_other_keys_differ_and_of_the_same_are_the_same():
    one, again, other = (np.asarray(sim.sample_first_success(seed, sim.Model(), 1000)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert abs(np.corrcoef(jnp.log(one), jnp.log(other))[0, 1]) < 0.2


def test_raw_draws_of_dependent_attempts_are_refused():
    with pytest.raises(ValueError, match=r"dependence: need Independent\(\) to draw the first success, got Polya"):
        sim.sample_first_success(0, sim.Model(dependence=sim.Polya(0.3)), 10)
    with pytest.raises(ValueError, match="n: need a whole number from 1"):
        sim.sample_features(0, sim.Model(), 0)


# Pilots ---------------------------------------------------------------------------------------------------------------


def test_a_notebook_calibrates_and_decides_as_the_commands_do(sim_command, tmp_path):
    rows = "".join(f"p{i},100,{won}\n" for i, won in enumerate(COUNTS))
    (tmp_path / "pilot.csv").write_text(f"problem_id,attempts,successes\n{rows}")
    assert sim_command("calibrate", "pilot=pilot.csv", "figure=false", "output=c")[0] == 0
    assert sim_command("recommend", "pilot=pilot.csv", "cost.price=0.01", "figure=false", "output=r")[0] == 0
    pilot = sim.Pilot(100, COUNTS, [f"p{i}" for i in range(len(COUNTS))])
    forecast, decision = sim.calibrate(pilot), sim.recommend(pilot, value=1, price=0.01)
    from sim.records import folder

    written = folder.read_columns(
        tmp_path / "c" / "table.csv", ("attempts",), ("attempts", "median", "low90", "high50")
    )
    table = forecast.table()
    for name in ("attempts", "median", "low90", "high50"):
        np.testing.assert_array_equal(table[name], written[name])
    [verdict] = json.loads((tmp_path / "r" / "verdict.json").read_text())
    assert decision.attempts == verdict["attempts"] and decision.regret == verdict["these_problems"]["regret"]
    assert decision.fits == verdict["test"]["verdict"] == forecast.fits
    assert [float(stage) for stage in decision.stages] == verdict["stages"]


def test_a_forecast_answers_for_any_attempts_and_interval():
    forecast = sim.calibrate(sim.Pilot(100, COUNTS))
    found = forecast.coverage([1, 100, 10_000])
    (low, high), (low50, high50) = found.interval(0.9), found.interval(0.5)
    assert (low <= low50).all() and (low50 <= found.median).all() and (found.median <= high50).all()
    assert (high50 <= high).all() and (np.diff(found.mean) > 0).all()
    new = forecast.coverage([100], new=True, problems=len(COUNTS))
    assert np.subtract(*new.interval()[::-1])[0] > (high - low)[1]  # new problems vary besides
    with pytest.raises(ValueError, match=r"attempts: need whole numbers from 0 to 1e\+15"):
        forecast.coverage([-1])
    with pytest.raises(ValueError, match=r"level: need a number from 1e-06 to 0\.999999, got 90"):
        found.interval(90)
    with pytest.raises(ValueError, match="problems: need new=True"):
        forecast.coverage([1], problems=3)


def test_settings_are_the_keys_of_the_configuration():
    pilot = sim.Pilot(100, COUNTS)
    assert sim.calibrate(pilot, settings={"tell.solved": 10**6}).cannot_tell == ["solved"]
    with pytest.raises(ValueError, match=r"tell\.sloved: no such key; conf/calibrate\.yaml has .*tell\.solved"):
        sim.calibrate(pilot, settings={"tell.sloved": 3})
    one = sim.recommend(pilot, value=1, price=0.01, settings={"paid": "sequential"})
    assert one.attempts > sim.recommend(pilot, value=1, price=0.01).attempts


def test_two_models_are_compared():
    pilot, other = sim.Pilot(100, COUNTS), sim.Pilot(100, COUNTS // 2)
    decision = sim.recommend(pilot, value=1, price=0.01, against=other, against_price=0.001)
    assert decision.found.rivals is not None and decision.found.difference is not None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (([1, 2], [3, 1]), "problem 0: need 1 <= attempts <= 1e+12 and 0 <= successes <= attempts, got 3 of 1"),
        (([0], [0]), "problem 0: need 1 <= attempts"),
        (([10], [1.5]), "successes: need whole numbers of at least 0"),
        ((["ten"], [1]), "attempts: need whole numbers, got"),
        (([10, 10], [1]), "attempts, successes: need one number for each problem"),
        (([10, 10], [1, 2], ["a", "a"]), "problem_id: need 2 different names"),
    ],
)
def test_counts_that_are_no_pilot_are_refused_in_one_sentence(given, sentence):
    with pytest.raises(ValueError) as error:
        sim.Pilot(*given)
    assert sentence in str(error.value)


def test_a_table_is_a_pilot_and_anything_else_is_not():
    table = {"problem_id": [f"p{i}" for i in range(len(COUNTS))], "attempts": [100] * len(COUNTS), "successes": COUNTS}
    np.testing.assert_array_equal(
        sim.calibrate(table).table()["median"], sim.calibrate(sim.Pilot(100, COUNTS)).table()["median"]
    )
    with pytest.raises(ValueError, match=r"pilot: need sim\.Pilot, .*, got int"):
        sim.calibrate(3)


# Notebooks ------------------------------------------------------------------------------------------------------------


def test_results_are_short_in_text_and_tables_in_a_notebook(tmp_path):
    draws = sim.simulate(sim.Model(), attempts=1e3, problems=PROBLEMS)
    forecast = sim.calibrate(sim.Pilot(100, COUNTS))
    for value in (
        draws,
        sim.judge(draws),
        forecast,
        forecast.coverage([1]),
        sim.recommend(sim.Pilot(100, COUNTS), value=1, price=0.01),
    ):
        assert len(repr(value)) < 400 and "\n" not in repr(value)
        shown = value._repr_html_()
        assert shown.count("<tr>") == min(len(next(iter(value.table().values()))), 8) + 1
        lengths = {len(column) for column in value.table().values()}
        assert len(lengths) == 1
    dataset = pytest.importorskip("xarray") and draws.to_xarray()
    np.testing.assert_array_equal(dataset["estimate"], draws.table()["estimate"])


def test_every_result_has_a_figure(tmp_path):
    draws, pilot = sim.simulate(sim.Model(), attempts=1e3, problems=PROBLEMS), sim.Pilot(100, COUNTS)
    for value in (draws, sim.judge(draws), sim.calibrate(pilot), sim.recommend(pilot, value=1, price=0.01)):
        figure = sim.plot(value)
        figure.savefig(tmp_path / "figure.png")
        assert len(figure.axes) >= 2
    with pytest.raises(ValueError, match=r"plot: need what Draws, .* is, got int"):
        sim.plot(3)


@pytest.mark.slow
def test_the_library_is_annotated_and_its_types_agree():
    mypy = pytest.importorskip("mypy.api")
    said, _, code = mypy.run(["--config-file", str(ROOT / "pyproject.toml"), "--no-incremental"])
    assert code == 0, said


# What a reviewer typed ------------------------------------------------------------------------------------------------

PLAIN = sim.Pilot(100, COUNTS)
WRONG = [
    (lambda: sim.judge(None), "draws: need what sim.simulate gives"),
    (lambda: sim.simulate(sim.Model(), attempts="10"), "attempts: need a number from 2"),
    (lambda: sim.simulate(sim.Model(), attempts=10, seed=1.5), "seed: need a whole number"),
    (lambda: sim.simulate(sim.Model(), attempts=10, problems=40000.9), "problems: need a whole number"),
    (lambda: sim.simulate(sim.Model(), attempts=10, points=2.7), "points: need a whole number"),
    (lambda: sim.Model().failure([-1]), "attempts: need numbers of at least 0"),
    (lambda: sim.Model().error(None), "examples: need numbers of at least 0"),
    (lambda: sim.Model().joint([[1, 2]], [1]), "examples: need numbers of at least 0, shape [n]"),
    (lambda: sim.pass_at_k([1], [10], [11]), "pass@k: need successes of at most the recorded attempts"),
    (lambda: sim.pass_at_k([1.5], [10], [5]), "pass@k: need whole numbers of at least 1 in attempts"),
    (lambda: sim.pass_at_k([0], [10], [5]), "pass@k: need whole numbers of at least 1 in attempts"),
    (lambda: sim.pass_at_k([2], [10], [np.nan]), "pass@k: need whole numbers of at least 0 in successes"),
    (lambda: sim.pass_at_k([], [10], [5]), "pass@k: need whole numbers of at least 1 in attempts"),
    (lambda: sim.calibrate(PLAIN, settings={"seed": 5}), "settings: need keys that are no arguments"),
    (lambda: sim.calibrate(PLAIN, settings={"attempts.per_decade": 0}), "attempts.per_decade: need a whole number"),
    (lambda: sim.calibrate(PLAIN, settings={"tell": 1}), "tell: no such key"),
    (lambda: sim.calibrate(PLAIN, settings="tell.prior"), "settings: need a dictionary"),
    (lambda: sim.calibrate(PLAIN, seed="a"), "seed: need a whole number"),
    (lambda: sim.recommend(PLAIN, value=1, price=0.1, settings={"cost.value": 5}), "settings: need keys that are no"),
    (lambda: sim.recommend(PLAIN, value=1, price=0.1, against_price=0.2), "against: need the pilot of the second"),
    (lambda: sim.Pilot(1e13, [1, 5]), "problem 0: need 1 <= attempts <= 1e+12"),
    (lambda: sim.calibrate({"attempts": [9], "successes": [1], "model": ["A"]}), "pilot: need columns problem_id"),
    (lambda: sim.sample_features("a", sim.Model(), 5), "key: need one key of jax.random"),
    (lambda: sim.sample_features(True, sim.Model(), 5), "key: need one key of jax.random"),
    (lambda: sim.sample_first_success(0, "x", 5), "model: need a sim.Model"),
    (lambda: sim.read_pilot(None), "path: need the name of a file"),
    (lambda: sim.load(5), "path: need the name of a folder"),
    (lambda: sim.Beta(10**400, 1), "difficulty.alpha: need 0.001 <= alpha <= 10000"),
]


@pytest.mark.parametrize(("call", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_a_slip_is_one_sentence_and_no_number(call, sentence):
    with pytest.raises(ValueError) as error:
        call()
    assert sentence in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("problems", [0, -1, 1.5, np.nan, "a", True])
def test_new_problems_are_so_many(problems):
    with pytest.raises(ValueError, match="problems: need a whole number from 1"):
        sim.calibrate(PLAIN).coverage(10, new=True, problems=problems)


def test_continuous_masses_are_refused_where_the_command_line_refuses_them():
    draws = sim.simulate(sim.Model(memory=sim.MultiTrace(0.5)), examples=1e3, problems=2**17)
    with pytest.raises(ValueError, match=r"law\.normalisation: need a memory whose only number is depth"):
        sim.judge(draws, normalisation="continuous")
    finite = sim.simulate(sim.Model(), examples=1e3)
    with pytest.raises(ValueError, match=r"law\.normalisation: need infinitely many Zipf features"):
        sim.judge(finite, sim.Model(sim.Zipf(2, 100)), normalisation="continuous")
    with pytest.raises(ValueError, match="features: need Zipf features, as learners were drawn"):
        sim.judge(finite, sim.Model(sim.Exponential(0.1)))
    with pytest.raises(ValueError, match="normalisation: need draws over examples"):
        sim.judge(sim.simulate(sim.Model(), attempts=100, problems=PROBLEMS), normalisation="continuous")


def test_attempts_that_end_with_success_are_asked_about_as_in_files():
    generator = np.random.default_rng(0)
    first = generator.geometric(generator.beta(0.35, 5, 300).clip(1e-4)).clip(1, 100)
    won = (first < 100).astype(int)
    with pytest.raises(ValueError, match="need to know what ended the attempts"):
        sim.Pilot(first, won)
    assert sim.Pilot(first, won, stopping="first_success").stopping.kind == "first_success"


def test_numpy_scalars_are_numbers():
    one = sim.recommend(PLAIN, value=np.float32(1), price=np.float64(0.01))
    assert one.attempts == sim.recommend(PLAIN, value=1, price=0.01).attempts
    assert sim.Zipf(np.array(2.0)) == sim.Zipf(2)
