"""python -m sim design: what it says, what it writes, and what it refuses in one sentence."""

import csv
import json

import jax
import numpy as np
import pytest

from sim.app.reports import design

pytestmark = pytest.mark.usefixtures("remembered")

SMALL = ("pilots=60", "grid.problems=[20,40]", "grid.attempts=[10,30]", "target.k=100")


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    jax.local_devices()  # those of conftest.py

    def call(*arguments):
        code = design.main(list(arguments))
        return code, *capsys.readouterr()

    return call


def test_the_sentence_comes_first_and_all_files_are_written(command, tmp_path):
    code, out, err = command(*SMALL, "output=found", "target.error=0.12")
    assert (code, err) == (0, "")
    first, second, third, last = out.splitlines()
    assert first.startswith("A pilot of ") and " attempts each (" in first
    assert "estimates pass@100 to within ±0.12 (standard error, simulated 0." in first and "can do better than" in first
    assert "fewest successes" in second and "Beta(5, 0.35)" in third and last == "written: found/report.html"
    names = {path.name for path in (tmp_path / "found").iterdir()}
    drawn = {f"{name}.{suffix}" for name in ("map", "line") for suffix in ("png", "pdf", "svg")}
    assert names == {"table.csv", "verdict.json", "manifest.json", "report.html"} | drawn
    report = (tmp_path / "found" / "report.html").read_text(encoding="utf-8")
    assert first in report.replace("&#x27;", "'") and '<html lang="en">' in report
    rows = list(csv.DictReader((tmp_path / "found" / "table.csv").read_text().splitlines()))
    assert all(float(row["stderr"]) > 0 for row in rows)
    assert {row["allocation"] for row in rows} == {"uniform", "adaptive"}
    verdict = json.loads((tmp_path / "found" / "verdict.json").read_text())
    assert verdict["verdict"] == "reached" and verdict["chosen"]["error"] < 0.12


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("target.error=0.001",), "A standard error of 0.001 on pass@100 cannot be reached by a pilot of the sizes"),
        (
            ("target=exponent", "target.error=0.001", "budget=900"),
            "A standard error of 0.001 on the exponent beta cannot be reached by a pilot of at most 900 attempts",
        ),
        (("target=decision", "target.error=1e-8"), "An expected regret of 1e-08 a problem cannot be reached"),
    ],
    ids=["coverage", "exponent", "decision"],
)
def test_what_cannot_be_reached_is_said_with_the_best_there_is(command, arguments, words):
    code, out, err = command(*SMALL, *arguments, "figure=false", "output=found")
    assert (code, err) == (0, "")
    first = out.splitlines()[0]
    assert first.startswith(words) and "the best one, " in first and " ± " in first


@pytest.mark.seldom(0)
def test_the_report_is_japanese_where_asked_for(command, tmp_path):
    code, out, _ = command(*SMALL, "report.language=ja", "target=decision", "figure=false", "output=found")
    assert code == 0 and "パイロット" in out.splitlines()[0]
    report = (tmp_path / "found" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ja">' in report and "フィッシャー" in report


@pytest.mark.seldom(0)
def test_a_first_pilot_takes_the_place_of_the_difficulty(command, tmp_path):
    rng = np.random.default_rng(0)
    successes = rng.binomial(100, rng.beta(0.35, 5.0, 300))
    lines = [f"p{i},100,{c}" for i, c in enumerate(successes)]
    (tmp_path / "first.csv").write_text("problem,attempts,successes\n" + "\n".join(lines) + "\n")
    code, out, err = command("pilot=first.csv", *SMALL, "figure=false", "output=found")
    assert (code, err) == (0, "")
    assert "by maximum likelihood from first.csv" in out
    from sim.judging import fits

    fit = fits.beta_binomial(np.full(300, 100.0), successes.astype(float))
    told = json.loads((tmp_path / "found" / "manifest.json").read_text())["truth"]
    assert [told["alpha"], told["beta"]] == pytest.approx([fit.alpha, fit.beta], rel=1e-6)


@pytest.mark.seldom(0)
def test_the_same_seed_gives_the_same_table_and_another_one_another(command, tmp_path):
    tables = []
    for seed in (0, 0, 1):
        assert (
            command(
                *SMALL[:1], "grid.problems=[20]", "grid.attempts=[10]", f"seed={seed}", "figure=false", "output=found"
            )[0]
            == 0
        )
        tables.append((tmp_path / "found" / "table.csv").read_text())
    assert tables[0] == tables[1] != tables[2]


REFUSED = [
    (("target=speed",), "target: need coverage, exponent or decision, got 'speed'"),
    (("target.k=0",), "target.k: need a whole number from 1 to 1e+12, got 0"),
    (("target.k=1.5",), "target.k: need a whole number from 1 to 1e+12, got 1.5"),
    (("target.error=0",), "target.error: need a number from 1e-09 to 1e+09, got 0"),
    (("target.error=small",), "target.error: need a number from 1e-09 to 1e+09, got 'small'"),
    (("difficulty.alpha=-1",), "difficulty.alpha: need a number from 0.001 to 10000, got -1"),
    (("difficulty.beta=0",), "difficulty.beta: need a number from 0.001 to 10000, got 0"),
    (("difficulty.ceiling=1.1",), "difficulty.ceiling: need a number from 0.001 to 1, got 1.1"),
    (("cost.price=0",), "cost.price: need a number from 1e-12 to 1e+12, got 0"),
    (("grid.problems=[1,20]",), "grid.problems: need whole numbers from 2 to 10000, ascending, got [1, 20]"),
    (("grid.problems=[40,20]",), "grid.problems: need whole numbers from 2 to 10000, ascending, got [40, 20]"),
    (("grid.attempts=[]",), "grid.attempts: need whole numbers from 2 to 1000000, ascending, got []"),
    (("grid.attempts=many",), "grid.attempts: need whole numbers from 2 to 1000000, ascending, got ['many']"),
    (
        ("grid.problems=[10000]", "grid.attempts=[2000]"),
        "grid: need at most 10,000,000 attempts in a pilot, got 10000 problems x 2000",
    ),
    (("budget=3",), "budget.attempts: need a whole number from 4 to 1e+07, got 3"),
    (("budget=50",), "budget.attempts: need at least two attempts at each of 30 problems, got 50"),
    (("pilots=9",), "pilots: need a whole number from 10 to 100000, got 9"),
    (("seed=x",), "seed: need a whole number from -4.61169e+18 to 4.61169e+18, got 'x'"),
    (("report.language=fr",), "report.language: need en or ja, got 'fr'"),
    (("figure=maybe",), "figure: need true or false, got 'maybe'"),
    (("grid=5",), "grid: need a value for one of its keys (problems, attempts), got '5'"),
    (("difficulty=3",), "difficulty: need a value for one of its keys (alpha, beta, ceiling), got '3'"),
    (("--fast",), "--fast: no such option; need KEY=VALUE (python -m sim design --help)"),
    (("tagret=coverage",), "tagret: no such key; `python -m sim design --help` lists them"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=[" ".join(arguments) for arguments, _ in REFUSED])
def test_bad_input_is_one_sentence_and_exit_code_2(command, tmp_path, arguments, sentence):
    code, out, err = command(*arguments)
    assert (code, out, err) == (2, "", f"sim design: {sentence}\n")
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,10,0\nb,10,0\nc,10,0\n", "first.csv: need problems of different difficulty, got a pilot that shows none"),
        ("a,10,3\nb,10,3\nc,10,3\n", "first.csv: need problems of different difficulty, got a pilot that shows none"),
        ("a,10,11\n", "first.csv"),
    ],
)
def test_a_first_pilot_that_tells_nothing_is_refused(command, tmp_path, rows, words):
    (tmp_path / "first.csv").write_text("problem,attempts,successes\n" + rows)
    code, out, err = command("pilot=first.csv", *SMALL)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1


def test_help_shows_every_key(command):
    code, out, _ = command("--help")
    assert code == 0
    for key in ("difficulty:", "target:", "grid:", "budget:", "pilots: 400", "price:", "language: en"):
        assert key in out
