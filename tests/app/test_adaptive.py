"""budget.until: as much is drawn as a wanted standard error needs, which favours no result."""

import copy
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from checks import assert_mean, assert_proportion, rejects
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from scipy import stats

from sim.app import door
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.runs import adaptive
from sim.draw.budget import BATCH
from sim.draw.plan import take
from sim.experiments import asking, coverage

COVERAGE = ["experiment=coverage", "figure=false", "budget.devices=2"]
LIMIT = "budget.problems=4194304"


@pytest.fixture(scope="module")
def composed():
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        chosen = compose("run", ["experiment=coverage", "budget.problems=8388608", "budget.devices=1"])
        return OmegaConf.to_container(chosen, resolve=True)


def asked(config, seed=0):
    [(_, question)] = door.questions(copy.deepcopy(config) | {"seed": seed})
    return question


def result(tmp_path, experiment="coverage"):
    """Table and what the manifest says of budget.until, of the newest run."""
    where = max((tmp_path / "outputs").glob(f"*/{experiment}"), key=lambda path: path.stat().st_mtime_ns)
    table, verdicts = ((where / name).read_bytes() for name in ("table.csv", "verdict.json"))
    return (table, verdicts), json.loads((where / "manifest.json").read_text()).get("until")


@pytest.mark.parametrize(
    "text",
    "exponent exponent: exponent:0 exponent:-1 exponent:nan exponent:inf exponent@3:1 loss:1e-3 loss@:1e-3 loss@0:1e-3 "
    "loss@x:1e-3 loss@10:x error@10:1 0.001".split(),
)
def test_anything_but_an_exponent_or_a_loss_is_refused(text):
    with pytest.raises(ValueError, match=r"^budget\.until: need exponent:STDERR or loss@ATTEMPTS:STDERR [^\n]+$"):
        adaptive.read(text)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("experiment=replay budget.until=exponent:0.01", "need experiments that simulate, got replay"),
        ("experiment=selection budget.until=loss@10:0.01", "need an experiment with a loss for loss@10:0.01"),
        ("experiment=coverage attempts.max=100 budget.until=loss@101:0.1", "need 1 <= attempts <= attempts.max=100"),
        ("experiment=capacity budget.until=exponent:0.1 budget=smoke", "need a measured exponent, got none from cap"),
        pytest.param(
            *(
                "experiment=selection budget.until=exponent:0.1 budget=smoke",
                "need a measured exponent, got none from sel",
            ),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_cannot_be_reached_is_refused_in_one_sentence(sim, typed, sentence):
    code, _, err = sim("run", "budget.devices=2", *typed.split())
    assert (code, err.count("\n")) == (2, 1)
    assert f"budget.until: {sentence}" in err


def test_a_run_until_is_the_plain_run_with_as_many_problems(sim, tmp_path):
    code, out, _ = sim("run", *COVERAGE, LIMIT, "budget.until=loss@1e4:2e-4")
    assert code == 0
    files, reached = result(tmp_path)
    assert "budget.until=loss@1e4:2e-4 MET: standard error " in out
    assert reached["met"] and reached["stderr"] <= 2e-4
    assert 64 * BATCH < reached["drawn"] < reached["limit"] == 4194304
    assert sim("run", *COVERAGE, f"budget.problems={reached['drawn']}")[0] == 0
    assert result(tmp_path) == (files, None)


def test_a_limit_that_is_reached_is_said(sim, tmp_path):
    code, out, _ = sim("run", *COVERAGE, LIMIT, "budget.until=exponent:1e-6")
    assert (code, "budget.until=exponent:1e-6 LIMIT REACHED: " in out) == (0, True)
    reached = result(tmp_path)[1]
    assert (reached["met"], reached["drawn"]) == (False, reached["limit"])


@pytest.mark.seldom(0)
def test_how_the_work_is_cut_does_not_change_the_plan(sim, tmp_path):
    found = []
    for cut in (["budget.devices=1"], ["budget.devices=3", "budget.chunk=5"]):
        assert sim("run", *COVERAGE, LIMIT, "budget.until=exponent:0.0004", *cut)[0] == 0
        found.append(result(tmp_path))
    assert found[0] == found[1]


@pytest.mark.seldom(0)
def test_learners_are_drawn_until_too(sim, tmp_path):
    typed = ["experiment=learning_curve", "figure=false", "budget.devices=2", "budget.until=loss@100:1e-3"]
    assert sim("run", *typed)[0] == 0
    reached = result(tmp_path, "learning_curve")[1]
    assert reached["met"]
    assert reached["drawn"] <= reached["limit"]


def test_a_pilot_shares_no_batch_with_the_run_and_a_plan_that_was_not_enough_goes_on(composed, monkeypatch):
    question, seen, errors = asked(composed), [], iter((1e-3, 3e-3, 1.1e-3, 0.9e-3))

    def answer(name, own, take=None):
        seen.append((own.budget.first, own.budget.batches))
        rows = {"quantity": "failure", "attempts": 10.0, "examples": np.nan, "stderr": next(errors)}
        return coverage.Answer({name: np.array([value]) for name, value in rows.items()}, [], 0, 0.0)

    monkeypatch.setattr(asking, "answer", answer)
    _, reached = adaptive.answer("coverage", question, adaptive.read("loss@10:1e-3"), take)
    assert seen == [(2**31, 64), (0, 85), (0, 128), (0, 192)]
    assert (reached.met, reached.drawn, reached.stderr) == (True, 192 * BATCH, 0.9e-3)


# The plan, by runs whose errors are made up ---------------------------------------------------------------------------


def answer(stderr, quantity="failure", attempts=10.0, examples=np.nan, verdicts=()):
    """An answer of so many rows, each with its standard error."""
    rows = {"attempts": attempts, "examples": examples, "stderr": stderr}
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(own, float)) for own in rows.values()))
    columns = dict(zip(rows, arrays, strict=True))
    return coverage.Answer({"quantity": np.full(columns["stderr"].shape, quantity, object)} | columns, verdicts, 0, 0.0)


def exponents(*pairs):
    """Verdicts with (standard error, predicted exponent); None for a law that has none."""
    return [SimpleNamespace(stderr=stderr, predicted=predicted) for stderr, predicted in pairs]


@pytest.fixture
def planned(monkeypatch):
    """As _planned, of runs that draw nothing."""
    return lambda *asked, **more: _planned(monkeypatch, *asked, **more)


def _planned(monkeypatch, question, text, errors, name="coverage", of=lambda stderr: answer(stderr)):
    """(Reached, [(first batch, problems or learners)]) of runs with these errors, one after the other."""
    seen, errors, learners = [], iter(errors), adaptive._of_learners(name, question)

    def run(asked_name, own, take="pilot"):
        seen.append((own.budget.first, own.learners if learners else own.budget.problems / BATCH))
        assert asked_name == name and take == ("pilot" if own.budget.first else "run")
        return of(next(errors))

    monkeypatch.setattr(asking, "answer", run)
    _, reached = adaptive.answer(name, question, adaptive.read(text), "run")
    assert next(errors, None) is None
    return reached, seen


def test_a_plan_is_the_pilot_times_the_square_of_how_much_too_large_its_error_is_with_a_margin(composed, planned):
    """64 x (1.15 x 2)^2 = 338.6 batches."""
    reached, seen = planned(asked(composed), "loss@10:5e-4", (1e-3, 4e-4))
    assert seen == [(2**31, 64), (0, 339)]
    assert (reached.drawn, reached.limit, reached.pilot) == (339 * BATCH, 512 * BATCH, 64 * BATCH)
    assert (reached.stderr, reached.met) == (4e-4, True)


def test_no_plan_is_smaller_than_the_least_pilot_or_larger_than_the_limit(composed, planned):
    assert planned(asked(composed), "loss@10:1e-1", (1e-3, 1e-3))[1] == [(2**31, 64), (0, 64)]
    reached, seen = planned(asked(composed), "loss@10:5e-4", (2e-3, 6e-4))
    assert seen == [(2**31, 64), (0, 512)]  # planned were 1,355
    assert (reached.met, reached.drawn) == (False, 512 * BATCH)


def test_a_pilot_that_is_far_too_small_is_followed_by_one_8_times_as_large(composed, planned):
    """It plans for more than 64 times its size; the last is an eighth of the limit at most."""
    question = asked(composed | {"budget": composed["budget"] | {"problems": 2**16 * BATCH}})
    reached, seen = planned(question, "loss@10:1e-4", (1e-3, 4e-4, 9e-5))
    assert seen == [(2**31, 64), (2**31, 512), (0, 10834)]  # 64 x 11.5^2 > 64 x 64; 512 x 4.6^2
    assert reached.pilot == 512 * BATCH
    smaller = question._replace(budget=replace(question.budget, problems=4095 * BATCH))
    assert planned(smaller, "loss@10:1e-4", (1e-3, 9e-5))[1] == [(2**31, 64), (0, 4095)]


def test_pilots_that_measure_no_exponent_grow_until_all_is_drawn(composed, planned):
    question = asked(composed | {"budget": composed["budget"] | {"problems": 2**13 * BATCH}})
    of = lambda pairs: answer(1.0, verdicts=exponents(*pairs))  # noqa: E731
    none = (None, None)
    reached, seen = planned(question, "exponent:0.1", ([none], [], [none, (0.09, 0.35)]), of=of)
    assert seen == [(2**31, 64), (2**31, 512), (0, 2**13)]
    assert reached.met and reached.stderr == 0.09


def test_the_least_precise_exponent_decides_and_its_error_falls_more_slowly_than_that_of_a_mean(composed, planned):
    """Draws^(-1 / (2 + beta / 2)): 64 x (1.15 x 1.5)^(2.175), and the other exponent needs less."""
    of = lambda pairs: answer(1.0, verdicts=exponents(*pairs))  # noqa: E731
    runs = ([(0.015, 0.35), (0.01, 3.0)], [(0.011, 0.35), (0.001, 3.0)], [(0.001, 0.35), (0.009, 3.0)])
    reached, seen = planned(asked(composed), "exponent:0.01", runs, of=of)
    batches = int(np.ceil(64 * 1.725**2.175))
    assert seen == [(2**31, 64), (0, batches), (0, int(np.ceil(1.5 * batches)))]
    assert reached.stderr == 0.009


def test_learners_are_planned_one_by_one(composed, planned):
    """1024 x 1.15^2 = 1354.2 learners, and half as many more."""
    chosen = {"experiments": ["learning_curve"], "memory": {"name": "block_chain", "depth": 1}}
    [(_, question)] = door.questions(copy.deepcopy(composed) | chosen)
    of = lambda stderr: answer(stderr, "error", np.nan, [10.0])  # noqa: E731
    reached, seen = planned(question, "loss@10:1e-3", (1e-3, 1.1e-3, 1e-3), "learning_curve", of)
    assert seen == [(2**31, 1024), (0, 1355), (0, 2033)]
    assert (reached.drawn, reached.limit, reached.met) == (2033, question.learners, True)


def test_the_loss_is_read_at_the_point_that_is_nearest_on_a_logarithmic_axis():
    errors = lambda text, own: adaptive._errors("coverage", own, adaptive.read(text))  # noqa: E731
    own = answer([1e-3, 2e-3, 3e-3], attempts=[1, 10, 100])
    for at, stderr in ((1, 1e-3), (3, 1e-3), (3.3, 2e-3), (31, 2e-3), (32, 3e-3), (100, 3e-3)):
        assert errors(f"loss@{at}:1", own) == [(stderr, 2.0)]


def test_of_a_grid_the_loss_is_that_of_the_last_learner_and_of_a_curve_over_examples_that_over_examples():
    own = answer([1e-3, 2e-3, 3e-3, 4e-3], attempts=[1, 10, 1, 10], examples=[5, 5, 7, 7])
    assert adaptive._errors("joint", own, adaptive.read("loss@9:1")) == [(4e-3, 2.0)]
    assert adaptive._errors("joint", own, adaptive.read("loss@1:1")) == [(3e-3, 2.0)]
    own = answer([1e-3, 2e-3], "error", np.nan, [5.0, 50.0])
    assert adaptive._errors("learning_curve", own, adaptive.read("loss@40:1")) == [(2e-3, 2.0)]
    own.columns["quantity"][1] = "another"
    assert adaptive._errors("learning_curve", own, adaptive.read("loss@40:1")) == [(1e-3, 2.0)]


def test_a_loss_is_wanted_between_one_and_the_largest_number_of_the_grid(composed):
    question, until = asked(composed), lambda at: adaptive.read(f"loss@{at}:1")
    for at in (1, 1e6):
        adaptive.check(until(at), "coverage", question)
    for at in (0.99, 1000001):
        with pytest.raises(ValueError, match=r"need 1 <= attempts <= attempts\.max=1e\+06 in coverage, got "):
            adaptive.check(until(at), "coverage", question)
    adaptive.check(until(1e5), "learning_curve", question._replace(examples=np.array([1, 1e5]), tries=np.ones(1)))
    with pytest.raises(ValueError, match=r"need 1 <= examples <= examples\.max=10 in learning_curve"):
        adaptive.check(until(11), "learning_curve", question._replace(examples=np.array([1.0, 10])))


def test_what_is_wanted_is_read_from_its_text():
    assert adaptive.read(None) is None
    assert adaptive.read("exponent:0.001") == ("exponent:0.001", None, 0.001)
    assert adaptive.read("loss@1e4:1e-5") == ("loss@1e4:1e-5", 1e4, 1e-5)


@pytest.mark.slow
def test_the_stopping_rule_does_not_bias_the_exponent(composed):
    until, pulls = adaptive.read("exponent:0.00045"), []
    for seed in range(300):
        found, reached = adaptive.answer("coverage", asked(composed, seed), until, take)
        [verdict] = found.verdicts
        assert reached.met
        pulls.append((verdict.measured - verdict.predicted) / verdict.stderr)
    pulls, deviation = np.array(pulls), np.sqrt(63 / 61)  # Student's, of 64 jackknife groups

    def check(pulls):
        assert_mean(pulls.mean(), len(pulls), 0.0, deviation)
        for outside in (0.32, 0.1):
            assert_proportion(np.count_nonzero(np.abs(pulls) < stats.t.isf(outside / 2, 63)), len(pulls), 1 - outside)

    check(pulls)
    rejects(check, 1.5 * pulls)  # errors too small by a third
    rejects(check, pulls + 0.4)
