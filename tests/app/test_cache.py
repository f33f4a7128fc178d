"""Compiled programs are kept between runs where the user wants them, and no result depends on it."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sim.app.host import cache

ROOT = Path(__file__).resolve().parents[2]
COVERAGE = ["experiment=coverage", "budget=smoke", "budget.devices=1", "attempts.points=2"]
SETTINGS = "print(f'{jax.config.jax_compilation_cache_dir} {jax.config.jax_persistent_cache_min_compile_time_secs:g}')"


@pytest.fixture
def python(tmp_path):
    """Run Python in a process of its own, at home in tmp_path, with nothing said of caches but `variables`."""
    told = {name: value for name, value in os.environ.items() if "CACHE" not in name and name != "TF_CPP_MIN_LOG_LEVEL"}
    home = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def call(*arguments, **variables):
        env = told | home | variables
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return call


def settings(python, before="", **variables):
    """Folder and threshold of JAX's cache after `start`, and what was said on the way; before: code run first."""
    code = f"from sim.app.host import cache\n{before}\ncache.start()\ncache.start()\nimport jax\n{SETTINGS}"
    done = python("-c", code, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


def run_coverage(python, output, **variables):
    """table.csv of a small run, and what it said on stderr."""
    done = python("-m", "sim", "run", *COVERAGE, f"output={output}", **variables)
    assert done.returncode == 0, done.stderr
    [table] = Path(output).glob("*/coverage/table.csv")
    return table.read_bytes(), done.stderr


def test_the_second_run_compiles_nothing_and_says_nothing_and_no_table_knows(python, tmp_path):
    kept = tmp_path / "kept"
    first, said_first = run_coverage(python, tmp_path / "1", SIM_COMPILATION_CACHE=str(kept))
    written = {path: path.stat().st_mtime_ns for path in kept.glob("*-cache")}
    second, said_second = run_coverage(python, tmp_path / "2", SIM_COMPILATION_CACHE=str(kept))
    without, said_without = run_coverage(python, tmp_path / "3", SIM_COMPILATION_CACHE="off")
    assert any("failures" in path.name for path in written)
    assert {path: path.stat().st_mtime_ns for path in kept.glob("*-cache")} == written
    assert first == second == without
    assert said_first == said_second == said_without == ""


def test_a_damaged_program_is_compiled_again_without_a_word(python, tmp_path):
    add = "from sim.app.host import cache; cache.start(); import jax; print(jax.jit(lambda x: x + 1)(2.0))"
    for _ in range(2):
        done = python("-c", add, SIM_COMPILATION_CACHE=str(tmp_path))
        assert (done.stdout, done.stderr) == ("3.0\n", "")
        [kept] = tmp_path.glob("*lambda*-cache")
        kept.write_bytes(kept.read_bytes()[:100])


@pytest.mark.seldom(1)
@pytest.mark.skipif(sys.platform != "linux", reason="folders of Linux")
@pytest.mark.parametrize("switch", [{}, {"SIM_COMPILATION_CACHE": "on"}, {"SIM_COMPILATION_CACHE": ""}])
def test_programs_are_kept_in_the_users_cache_folder(python, tmp_path, switch):
    home, elsewhere = tmp_path / ".cache/sim/jax", tmp_path / "xdg/sim/jax"
    assert settings(python, **switch) == ([str(home), "0"], "")
    assert home.stat().st_mode & 0o777 == 0o700
    assert settings(python, XDG_CACHE_HOME=str(tmp_path / "xdg"), **switch) == ([str(elsewhere), "0"], "")
    assert elsewhere.is_dir()


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    "variables",
    [
        {"SIM_COMPILATION_CACHE": "off"},
        {"SIM_COMPILATION_CACHE": "OFF"},
        {"SIM_COMPILATION_CACHE": "0"},
        {"JAX_ENABLE_COMPILATION_CACHE": "false"},
    ],
)
def test_the_cache_can_be_switched_off(python, tmp_path, variables):
    (folder, _), said = settings(python, **variables)
    assert (folder, said) == ("None", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.seldom(0)
def test_what_the_user_told_jax_stands(python, tmp_path):
    mine = str(tmp_path / "mine")
    told = {"JAX_COMPILATION_CACHE_DIR": mine, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "7"}
    for switch in ({}, {"SIM_COMPILATION_CACHE": str(tmp_path / "other")}):
        assert settings(python, **told, **switch) == ([mine, "7"], "")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_used_costs_one_line_and_not_the_run(python, tmp_path):
    (tmp_path / "file").write_text("")
    inside = str(tmp_path / "file" / "folder")
    (folder, _), said = settings(python, SIM_COMPILATION_CACHE=inside)
    assert folder == "None"
    assert said.startswith("sim run: compiled programs are not kept: ") and inside in said
    assert said.count("\n") == 1
    _, said_by_run = run_coverage(python, tmp_path / "1", SIM_COMPILATION_CACHE=inside)
    assert said_by_run == said


def test_a_folder_that_may_only_be_read_is_not_used(python, tmp_path):
    as_anyone = "import os\nos.access = lambda path, mode: False"  # modes do not bind an administrator
    (folder, _), said = settings(python, as_anyone, SIM_COMPILATION_CACHE=str(tmp_path))
    assert folder == "None"
    assert "Permission denied" in said and str(tmp_path) in said


def test_a_mac_whose_compiler_may_not_load_what_it_wrote_has_a_cache_only_when_asked(python, tmp_path):
    as_mac = "import jax, sys\nsys.platform, cache.version = 'darwin', lambda package: '0.9.0.1'"
    assert settings(python, as_mac)[0][0] == "None"
    assert not list(tmp_path.iterdir())
    assert settings(python, as_mac, SIM_COMPILATION_CACHE="on")[0][0] == str(tmp_path / "Library/Caches/sim/jax")


def test_the_programs_not_used_for_longest_make_room(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "_LARGEST", 250)
    for i, name in enumerate(["old", "older", "new"]):
        path = tmp_path / f"{name}-cache"
        path.write_bytes(bytes(100))
        os.utime(path, (1000 * (i + 1) - 2000 * (name == "older"), 5000))  # last used, last written
    (tmp_path / "notes").write_bytes(bytes(1000))
    cache._prune(tmp_path, "*-cache")
    assert {path.name for path in tmp_path.iterdir()} == {"new-cache", "old-cache", "notes"}


@pytest.mark.seldom(0)
@pytest.mark.skipif(not version("jaxlib").startswith(cache._EARLY), reason="later releases report nothing")
def test_what_the_user_told_the_compilers_log_stands(python):
    say = "import atexit, os, sys\natexit.register(lambda: print(os.environ['TF_CPP_MIN_LOG_LEVEL'], file=sys.stderr))"
    said = [settings(python, say, **told)[1] for told in ({}, {"TF_CPP_MIN_LOG_LEVEL": "1"}, {cache.SWITCH: "off"})]
    assert said == ["3\n", "1\n", "1\n"]  # 1 is JAX's own
