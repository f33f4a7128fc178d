"""The README tells the truth: its commands are accepted, its numbers are those of the committed reference run."""

import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app import door
from sim.app.commands import bench
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.runs import terminal
from sim.records import folder

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "outputs/reference"
PAPER = "learning_curve", "coverage", "joint", "replay"
COMMANDS = re.findall(r"^(?:python|.*&& .venv/bin/python) -m sim run(.*?)(?: #.*)?$", README, re.M)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_every_command_of_the_readme_is_accepted(arguments, tmp_path):
    table = tmp_path / "counts.csv"
    table.write_text("problem_id,attempts,successes\na,10,1\nb,10,5\n")
    words = [word for word in shlex.split(arguments) if not word.startswith("-")]
    first = [word.split(",")[0].replace("counts.csv", str(table)) for word in words]  # of a sweep, its first point
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        config = OmegaConf.to_container(compose("run", first, return_hydra_config=False), resolve=True)
    assert door.questions(config)


def test_the_readme_has_commands_to_test():
    assert len(COMMANDS) >= 10


def test_the_verdicts_in_the_readme_are_those_of_the_reference_run():
    runs = [(name, folder.read_run(REFERENCE / "default" / name)) for name in PAPER]
    entries = [(name, SimpleNamespace(**entry)) for name, run in runs for entry in run.verdicts]
    assert "\n".join(terminal.summary_lines(entries)).strip("\n") in README
    assert [run.manifest["seed"] for _, run in runs] == [0] * len(runs)


def test_the_verdicts_on_trained_models_are_those_of_the_run_in_the_gallery():
    run = folder.read_run(REFERENCE / "gallery/generative")
    lines = [
        line
        for entry in run.verdicts
        for line in terminal.verdict_lines(SimpleNamespace(beyond=False, **entry), "attempts")
    ]
    assert "\n".join(lines) in README
    assert [entry["verdict"] for entry in run.verdicts].count("refuted") == 4


def test_every_file_the_readme_names_is_there():
    links = [target for target in re.findall(r"\]\(([^)]+)\)", README) if not target.startswith("http")]
    assert links
    for target in links:
        assert (ROOT / target).is_file(), target


def test_the_sweep_shown_is_the_sweep_the_command_makes():
    summary = folder.read_summary(REFERENCE / "exponent_depth")
    assert len(summary["point"]) == 15
    assert {"features.exponent", "memory.depth"} <= set(summary)


def test_the_performance_table_is_that_of_a_committed_record():
    record = REFERENCE / "bench/epyc_2_cores"
    table = bench.markdown(json.loads((record / "bench.json").read_text(encoding="utf-8")))
    assert table == (record / "bench.md").read_text(encoding="utf-8")
    assert table in README


@pytest.mark.seldom(0)  # tests/test_tour.py runs the same calls
def test_the_lines_for_a_notebook_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    [block] = re.findall(r"```python\n(import sim\n.*?)```", README, re.DOTALL)
    names = {}
    exec(block, names)  # what the README says that a reader may type
    assert [one.verdict for one in names["sim"].judge(names["draws"]).verdicts] == ["confirmed"]
    assert names["decision"].attempts > 100
