"""python -m sim calibrate, as typed: what is said and written, what is refused, and what pilots at the edge give."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from sim.app.reports import calibrate
from tests.app import said

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture(autouse=True)
def remembered(monkeypatch):
    said.remember_posteriors(monkeypatch)


def run(capsys, *arguments):
    code = calibrate.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def write(path, rows, header="problem,attempts,successes"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")
    return path


def read(path):
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def counts(problems=60, attempts=100, seed=0):
    generator = np.random.default_rng(seed)
    return generator.binomial(attempts, generator.beta(0.35, 5.0, problems)).tolist()


@pytest.fixture
def pilot(tmp_path):
    return write(tmp_path / "pilot.csv", [(f"p{i}", 100, c) for i, c in enumerate(counts())])


def test_a_pilot_becomes_a_sentence_a_table_and_a_page(capsys, pilot, tmp_path):
    code, out, err = run(capsys, f"pilot={pilot}", f"output={tmp_path / 'out'}")
    assert (code, err) == (0, "")
    assert out.startswith("10,000 attempts a problem would solve about ")
    assert "The memorising model fits this pilot (p = " in out
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"report.html", "table.csv", "shares.csv", "verdict.json", "manifest.json", "figure.png"}
    table = read(tmp_path / "out" / "table.csv")
    assert (table[0]["attempts"], table[-1]["attempts"]) == ("1", "10000")
    (verdict,) = json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["these_problems"]["low90"] < verdict["pass_at_k"] < verdict["these_problems"]["high90"]
    assert verdict["verdict"] == "fits"
    for row in table:
        assert float(row["low90"]) <= float(row["low50"]) <= float(row["high50"]) <= float(row["high90"])
        assert float(row["low90"]) <= float(row["median"]) <= float(row["high90"])
        assert bool(row["observed"]) == (int(row["attempts"]) <= 100)


@pytest.mark.seldom(0)
def test_the_same_pilot_gives_the_same_bytes(capsys, pilot, tmp_path):
    for name in ("one", "two"):
        run(capsys, f"pilot={pilot}", f"output={tmp_path / name}", "figure=false")
        said.forget_posteriors()
    for name in ("table.csv", "verdict.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_report_in_japanese(capsys, pilot, tmp_path):
    code, out, _ = run(capsys, f"pilot={pilot}", f"output={tmp_path / 'out'}", "report.language=ja", "figure=false")
    assert code == 0 and "解ける見込みです" in out
    assert '<html lang="ja">' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_several_models_are_calibrated_apart_and_their_names_are_only_names(capsys, tmp_path):
    evil = "<script>alert(1)</script>"
    rows = [
        (model, f"p{i}", 50, c) for seed, model in enumerate((evil, "b")) for i, c in enumerate(counts(40, 50, seed))
    ]
    path = write(tmp_path / "two.csv", rows, "model,problem,attempts,successes")
    code, out, _ = run(capsys, f"pilot={path}", f"output={tmp_path / 'out'}", "figure=false")
    assert code == 0 and f"{evil}: " in out and "b: " in out
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    table = read(tmp_path / "out" / "table.csv")
    assert {row["model"] for row in table} == {evil, "b"}


def test_outcomes_in_order_are_tested_for_dependence(capsys, tmp_path):
    generator = np.random.default_rng(0)
    rows = []
    for problem, success in enumerate(generator.beta(0.5, 1.5, 60)):
        outcome = generator.random() < success
        for attempt in range(60):
            if generator.random() > 0.4:  # else it repeats the one before
                outcome = generator.random() < success
            rows.append((problem, attempt, int(outcome)))
    path = write(tmp_path / "ordered.csv", rows, "problem,attempt,outcome")
    _, out, _ = run(capsys, f"pilot={path}", f"output={tmp_path / 'out'}", "figure=false")
    assert "The memorising model does not fit this pilot" in out
    (verdict,) = json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["tests"]["order"]["p_value"] < 1e-6
    assert verdict["tests"]["order"]["repeats"] == pytest.approx(0.4, abs=0.1)


def test_how_attempts_ended_is_asked_about_and_may_be_told(capsys, tmp_path):
    generator = np.random.default_rng(0)
    first = generator.geometric(generator.beta(0.5, 3.0, 80).clip(1e-9))
    path = write(tmp_path / "stopped.csv", [(i, min(f, 50), int(f <= 50)) for i, f in enumerate(first)])
    code, _, err = run(capsys, f"pilot={path}", "figure=false")
    assert code == 2 and "pilot.stopping=first_success" in err and err.count("\n") == 1
    code, out, _ = run(
        capsys, f"pilot={path}", "pilot.stopping=first_success", f"output={tmp_path / 'o'}", "figure=false"
    )
    assert code == 0 and "attempts a problem would solve about" in out


EDGES = {
    "no success": ([(i, 100, 0) for i in range(30)], "this pilot cannot tell", "None of its problems was solved"),
    "all successes": ([(i, 100, 100) for i in range(30)], "would solve about 100", "model"),
    "one problem": ([(0, 100, 3)], "would solve about 100\u00a0% of these problems", "This pilot cannot tell whether"),
    "one attempt": ([(i, 1, int(i % 3 == 0)) for i in range(60)], "attempts a problem", "cannot tell"),
    "most attempts": (
        [(i, 10**12, c * 10**10) for i, c in enumerate(counts(20))],
        "1,000,000,000,000 attempts",
        "model",
    ),
    "many attempts": ([(i, 10**9, c * 10**7) for i, c in enumerate(counts(40))], "would solve about", "model"),
}


@pytest.mark.seldom(3)
@pytest.mark.parametrize("rows", EDGES.values(), ids=EDGES.keys())
def test_pilots_at_the_edge_are_answered(capsys, tmp_path, rows):
    data, *said = rows
    path = write(tmp_path / "edge.csv", data)
    code, out, err = run(capsys, f"pilot={path}", f"output={tmp_path / 'out'}", "figure=false")
    assert (code, err) == (0, "")
    assert all(part in out for part in said) and "nan" not in out.lower()


REFUSED = {
    "": "pilot: need a file of problems, attempts and successes: pilot=FILE",
    "pilot=absent.csv": "absent.csv: no such file",
    "pilot=PILOT attempts.max=1": "attempts.max: need a whole number from 2 to 1e+12, got 1",
    "pilot=PILOT attempts.max=ten": "attempts.max: need a whole number from 2 to 1e+12, got 'ten'",
    "pilot=PILOT attempts.max=true": "attempts.max: need a whole number from 2 to 1e+12, got True",
    "pilot=PILOT attempts.per_decade=0": "attempts.per_decade: need a whole number from 1 to 100, got 0",
    "pilot=PILOT test.level=5": "test.level: need a number from 1e-06 to 0.5, got 5",
    "pilot=PILOT report.language=de": "report.language: need en or ja, got 'de'",
    "pilot=PILOT figure=maybe": "figure: need true or false, got 'maybe'",
    "pilot=PILOT pilot.stopping=never": "pilot.stopping",
    "pilot=PILOT pilot.columns.attempts=tries": "tries",
    "pilot=PILOT backtest.share=2": "backtest.share: need a number from 1e-06 to 0.9, got 2",
    "pilot=PILOT seed=x": "seed: need a whole number",
    "pilot=PILOT color=red": "color: no such key; `python -m sim calibrate --help` lists them",
    "pilot=PILOT attempts=5": "attempts: need a value for one of its keys (max, per_decade), got '5'",
    "pilot=PILOT test=0.05": "test: need a value for one of its keys (level), got '0.05'",
    "pilot=PILOT backtest=0.1": "backtest: need a value for one of its keys (share, repeats), got '0.1'",
    "pilot=PILOT --fast": "--fast: no such option; need KEY=VALUE (python -m sim calibrate --help)",
    "PILOT": "no such option; need KEY=VALUE (python -m sim calibrate --help)",
    "pilot=PILOT output=": "output",
}


@pytest.mark.parametrize("typed", REFUSED)
def test_bad_input_is_one_sentence_and_exit_code_2(capsys, pilot, tmp_path, monkeypatch, typed):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *typed.replace("PILOT", str(pilot)).split())
    assert (code, out) == (2, "")
    assert err.startswith("sim calibrate: ") and err.count("\n") == 1 and REFUSED[typed] in err
    assert not (tmp_path / "outputs").exists()


def test_help_lists_every_key(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(
        key in out for key in ("usage: python -m sim calibrate pilot=FILE", "stopping", "per_decade", "language")
    )


def test_a_calibration_does_not_load_jax(pilot, tmp_path):
    code = (
        "import sys; from sim.app.reports import calibrate; "
        f"calibrate.main(['pilot={pilot}', 'output={tmp_path / 'out'}', 'figure=false']); "
        "print('jax' in sys.modules, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"
