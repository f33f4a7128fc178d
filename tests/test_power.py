"""What a verdict is worth, over many seeds: the true law is refuted hardly ever, a law 2 % off always."""

import json
import sys

import jax
import pytest

from sim import __main__ as command_line
from sim.app import run

SEEDS = 200
TRUE_AND_WRONG = {
    "learning_curve": "law.exponent=2.0408",  # 1 - 1/s = 0.51 for 0.5
    "coverage": "law.beta=0.357",
    "joint": "law.beta=0.357",
}


def verdicts(monkeypatch, tmp_path, *arguments):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "_draw", lambda target: None)
    jax.local_devices()
    monkeypatch.setattr(sys, "argv", ["sim", "run", *arguments])
    assert command_line.main() == 0
    [path] = tmp_path.glob("outputs/**/verdict.json")
    words = [entry["verdict"] for entry in json.loads(path.read_text())]
    for used in path.parent.parent.rglob("*"):
        if used.is_file():
            used.unlink()
    return words


@pytest.mark.slow
@pytest.mark.parametrize("experiment", TRUE_AND_WRONG)
def test_over_200_seeds_the_true_law_is_refuted_at_most_once(experiment, monkeypatch, tmp_path):
    refuted = 0
    for seed in range(SEEDS):
        words = verdicts(
            monkeypatch, tmp_path, f"experiment={experiment}", f"seed={seed}", "budget.problems=8e6", "budget.devices=2"
        )
        refuted += "refuted" in words
    assert refuted <= 1


@pytest.mark.slow
@pytest.mark.parametrize("experiment", TRUE_AND_WRONG)
def test_over_20_seeds_a_law_two_percent_off_is_refuted_every_time(experiment, monkeypatch, tmp_path):
    for seed in range(20):
        wrong = TRUE_AND_WRONG[experiment]
        words = verdicts(
            monkeypatch,
            tmp_path,
            f"experiment={experiment}",
            wrong,
            f"seed={seed}",
            "budget.problems=8e6",
            "budget.devices=2",
        )
        assert "refuted" in words
