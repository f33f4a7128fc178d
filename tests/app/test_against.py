"""Two models, as typed: calibrate and recommend say, write and draw the same of them, and refuse in one sentence."""

import contextlib
import csv
import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from sim.app.reports import against, calibrate, recommend
from sim.app.reports.words.against import WORDS
from sim.calibration.difference import Difference, Lead, Turn

pytestmark = pytest.mark.usefixtures("remembered")

KS = np.array([1.0, 10, 100, 1000, 10000])


def counts(path, successes, prefix="p", header="problem,attempts,successes", first=""):
    rows = [f"{first}{prefix}{i},100,{c}" for i, c in enumerate(successes)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with pilots whose curves cross, and with the answers of both commands about them."""
    where = tmp_path_factory.mktemp("pilots")
    generator = np.random.default_rng(2)
    easy = np.where(generator.random(40) < 0.5, generator.beta(3, 2, 40), 0)
    large, small = generator.binomial(100, easy), generator.binomial(100, generator.beta(0.9, 20, 40))
    counts(where / "large.csv", large)
    counts(where / "small.csv", small)
    counts(where / "other.csv", small, "q", "problem,tries,successes")
    two = [f"{model},p{i},100,{i}" for model in "ab" for i in range(3)]
    (where / "two.csv").write_text("\n".join(["model,problem,attempts,successes", *two]) + "\n", encoding="utf-8")
    return where


@pytest.fixture(scope="module")
def answers(files):
    """Where both commands have written of the two models, and what they have said."""
    said = {}
    for command, name, own in (
        (calibrate, "calibrated", ("backtest.repeats=0",)),
        (recommend, "recommended", ("cost.price=0.001", "against_price=0.0003")),
    ):
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream), contextlib.chdir(files):
            assert command.main(["pilot=large.csv", "against=small.csv", f"output={name}", *own]) == 0
        said[name] = stream.getvalue().splitlines()
    return files, said


@pytest.fixture
def command(monkeypatch, capsys, files):
    """Run calibrate, or recommend where a price is typed."""
    monkeypatch.chdir(files)

    def call(*arguments):
        priced = any(argument.startswith("cost.price") for argument in arguments)
        code = (recommend if priced else calibrate).main(list(arguments))
        return code, *capsys.readouterr()

    return call


def rows(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def verdict_of(where):
    (verdict,) = json.loads((where / "verdict.json").read_text(encoding="utf-8"))
    return verdict["against"]


def test_calibrate_says_writes_and_draws_which_of_two_models_solves_more(answers):
    where, said = answers[0] / "calibrated", answers[1]["calibrated"][-2]
    assert {path.name for path in where.iterdir()} == {
        *("report.html", "table.csv", "shares.csv", "verdict.json", "manifest.json", "figure.png"),
        *("difference.csv", "difference.png"),
    }
    own = verdict_of(where)
    assert (own["source"], own["paired"], own["problems"], own["attempts"]) == ("small.csv", True, [40, 40], 10000)
    (first, second), (turn,) = own["leads"], own["turns"]
    assert (first["model"], first["low"], second["model"], second["high"]) == ("first", 1, "second", 10000)
    assert (turn["to"], turn["after"], turn["before"]) == ("second", first["high"], second["low"])
    assert turn["after"] <= turn["low"] < turn["middle"] < turn["high"] <= turn["before"]
    assert said.startswith("Of the 40 problems in both pilots, the first model solves more up to ")
    assert f"up to {first['high']:,.0f} attempts, the second from {second['low']:,.0f} attempts on" in said
    assert f"{turn['low']:,.0f} to {turn['high']:,.0f}" in said
    report = (where / "report.html").read_text(encoding="utf-8")
    assert f"<h2>{WORDS['en']['heading']}</h2>" in report and f"<p>{said}</p>" in report and "paired by id" in report
    assert f'<img alt="{WORDS["en"]["heading"]}"' in report


def test_the_table_agrees_with_the_verdict_row_by_row(answers):
    table, own = rows(answers[0] / "calibrated" / "difference.csv"), verdict_of(answers[0] / "calibrated")
    assert (table[0]["attempts"], table[-1]["attempts"], len(table) > 30) == ("1", "10000", True)
    for row in table:
        low, middle, high = (float(row[name]) for name in ("low90", "difference", "high90"))
        assert low <= middle <= high
        assert middle == pytest.approx(float(row["first"]) - float(row["second"]), abs=0.05)
        assert row["leads"] == ("first" if low > 0 else "second" if high < 0 else "")
        leads = [lead["model"] for lead in own["leads"] if lead["low"] <= float(row["attempts"]) <= lead["high"]]
        assert row["leads"] == "".join(leads)


def test_recommend_says_the_same_of_them_whatever_the_prices(answers):
    where, said = answers
    one, two = where / "calibrated", where / "recommended"
    assert said["calibrated"][-2] in said["recommended"]
    assert (one / "difference.csv").read_bytes() == (two / "difference.csv").read_bytes()
    own, other = verdict_of(one), verdict_of(two)
    assert other == other | own and {"better", "gain", "rows"} == set(other) - set(own)
    assert (two / "difference.svg").is_file()
    assert f'<img alt="{WORDS["en"]["heading"]}"' in (two / "report.html").read_text(encoding="utf-8")


def test_what_is_asked_for_is_kept_and_nothing_is_left_of_an_answer_before(command, answers, tmp_path):
    """Columns, stopping and attempts of another pilot, without a problem in common, in Japanese; then no second one."""
    where = tmp_path / "found"
    shutil.copytree(answers[0] / "calibrated", where)
    asked = ("against.columns.attempts=tries", "against.stopping=fixed", "attempts.max=300", "report.language=ja")
    plain = (f"output={where}", "figure=false", "backtest.repeats=0")
    code, out, err = command("pilot=large.csv", "against=other.csv", *asked, *plain)
    assert (code, err) == (0, "") and "共通の問題がないため" in out
    assert rows(where / "difference.csv")[-1]["attempts"] == "300"
    assert (verdict_of(where)["paired"], verdict_of(where)["problems"]) == (False, [40, 40])
    assert f"<h2>{WORDS['ja']['heading']}</h2>" in (where / "report.html").read_text(encoding="utf-8")
    assert not (where / "difference.png").exists()
    command("pilot=large.csv", *plain)
    assert {path.name for path in where.iterdir()} == {
        "report.html",
        "table.csv",
        "shares.csv",
        "verdict.json",
        "manifest.json",
    }
    assert verdict_of(where) is None


@pytest.mark.parametrize(
    ("first", "second"), [(0, 100), *(pytest.param(*two, marks=pytest.mark.slow) for two in ((0, 0), (100, 100)))]
)
def test_models_at_the_edge_are_compared(command, tmp_path, first, second):
    for name, successes in (("one", first), ("other", second)):
        counts(tmp_path / f"{name}.csv", [successes] * 5)
    asked = (f"output={tmp_path / 'found'}", "figure=false", "backtest.repeats=0")
    code, out, err = command(f"pilot={tmp_path / 'one.csv'}", f"against={tmp_path / 'other.csv'}", *asked)
    assert (code, err) == (0, "") and "nan" not in out
    assert ("the second model solves more" in out) == (first < second) and "the first model solves" not in out


REFUSED = {
    "pilot=two.csv against=small.csv": "pilot: need one suite and model to compare, got a, b",
    "pilot=large.csv against=two.csv": "against: need one suite and model to compare, got a, b",
    "pilot=large.csv against=absent.csv": "absent.csv: no such file",
    "pilot=large.csv against=small.csv against.stopping=never": "stopping",
    "pilot=large.csv against=small.csv against.columns.attempts=tries": "tries",
    "pilot=large.csv against.columns=x": "against.columns: need a value for one of its keys",
    "pilot=large.csv against=": "against: need a file of problems, attempts and successes: against=FILE",
}


@pytest.mark.parametrize("typed", REFUSED)
def test_bad_input_is_one_sentence_and_exit_code_2(command, files, typed):
    for priced in ((), ("cost.price=0.001", "against_price=0.001")):
        code, out, err = command(*typed.split(), *priced)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1 and REFUSED[typed] in err and not (files / "outputs").exists()


def test_what_is_read_is_never_written_over(command, files, tmp_path):
    own = tmp_path / "difference.csv"
    shutil.copy(files / "small.csv", own)
    code, _, err = command("pilot=large.csv", f"against={own}", f"output={tmp_path}")
    assert code == 2 and "is not written over" in err and list(tmp_path.iterdir()) == [own]


def test_neither_jax_nor_matplotlib_is_loaded():
    code = "import sys, sim.app.reports.against; print('jax' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# Words ----------------------------------------------------------------------------------------------------------------


def told(leads, turns=(), chance=None, paired=True, problems=(128, 128)):
    nothing = np.zeros(len(KS))
    return Difference(KS, *[nothing] * 5, paired, problems, list(leads), list(turns), chance)


TURN = Turn(1, 0.99, 48.2, 95.4, 203.0, 10.0, 1000.0)
CHANCE = Turn(0, 0.345, 512.0, 2345.0, 9000.0)
SAID = [
    (
        told([Lead(0, 1, 10), Lead(1, 1000, 10000)], [TURN], TURN),
        "Of the 128 problems in both pilots, the first model solves more up to 10 attempts, the second from 1,000 "
        "attempts on (90\u00a0% band over all numbers of attempts); the order turns at about 95 attempts "
        "(90\u00a0% interval 48 to 203).",
        "両方のパイロットにある 128 問では、10 回までは第1のモデル、1,000 回からは第2のモデルのほうが確実に多く解けます"
        "(全試行回数に対する 90\u00a0% 帯)。順位は約 95 回で入れ替わります(90\u00a0% 区間 48 ~ 203 回)。",
    ),
    (
        told([Lead(1, 1, 10000)], problems=(1, 1)),
        "Of the 1 problem in both pilots, the second model solves more at every number of attempts from 1 to 10,000 "
        "(90\u00a0% band over all numbers of attempts).",
        "両方のパイロットにある 1 問では、1 ~ 10,000 回のどの試行回数でも第2のモデルのほうが確実に多く解けます"
        "(全試行回数に対する 90\u00a0% 帯)。",
    ),
    (
        told([Lead(1, 10, 100)], chance=CHANCE),
        "Of the 128 problems in both pilots, the second model solves more from 10 to 100 attempts "
        "(90\u00a0% band over all numbers of attempts); the first overtakes with a probability of 34\u00a0%, "
        "then at 512 to 9,000 attempts (90\u00a0% interval).",
        "両方のパイロットにある 128 問では、10 ~ 100 回では第2のモデルのほうが確実に多く解けます"
        "(全試行回数に対する 90\u00a0% 帯)。確率 34\u00a0% で第1のモデルが逆転し、その場合の試行回数は "
        "512 ~ 9,000 回です(90\u00a0% 区間)。",
    ),
    (
        told([], paired=False, problems=(30, 50)),
        "The pilots share no problem; of new problems like those of each, it is uncertain which model solves more, at "
        "any number of attempts from 1 to 10,000 (90\u00a0% band over all numbers of attempts).",
        "二つのパイロットに共通の問題がないため、それぞれと同種の新しい問題で比べると、1 ~ 10,000 回のどの試行回数"
        "でも、どちらが多く解けるかは確かではありません(全試行回数に対する 90\u00a0% 帯)。",
    ),
    (
        told([Lead(0, 1, 1), Lead(1, 100, 100)], [TURN]),
        "Of the 128 problems in both pilots, the first model solves more at 1 attempt, the second at 100 attempts "
        "(90\u00a0% band over all numbers of attempts); the order turns at about 95 attempts "
        "(90\u00a0% interval 48 to 203).",
        "両方のパイロットにある 128 問では、1 回では第1のモデル、100 回では第2のモデルのほうが確実に多く解けます"
        "(全試行回数に対する 90\u00a0% 帯)。順位は約 95 回で入れ替わります(90\u00a0% 区間 48 ~ 203 回)。",
    ),
]


@pytest.mark.parametrize(("found", "english", "japanese"), SAID)
def test_the_sentence_says_what_the_record_holds(found, english, japanese):
    assert against.sentence(found, "en") == english
    assert against.sentence(found, "ja") == japanese


def test_both_languages_have_the_same_words():
    assert {key: type(text) for key, text in WORDS["en"].items()} == {k: type(t) for k, t in WORDS["ja"].items()}
    assert list(WORDS["en"]["headings"]) == list(WORDS["ja"]["headings"]) == list(against.columns(told([])))


def test_the_columns_say_which_model_leads():
    assert against.columns(told([Lead(0, 1, 10), Lead(1, 1000, 10000)]))["leads"].tolist() == [
        *("first", "first", "", "second", "second")
    ]
