"""A member of one's own: registered from outside the package, chosen and swept on the command line like any other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import model as axes
from sim.model.difficulty import Difficulty
from sim.model.spread import Uniform

ROOT = Path(__file__).resolve().parents[2]
MODULE = '''
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.model import register
from sim.model.difficulty import Difficulty


class Alike(NamedTuple):
    """The sampler: every problem has the same log success probability."""

    log_success: np.ndarray

    def at(self, stream, lanes):
        return self.log_success + 0.0 * lanes.astype(np.float32)


@dataclass(frozen=True)
class Equal(Difficulty):
    """The member: what is set, its sampler and its law."""

    chance: float

    law = "pass@k = 1 - (1 - s)^k"

    def check(self):
        if not 0 < self.chance < 1:
            raise ValueError(f"difficulty.chance: need 0 < chance < 1, got {self.chance}")

    def sampler(self):
        return Alike(np.float32(np.log(self.chance)))

    def failure(self, attempts):
        return (1 - self.chance) ** attempts


register("difficulty", "equal", Equal)
'''
COIN = '''
from dataclasses import dataclass

import numpy as np

from sim.model import register
from sim.model.features import Features
from sim.model.memory import Arrival
from sim.samplers.features import table


@dataclass(frozen=True)
class Coin(Features):
    """Two features; all laws follow from their masses."""

    common: float

    words = "2 features"

    def check(self):
        if not 0.5 <= self.common < 1:
            raise ValueError(f"features.common: need 0.5 <= common < 1, got {self.common}")

    def sampler(self):
        return table(self.table(None)[0])

    def table(self, examples):
        return np.array([self.common, 1 - self.common]), np.ones(2)


class Hasty(Arrival):
    """Forgets nothing, as Arrival; a member of one's own all the same."""


register("features", "coin", Coin)
register("memory", "hasty", Hasty)
'''


@pytest.fixture
def own(tmp_path):
    """Runs `python -m sim run` where a module and a YAML of one's own lie."""
    (tmp_path / "my_members.py").write_text(MODULE)
    (tmp_path / "my_coin.py").write_text(COIN)
    for name, text in (("broken", "1 / 0"), ("leaves", "raise SystemExit(7)"), ("wants", "import nowhere_at_all")):
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "conf" / "difficulty").mkdir(parents=True)
    for group, text in (("features", "name: coin\ncommon: 0.99\n"), ("memory", "name: hasty\ndepth: 2\n")):
        (tmp_path / "conf" / group).mkdir()
        (tmp_path / "conf" / group / f"{text.split()[1]}.yaml").write_text(text)
    (tmp_path / "conf" / "difficulty" / "equal.yaml").write_text("name: equal\nchance: 0.02\n")
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}

    def run(*arguments):
        command = [sys.executable, "-m", "sim", "run", "--config-dir", "conf", "experiment=coverage", "budget=smoke"]
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run


def verdicts(folder):
    return [entry for path in sorted(folder.glob("outputs/**/verdict.json")) for entry in json.loads(path.read_text())]


def test_a_member_of_one_s_own_is_simulated_confirmed_and_its_neighbour_refuted(own, tmp_path):
    done = own("plugins=[my_members]", "difficulty=equal", "attempts.max=300")
    assert (done.returncode, done.stderr) == (0, "")
    done = own("plugins=[my_members]", "difficulty=equal", "attempts.max=300", "+law.chance=0.021", "output=outputs/z")
    assert (done.returncode, done.stderr) == (0, "")
    own_law, neighbour = verdicts(tmp_path)
    assert own_law["law"] == "pass@k = 1 - (1 - s)^k, no power law"
    assert own_law["p_value"] > 1e-6
    assert neighbour["verdict"] == "refuted"


@pytest.mark.seldom(0)
def test_so_are_features_and_memory_of_one_s_own(own, tmp_path):
    more = "plugins=[my_coin]", "features=coin", "memory=hasty", "+examples={max: 3000, points: 15}"
    done = own(*more, "experiment=learning_curve")
    assert (done.returncode, done.stderr) == (0, "")
    done = own(*more, "experiment=learning_curve", "+law.common=0.9895", "output=outputs/z")
    assert (done.returncode, done.stderr) == (0, "")
    own_law, neighbour = verdicts(tmp_path)
    assert own_law["p_value"] > 1e-6
    assert neighbour["verdict"] == "refuted"


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plugins=[my_members]", "difficulty=equal", "difficulty.chance=2"],
         "difficulty.chance: need 0 < chance < 1, got 2.0"),
        (["difficulty=equal"], "difficulty.name: need one of beta, "),
        (["plugins=[my_membres]"], "plugins: need modules that Python can import (PYTHONPATH), got 'my_membres'"),
        (["plugins=['.my_members']"], "plugins: need names of modules such as my_members, got '.my_members'"),
        (["plugins=[broken]"], "plugins: broken cannot be imported (ZeroDivisionError: division by zero)"),
        (["plugins=[leaves]"], "plugins: leaves cannot be imported (SystemExit: 7)"),
        (["plugins=[wants]"], "plugins: wants needs a module that Python does not find, nowhere_at_all"),
        (["plugins=my_members"], "plugins: need a list of modules such as [my_members], got 'my_members'"),
        (["plugins=[my_members]", "difficulty=equal", "law.alpha=3"],
         "law.alpha: no law of the experiments coverage has it"),
    ],
)  # fmt: skip
def test_a_mistake_with_it_is_one_sentence(own, arguments, sentence):
    done = own(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"sim run: {sentence}") and done.stderr.count("\n") == 1


def test_a_name_is_registered_once_and_for_its_own_axis_only():
    with pytest.raises(ValueError, match="difficulty=beta: this member already exists"):
        axes.register("difficulty", "beta", Uniform)
    with pytest.raises(ValueError, match=r"mine: need a subclass of Features, .* or Verifier"):
        axes.register("dependence", "mine", Uniform)
    with pytest.raises(ValueError, match="mine: need a subclass"):
        axes.register("memory", "mine", Difficulty)
    with pytest.raises(ValueError, match="difficulty=mine: need a method sampler, Difficulty has none"):
        axes.register("difficulty", "mine", Difficulty)
    axes.register("difficulty", "uniform", Uniform)  # the same once more changes nothing


SILENT = MODULE.replace("    def failure(self", "    def unknown(self").replace('"equal"', '"silent"')
BESIDE = [
    *(f"experiment=coverage dependence={name}" for name in ("zipf", "markov", "sticky", "polya", "copula")),
    "experiment=coverage verifier=noisy",
    "experiment=coverage verifier=noisy dependence=sticky",
    "experiment=joint dependence=markov",
    "experiment=joint memory=guessing",
    "experiment=joint memory=multi_trace",
    "experiment=joint sampling=lattice",
]
TAKEN = "joint", "cost", "selection", "verification", "suite", "importance", "allocation"  # experiments of a difficulty


@pytest.fixture
def beside(sim, tmp_path, monkeypatch):
    """Runs `python -m sim run` in this process with the members equal and silent; forgets them in the end."""
    (tmp_path / "conf" / "difficulty").mkdir(parents=True)
    for name, text in (("equal", MODULE), ("silent", SILENT)):
        (tmp_path / "conf" / "difficulty" / f"{name}.yaml").write_text(f"name: {name}\nchance: 0.02\n")
        (tmp_path / f"of_{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    small = "budget=smoke", "budget.problems=262144", "budget.devices=2", "attempts.max=1e3", "examples.max=1e3"

    def run(member, asked):
        own = f"plugins=[of_{member}]", f"difficulty={member}"
        return sim("run", "--config-dir", "conf", *own, *small, "figure=false", *asked.split())

    yield run
    for name in ("equal", "silent"):
        axes.MEMBERS["difficulty"].pop(name, None)
        sys.modules.pop(f"of_{name}", None)


@pytest.mark.seldom(7)
@pytest.mark.parametrize("asked", [*BESIDE, *(f"experiment={name}" for name in TAKEN)])
def test_what_a_member_does_not_know_is_simulated_only(beside, asked):
    """equal knows its failure alone, silent nothing but its sampler; no law is confirmed or refuted without one."""
    for member in ("equal", "silent"):
        code, said, err = beside(member, asked)
        assert (code, err) == (0, "")
        assert "REFUTED" not in said
    if "importance" not in asked:  # whose features have laws of their own
        assert "simulation only: no closed form is known" in said
