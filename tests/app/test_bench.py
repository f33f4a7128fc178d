"""python -m sim bench: its arguments, its table, its files. Nothing is timed here."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from sim.app.commands import bench
from sim.bench import gpu, machine
from sim.bench.measure import Measured
from sim.bench.rows import NAMES, REPEATS, ROWS
from sim.bench.timing import Ratio

ROOT = Path(__file__).resolve().parents[2]
WORDS, GROWTH, SCIPY = (ROWS[NAMES.index(name)] for name in ("words_numpy", "first_growth", "zipf2_scipy"))
GOOD = Measured(WORDS, Ratio(0.4, 2.4, 6.0, (5.5, 6.5)))
MISSED = Measured(GROWTH, Ratio(1.0, 1.3, 1.3, (1.2, 1.4)))
INFORMS = Measured(SCIPY, Ratio(1.5, 4.5e4, 3e4, (2.9e4, 3.1e4)))
ABSENT = Measured(WORDS, reason="torch is not installed")
WRONG = Measured(WORDS, reason="mean 3 against 2", wrong=True)


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )


# Arguments ----------------------------------------------------------------------------------------------------------


def test_without_arguments_all_rows_are_measured_on_the_cpu():
    assert bench.read([]) == (NAMES, REPEATS, "cpu")


def test_rows_are_measured_in_the_order_of_the_table():
    assert bench.read(["rows=beta_jax,words_numpy", "repeats=3"]) == (("words_numpy", "beta_jax"), 3, "cpu")


@pytest.mark.parametrize("arguments", [["device=gpu"], ["--device", "gpu"], ["--device=gpu"]])
def test_the_device_is_spelled_as_a_key_or_as_an_option(arguments):
    assert bench.read(arguments).device == "gpu"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rows"], "rows: need KEY=VALUE with a key of rows, repeats, device"),
        (["speed=1"], "speed=1: need KEY=VALUE"),
        (["--fast"], "--fast: need KEY=VALUE"),
        (["--rows=words_numpy"], "--rows=words_numpy: need KEY=VALUE"),
        (["rows=words"], "rows: need names among words_numpy, "),
        (["rows="], "rows: need at least one name"),
        (["repeats=0"], "repeats: need a whole number from 1 to 1000, got '0'"),
        (["repeats=many"], "repeats: need a whole number"),
        (["repeats=²"], "repeats: need a whole number"),
        (["device=tpu"], "device: need cpu or gpu, got 'tpu'"),
        (["--device"], "device: need cpu or gpu, got ''"),
        (["device=gpu", "rows=words_numpy"], "rows: need device=cpu"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(arguments, sentence, capsys):
    assert bench.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"sim bench: {sentence}")
    assert said.err.count("\n") == 1


def test_help_names_every_row_and_loads_nothing():
    done = run(
        "import sys\nfrom sim.app.commands import bench\nbench.main(['--help'])\n"
        "print({'jax', 'numpy'} & set(sys.modules))"
    )
    assert done.stdout.endswith("set()\n")
    assert all(f"  {name} " in done.stdout for name in NAMES)


def test_without_a_gpu_the_gpu_is_refused_in_one_sentence(tmp_path):
    code = f"import os, sys; os.chdir({str(tmp_path)!r})\n"
    code += "from sim.app.commands.bench import main; sys.exit(main(['device=gpu']))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        env={"JAX_PLATFORMS": "cpu", "PATH": ""},
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "sim bench: device=gpu: JAX finds no GPU on this machine\n"
    assert list(tmp_path.iterdir()) == []


# Table --------------------------------------------------------------------------------------------------------------


def test_a_row_tells_value_bar_and_verdict():
    assert bench.line(GOOD).split()[:7] == ["words_numpy", "6", ">=", "4.5", "holds", "0.4", "2.4"]
    assert bench.line(MISSED).split()[:5] == ["first_growth", "1.3", "<=", "1.1", "MISSED"]
    assert bench.line(INFORMS).split()[:2] == ["zipf2_scipy", "3e+04"]


def test_a_row_that_is_absent_or_wrong_says_why():
    assert bench.line(ABSENT).endswith(f"{WORDS.what}: torch is not installed")
    assert "WRONG" in bench.line(WRONG)
    assert bench.line(WRONG).endswith(": mean 3 against 2")


def test_lines_stand_below_their_headings():
    heading = bench.COLUMNS.index("what")
    assert all(bench.line(measured).index(measured.row.what) == heading for measured in (GOOD, MISSED, INFORMS, ABSENT))


def test_a_figure_of_a_gpu_tells_what_is_known():
    known = gpu.Figure("words", "random words", 4e11, 0.52, 150.0)
    assert bench.gpu_line(known).split()[:4] == ["words", "4e+11", "0.52", "150"]
    assert bench.gpu_line(known).index("random words") == bench.GPU_COLUMNS.index("what")
    assert bench.gpu_line(gpu.Figure("words", "random words", reason="broken")).endswith("random words: broken")


def test_the_summary_counts_bars_and_names_what_missed():
    assert bench.summary([GOOD, MISSED, INFORMS]) == ["  1 of 2 bars hold", "  missed: first_growth"]
    assert bench.summary([GOOD, ABSENT]) == ["  1 of 1 bars hold", "  not measured: words_numpy"]
    assert bench.summary([WRONG]) == ["  0 of 1 bars hold", "  missed: words_numpy"]


def test_a_missing_peer_is_named(monkeypatch):
    monkeypatch.setattr(machine, "version", lambda package: _missing(package) if package == "torch" else "1.0")
    lines = bench.heading()
    assert "  not installed: torch" in lines
    assert any("numba 1.0" in line for line in lines)


def _missing(package):
    raise machine.PackageNotFoundError(package)


# Files --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Runs the command with rows that are measured already; exit code and what it wrote."""

    def run(done, *arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(machine, "pin", lambda: None)
        monkeypatch.setattr(bench, "_start_jax", lambda platforms: None)
        monkeypatch.setattr("sim.bench.measure.measure", lambda rows, repeats, cores: done)
        code = bench.main(list(arguments))
        [where] = tmp_path.glob("outputs/bench_*")
        return code, *(json.loads((where / name).read_text()) for name in ("bench.json", "manifest.json"))

    return run


def test_the_table_is_written_with_what_it_was_measured_on(measured):
    code, rows, manifest = measured([GOOD, MISSED, INFORMS, ABSENT], "repeats=5")
    assert code == 0
    assert [(row["row"], row["value"], row["bar"], row["holds"]) for row in rows] == [
        ("words_numpy", 6.0, 4.5, True),
        ("first_growth", 1.3, 1.1, False),
        ("zipf2_scipy", 3e4, None, None),
        ("words_numpy", None, 4.5, None),
    ]
    assert rows[0]["quartiles"] == [5.5, 6.5]
    assert rows[3]["reason"] == "torch is not installed"
    assert {"processor", "cores", "system", "versions", "repeats", "device"} == set(manifest)
    assert {"sim", "python", "jax", "numpy", "scipy", "numba", "torch"} <= set(manifest["versions"])


def test_a_wrong_result_ends_with_exit_code_one(measured):
    code, rows, _ = measured([GOOD, WRONG])
    assert code == 1
    assert rows[1]["holds"] is False


def test_the_figures_of_a_gpu_are_written_with_its_name(measured, monkeypatch, capsys):
    figures = [gpu.Figure("words", "random words", 4e11, 0.5, 150.0), gpu.Figure("beta", "problems", reason="broken")]
    monkeypatch.setattr(gpu, "first", lambda: SimpleNamespace(device_kind="Imaginary 9000"))
    monkeypatch.setattr(gpu, "figures", lambda device, repeats: figures)
    monkeypatch.setattr(gpu, "learner_figures", lambda device, repeats: [])
    code, rows, manifest = measured([], "--device", "gpu")
    assert code == 1
    assert [(row["row"], row["rate"], row["reason"]) for row in rows] == [
        ("words", 4e11, None),
        ("beta", None, "broken"),
    ]
    assert (manifest["device"], manifest["gpu"]) == ("gpu", "Imaginary 9000")
    assert "Imaginary 9000" in capsys.readouterr().out


def test_an_interrupted_run_says_so(measured, monkeypatch, capsys):
    def interrupted(rows, repeats, cores):
        raise KeyboardInterrupt

    monkeypatch.setattr(machine, "pin", lambda: None)
    monkeypatch.setattr(bench, "_start_jax", lambda platforms: None)
    monkeypatch.setattr("sim.bench.measure.measure", interrupted)
    assert bench.main([]) == 130
    assert capsys.readouterr().err == "sim bench: interrupted; nothing was written\n"


def test_a_row_measured_for_once(tmp_path):
    """The whole command, in a process of its own, since it keeps its process on one core."""
    script = ROOT / "scripts" / "benchmark.py"
    command = [sys.executable, "-W", "error", script, "rows=words_numpy", "repeats=1"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    [where] = tmp_path.glob("outputs/bench_*")
    [row] = json.loads((where / "bench.json").read_text())
    assert row["value"] > 0
    assert str(where.relative_to(tmp_path)) in done.stdout


def test_the_table_is_told_in_markdown_by_what_each_row_must_reach(measured, tmp_path):
    measured([GOOD, MISSED, INFORMS, ABSENT])
    [where] = tmp_path.glob("outputs/bench_*")
    assert (where / "bench.md").read_text().splitlines() == [
        "| what | ratio | bar | |",
        "| --- | ---: | ---: | --- |",
        f"| {GOOD.row.what} | 6 | at least 4.5 | holds |",
        f"| {MISSED.row.what} | 1.3 | at most 1.1 | missed |",
        f"| {INFORMS.row.what} | 3e+04 |  |  |",
        f"| {ABSENT.row.what} | not measured | at least 4.5 |  |",
    ]


def test_a_row_of_the_file_tells_nanoseconds_of_either_side():
    found = bench.entry(GOOD)
    assert (found["nanoseconds"], found["peer_nanoseconds"]) == (GOOD.ratio.ours, GOOD.ratio.peer)
    assert (found["rule"], bench.entry(MISSED)["rule"]) == ("at least", "at most")
    assert bench.entry(ABSENT)["nanoseconds"] is None
