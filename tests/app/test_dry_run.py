"""Dry runs from the command line: what a run would take, and nothing left behind."""

import re
import time

import pytest

SMOKE = ["budget=smoke", "budget.devices=2"]
PAPER = ["learning_curve", "coverage", "joint", "replay"]
TOLD = re.compile(
    r"  [\d,]+ (problems|learners) in [\d,]+ batches: \S+ random numbers\n"
    r"  [\d.]+ [KM]?i?B on each device, of [\d.]+ [MG]iB allowed; [\d.]+ [KMG]?i?B on the host\n"
    r"  about [\d.]+ \w+: [\d.]+ s to compile and [\d.]+ (s|minutes|hours|days) to draw[^\n]*, on 2 x cpu \(cpu\)\n"
)


def test_a_dry_run_says_what_every_experiment_would_take_and_leaves_nothing(sim, tmp_path):
    code, out, err = sim("run", "dry=true", *SMOKE)
    assert (code, err) == (0, "")
    assert [found.group(1) for found in TOLD.finditer(out)] == ["learners", *3 * ["problems"]]
    assert all(f"{name}: " in out for name in PAPER)
    assert "524,288 problems in 32 batches" in out and "2,048 learners in 16 batches" in out
    assert not list((tmp_path / "outputs").glob("*"))


def test_a_dry_sweep_says_so_of_every_point_and_leaves_nothing(sim, tmp_path):
    code, out, err = sim("run", "-m", "experiment=coverage", "difficulty.alpha=2,5,-1", "dry=true", *SMOKE)
    assert (code, err.count("\n")) == (2, 1)
    assert len(TOLD.findall(out)) == 2
    assert "sweep:" not in out
    assert not list((tmp_path / "outputs").glob("*"))


HUGE = {  # arguments -> what is timed in place of the whole
    "experiment=learning_curve memory=direct examples.max=1e9": r"timed on [\d,]+ of 1,000,000,000 examples",
    "experiment=learning_curve memory=feature_arrivals features.size=1e9": r"timed on [\d,]+ of 1,000,000,000 features",
    "experiment=learning_curve memory=jump_chain features.size=4e6": r"timed on 1,048,576 of 4,000,000 features",
    "experiment=coverage attempts=bernoulli attempts.max=1e6": r"timed on [\d,]+ of 1,000,000 attempts",
    "experiment=learning_curve memory=training_set examples.max=1e9": r"timed on [\d,]+ of 1,000,000,000 examples",
}


TIMED_LONGER = [name for name in HUGE if any(word in name for word in ("training_set", "jump_chain", "feature_arr"))]


@pytest.mark.seldom(0)
@pytest.mark.parametrize(
    "arguments", [pytest.param(one, marks=pytest.mark.slow) if one in TIMED_LONGER else one for one in HUGE]
)
def test_a_dry_run_is_short_however_long_the_run(sim, tmp_path, arguments):
    began = time.monotonic()
    code, out, err = sim("run", "dry=true", "budget=paper", "budget.devices=2", "budget.memory=0.9", *arguments.split())
    assert (code, err) == (0, "")
    assert time.monotonic() - began < 60  # 2 to 8 s where nothing else runs
    [told] = TOLD.finditer(out)
    assert re.search(HUGE[arguments], told.group(0))
    assert told.group(2) in ("hours", "days")


def test_a_dry_run_of_what_does_not_fit_is_refused_as_the_run_would_be(sim, tmp_path):
    code, _, err = sim("run", "dry=true", "experiment=joint", "budget.memory=1e-9", *SMOKE)
    assert code == 2
    assert err.startswith("sim run: joint: budget.memory: need ") and err.count("\n") == 1
    assert not list((tmp_path / "outputs").glob("*"))
