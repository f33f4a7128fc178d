"""budget.until: as much is drawn as a wanted standard error needs, which favours no result."""

import copy
import json

import numpy as np
import pytest
from checks import assert_mean, assert_proportion, rejects
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from scipy import stats

from sim.app import adaptive, door
from sim.app.configuration import CONF, VERSION_BASE
from sim.experiments import coverage
from sim.model import BATCH
from sim.steps import take

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


def test_a_pilot_shares_no_batch_with_the_run_and_a_plan_that_was_not_enough_goes_on(composed):
    question, seen, errors = asked(composed), [], iter((1e-3, 3e-3, 1.1e-3, 0.9e-3))

    def run(own):
        seen.append((own.budget.first, own.budget.batches))
        rows = {"quantity": "failure", "attempts": 10.0, "examples": np.nan, "stderr": next(errors)}
        return coverage.Answer({name: np.array([value]) for name, value in rows.items()}, [], 0, 0.0)

    _, reached = adaptive.answer("coverage", run, question, adaptive.read("loss@10:1e-3"))
    assert seen == [(2**31, 64), (0, 85), (0, 128), (0, 192)]
    assert (reached.met, reached.drawn, reached.stderr) == (True, 192 * BATCH, 0.9e-3)


@pytest.mark.slow
def test_the_stopping_rule_does_not_bias_the_exponent(composed):
    until, pulls = adaptive.read("exponent:0.00045"), []
    for seed in range(300):
        question = asked(composed, seed)._replace(take=take)
        found, reached = adaptive.answer("coverage", coverage.run, question, until)
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
