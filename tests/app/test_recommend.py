"""python -m sim recommend: what it says, what it writes, and what it refuses in one sentence."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from sim.app.reports import recommended
from sim.app.reports.words import recommend_en
from sim.calibration import curve, posterior
from sim.decision import problems, stopping
from sim.decision.prices import Prices
from tests.app import said
from tests.app.recommending import PRICE, TABLES, calling, is_number, rows_of, write

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    return calling(monkeypatch, capsys, tmp_path)


def test_the_sentence_comes_first_and_all_files_are_written(command, tmp_path):
    code, out, err = command("pilot=pilot.csv", PRICE, "output=found")
    assert (code, err) == (0, "")
    staged, plain, other, better, last = out.splitlines()
    assert staged.startswith("In stages: try ") and "\u00a0USD a problem better than all attempts at once." in staged
    assert plain.startswith("All attempts at once: pay for ") and " attempts a problem (anything from " in plain
    assert " is within 1\u00a0% of the best): about " in plain
    assert "\u00a0USD a problem; deciding on this pilot alone forgoes " in plain and "of the achievable value." in plain
    assert other.startswith("New problems of the same kind: ")
    assert better.startswith("A better model, asked once,") and last == "written: found/report.html"
    names = {path.name for path in (tmp_path / "found").iterdir()}
    tables = {f"{name}.csv" for name in ("table", "stages", "problems", "models")}
    figures = {"payoff.png", "payoff.svg", "stages.svg"}
    assert names == tables | figures | {"report.html", "verdict.json", "manifest.json"}
    (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
    own = verdict["these_problems"]
    assert verdict["verdict"] == "recommended" and verdict["attempts"] == own["attempts"]
    assert own["low"] < own["attempts"] < own["high"] and f"pay for {own['attempts']} attempts" in plain
    rows = {int(row["attempts"]): row for row in rows_of(tmp_path / "found" / "table.csv")}
    best = max(rows, key=lambda k: float(rows[k]["net"]))
    assert best == own["attempts"] and float(rows[best]["solved"]) == own["solved"]["median"]
    report = (tmp_path / "found" / "report.html").read_text(encoding="utf-8")
    assert (
        f'<p class="sentence">{staged}</p>' in report
        and plain in report
        and '<html lang="en">' in report
        and report.count("<svg") == 0
    )


def test_everything_can_be_asked_at_once_and_in_japanese(command, tmp_path):
    code, out, err = command(
        *("pilot=pilot.csv", PRICE, "paid=sequential", "budget.total=0.5", "against=strong.csv"),
        *("against_price=0.003", "cost.flops=1e12", "latency.seconds=2", "latency.limit=3600", "problems=new"),
        *("verifier.false_accept=0.001", "cost.wrong=0.5", "report.language=ja", "output=found", "cost.currency=JPY"),
    )
    assert (code, err) == (0, "")
    for words in ("1問につき回答が受理されるまで最大", "段階的に", "予算 0.50\u00a0JPY", "第2のモデル", "FLOPs", "秒"):
        assert words in out
    report = (tmp_path / "found" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ja">' in report and "二つのパイロットの問題は同じです" in report
    (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
    assert verdict["against"]["better"] > 0.5 and verdict["problems"] == "new" and verdict["flops"] > 1e12
    assert (tmp_path / "found" / "models.svg").is_file()


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    ("successes", "arguments", "words"),
    [
        ([0] * 20, (), "This pilot cannot tell how many attempts to pay for. None of its problems was solved at all."),
        ([0] * 19 + [2], (), "Only 1 of its problems was solved at all. Its ends differ by a factor of "),
        ([0] * 17 + [1, 2, 9], ("cost.price=1e-6", "tell.factor=2"), "(90 % interval). Its ends differ by "),
        (
            [0] * 20,
            ("report.language=ja",),
            "このパイロットからは判断できません。一度でも解けた問題が一つもありません。",
        ),
    ],
)
def test_a_pilot_that_cannot_tell_says_why(command, tmp_path, successes, arguments, words):
    write(tmp_path / "poor.csv", successes)
    figure = f"figure={'false' if len(arguments) else 'true'}"
    code, out, err = command("pilot=poor.csv", PRICE, *arguments, figure, "output=found")
    assert (code, err) == (0, "") and words in out.splitlines()[0]
    (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
    assert verdict["verdict"] == "cannot tell" and verdict["cannot_tell"]


def test_where_no_attempt_pays_none_is_recommended(command):
    code, out, _ = command("pilot=pilot.csv", "cost.price=2", "output=found", "figure=false")
    assert code == 0
    assert out.splitlines()[0] == "Pay for no attempts: at 2.00\u00a0USD an attempt, none pays."


def test_a_limit_of_time_is_kept(command, tmp_path):
    arguments = ("latency.limit=60", "latency.seconds=20", "latency.slots=4")
    code, out, _ = command("pilot=pilot.csv", PRICE, *arguments, "output=found", "figure=false")
    assert code == 0 and out.startswith("Pay for 12 attempts") and "no more than 12 are allowed" in out
    (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
    turns = sum(-(-step // 4) for step in np.diff(verdict["stages"], prepend=0))
    assert f"A problem takes up to 60 s, in stages up to {20 * turns:.0f} s." in out and turns > 3
    assert (verdict["seconds"], verdict["staged"]["seconds"]) == (60, 20 * turns)


def test_stages_that_take_longer_than_there_is_time_are_not_said_first(command, tmp_path):
    """Of 100 attempts, 50 at a time: two turns at once, more in stages, which are worth more."""
    leads = []
    for limit in (40, 4000):
        arguments = (f"latency.limit={limit}", "latency.seconds=20", "latency.slots=50", "attempts.max=100")
        assert command("pilot=pilot.csv", "cost.price=0.002", *arguments, "output=found", "figure=false")[0] == 0
        (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
        assert verdict["staged"]["net"] > 1.01 * verdict["these_problems"]["net"]["mean"]
        leads.append(verdict["leads"])
    assert leads == [[], ["stages"]]


@pytest.mark.seldom(0)
def test_a_column_of_weights_makes_some_problems_count_more(command, tmp_path):
    rows = rows_of(tmp_path / "pilot.csv")
    for name, weight in (("flat", lambda c: 5), ("hard", lambda c: 1 if c == 0 else 0.1)):
        lines = [f"{r['problem']},100,{r['successes']},{weight(int(r['successes']))}" for r in rows]
        (tmp_path / f"{name}.csv").write_text("problem,attempts,successes,weight\n" + "\n".join(lines) + "\n")
    numbers = {}
    for name in ("pilot", "flat", "hard"):
        assert command(f"pilot={name}.csv", PRICE, "output=found", "figure=false")[0] == 0
        numbers[name] = json.loads((tmp_path / "found" / "verdict.json").read_text())[0]["attempts"]
    assert numbers["flat"] == numbers["pilot"] != numbers["hard"]


@pytest.mark.seldom(0)
def test_only_the_ratios_of_weights_count_however_large_they_are(command, tmp_path):
    """Below 1e-300 of the largest, a weight is none: as 1e300 beside 1, 1 beside 0, or 1e308 beside 1e-300."""
    rows, answers = rows_of(tmp_path / "pilot.csv"), {}
    for large, small in ((1, 1), (1e308, 1e308), (5e-324, 5e-324), (1, 0), (1e300, 1), (1e308, 1e-300), (1e-8, 5e-324)):
        lines = [f"{r['problem']},100,{r['successes']},{(large, small)[i % 2]}" for i, r in enumerate(rows)]
        (tmp_path / "weighed.csv").write_text("problem,attempts,successes,weight\n" + "\n".join(lines) + "\n")
        arguments = ("paid=sequential", "budget.total=3", "against=strong.csv", "against_price=0.01")
        code, out, err = command("pilot=weighed.csv", PRICE, *arguments, "output=found", "figure=false")
        assert (code, err) == (0, "")
        files = [(tmp_path / "found" / name).read_text() for name in (*TABLES, "verdict.json")]
        assert not any("nan" in text.lower() or "infinity" in text.lower() for text in (*files, out))
        cells = [
            float(cell)
            for text in files[:-1]
            for row in csv.reader(text.splitlines())
            for cell in row
            if is_number(cell)
        ]
        assert np.isfinite(cells).all()
        answers.setdefault(small == large, []).append(cells)
    for same in answers.values():
        for cells in same[1:]:
            assert cells == pytest.approx(same[0], rel=1e-9)
    assert answers[True][0] != pytest.approx(answers[False][0], rel=1e-3)


@pytest.mark.seldom(0)
def test_every_model_of_a_file_has_its_own_answer(command, tmp_path):
    lines = [f"{model},p{i},50,{(i * step) % 9}" for model, step in (("small", 1), ("large", 4)) for i in range(20)]
    (tmp_path / "two.csv").write_text("model,problem,attempts,successes\n" + "\n".join(lines) + "\n")
    code, out, _ = command("pilot=two.csv", PRICE, "output=found")
    assert code == 0 and out.startswith("small: In stages: ") and "\nlarge: All attempts at once: pay for " in out
    assert {row["model"] for row in rows_of(tmp_path / "found" / "table.csv")} == {"small", "large"}
    assert (tmp_path / "found" / "payoff_1.png").is_file()


@pytest.mark.seldom(1)
@pytest.mark.parametrize("paid", ["parallel", "sequential"])
def test_a_verifier_that_accepts_much_leaves_no_attempt_that_nothing_reaches(command, tmp_path, paid):
    command("pilot=pilot.csv", PRICE, "verifier.false_accept=0.5", f"paid={paid}", "output=found", "figure=false")
    (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
    assert 0 < verdict["attempts"] < 40 and 0 < verdict["stages"][-1] < 40
    assert verdict["staged"]["net"] >= verdict["these_problems"]["net"]["mean"] - 1e-9 or paid == "sequential"


def test_the_same_question_has_the_same_answer(command, tmp_path):
    answers = []
    for _ in range(2):
        command("pilot=pilot.csv", PRICE, "output=found", "figure=false")
        answers.append((tmp_path / "found" / "table.csv").read_bytes())
        said.forget_posteriors()
    assert answers[0] == answers[1]


# What is written is what was found ------------------------------------------------------------------------------------


@pytest.fixture
def written(command, tmp_path, monkeypatch):
    """Ask; (what was found, the tables and the verdict that were written of it, what was said)."""
    kept, write = [], recommended.write

    def kept_too(where, found, *rest):
        kept.extend(found)
        write(where, found, *rest)

    monkeypatch.setattr(recommended, "write", kept_too)

    def call(*arguments):
        asked = (PRICE, "output=found", "figure=false", "attempts.max=1000", *arguments)
        code, out, _ = command("pilot=pilot.csv", *asked)
        assert code == 0
        (found,) = kept
        files = {name.removesuffix(".csv"): rows_of(tmp_path / "found" / name) for name in TABLES}
        return found, files, json.loads((tmp_path / "found" / "verdict.json").read_text())[0], out

    return call


def columns(rows):
    """{column: float64, or text} of rows."""
    cells = {key: [row[key] for row in rows] for key in rows[0]}
    return {key: np.array(own, float) if all(map(is_number, own)) else own for key, own in cells.items()}


@pytest.mark.parametrize("kind", ["these", "new"])
def test_every_column_is_the_record_it_was_made_from(written, kind):
    money = ("cost.value=2", "cost.wrong=0.3", "cost.fixed=0.01", "verifier.false_accept=0.01", "budget.total=3")
    asked = (*money, "paid=sequential", "against=strong.csv", "against_price=0.01", f"problems={kind}")
    found, files, verdict, _ = written(*asked)
    curves, stages, updates = found.curves, found.stages, found.updates
    expected = {
        "table": {
            "attempts": curves.attempts,
            **{"solved": curves.solved.median, "solved_low": curves.solved.low, "solved_high": curves.solved.high},
            **{"cost": curves.cost.mean, "cost_low": curves.cost.low, "cost_high": curves.cost.high},
            **{"net": curves.net.mean, "net_low": curves.net.low, "net_high": curves.net.high},
            **{"gain": curves.gain.mean, "gain_low": curves.gain.low, "gain_high": curves.gain.high},
            "price": np.full(len(curves.attempts), 0.001),
            **{name: [""] * len(curves.attempts) for name in ("weighted", "weighted_low", "weighted_high")},
        },
        "stages": {
            **{"attempts": stages.attempts, "solved": stages.solved, "left": stages.left, "cost": stages.cost},
            **{"hazard": stages.hazard, "gain": 2 * stages.hazard, "price": np.full(len(stages.attempts), 0.001)},
        },
        "problems": {
            **{"attempts": updates.attempts, "problems": updates.problems, "success": updates.success},
            **{"success_low": updates.low, "success_high": updates.high, "further": updates.further},
            **{"solved": updates.solved, "cost": updates.cost},
        },
        "models": {
            "which": [("first", "second")[row.model] for row in found.rivals.rows],
            "what": [row.what for row in found.rivals.rows],
            **{"attempts": np.array([row.attempts for row in found.rivals.rows])},
            **{"solved": np.array([row.solved for row in found.rivals.rows])},
            **{"cost": np.array([row.cost for row in found.rivals.rows])},
            **{"net": np.array([row.net for row in found.rivals.rows])},
        },
    }
    for name, table in expected.items():
        own = columns(files[name])
        assert list(own) == ["model", *table] and len(files[name]) > 0
        for key, values in table.items():
            assert own[key] == values if isinstance(values, list) else np.array_equal(own[key], values), (name, key)
    for key, told in (("these_problems", found.these), ("new_problems", found.new)):
        shown = verdict[key]
        for name in ("attempts", "low", "high", "best_low", "best_high", "regret", "capped"):
            assert shown[name] == getattr(told, name)
        for name in ("solved", "wrong", "cost", "net"):
            assert shown[name] == getattr(told, name)._asdict()
        assert shown["regret_share"] == told.regret / told.at_hand
    own = {"these": found.these, "new": found.new}[kind]
    assert found.own == own and verdict["attempts"] == own.attempts and found.these != found.new
    assert verdict["stages"] == stages.attempts.tolist()
    assert verdict["against"]["rows"] == [row._asdict() for row in found.rivals.rows]
    assert (verdict["against"]["better"], verdict["against"]["gain"]) == (found.rivals.better, found.rivals.gain)
    assert verdict["budget"]["attempts"] == found.allotment.attempts.tolist()
    assert verdict["budget"]["of_problems"] == found.allotment.size.tolist()
    for name in ("problems", "solved", "cost", "hazard", "binds"):
        assert verdict["budget"][name] == getattr(found.allotment, name)


@pytest.mark.parametrize("kind", ["these", "new"])
def test_these_problems_are_the_pilot_s_and_new_ones_are_not(written, kind):
    """Decided afresh, from the counts."""
    found, files, verdict, out = written(f"problems={kind}")
    likelihood = curve.likelihood(found.pilot)
    average = posterior.posterior(likelihood)
    prices = Prices(1, 0.001, most=1000)
    these, new = problems.these(average, likelihood), problems.new(average, len(found.pilot.attempts))
    for key, own in (("these_problems", these), ("new_problems", new)):
        decided = stopping.decide(own, prices, 0.01)
        assert verdict[key]["attempts"] == decided.attempts
        assert verdict[key]["solved"] == decided.solved._asdict()
    table = columns(files["table"])
    asked = stopping.curves({"these": these, "new": new}[kind], prices, table["attempts"])
    assert np.array_equal(table["solved"], asked.solved.median) and np.array_equal(table["net_low"], asked.net.low)
    shown = recommended._kinds(found, recommend_en.WORDS["headings"])
    assert shown["problems"] == ["these", "new"]
    for name, place in (("attempts k", "attempts"), ("as good from", "low"), ("to", "high"), ("regret", "regret")):
        assert shown[name] == [verdict[key][place] for key in ("these_problems", "new_problems")]
    for name, place in (("solved", "median"), ("5 %", "low"), ("95 %", "high")):
        assert shown[name] == [verdict[key]["solved"][place] for key in ("these_problems", "new_problems")]
    other = {"these": "New problems of the same kind", "new": "These very problems"}[kind]
    (line,) = [one for one in out.splitlines() if one.startswith(other)]
    assert f": {(found.new if kind == 'these' else found.these).attempts} attempts, " in line


TOKENS = ("cost.tokens.prompt_price=1", "cost.tokens.prompt=100", "cost.tokens.completion=100")
REFUSED = [
    ((), "cost.price: need the price of an attempt, or those of tokens (cost.tokens), got none"),
    ((PRICE, TOKENS[0]), "cost.price: need the price of an attempt or those of tokens, got both (prompt_price too)"),
    (TOKENS, "cost.tokens.completion_price: need a number besides cost.tokens.prompt_price, got none"),
    (("cost.price=1e-300",), "cost: need attempts that cost at least 1e-12, got a price of 1e-300"),
    (("cost.price=0",), "cost: need attempts that cost at least 1e-12, got a price of 0"),
    (("cost.price=-1",), "cost.price: need a number from 0 to 1e+12, got -1"),
    (("cost.price=cheap",), "cost.price: need a number from 0 to 1e+12, got 'cheap'"),
    ((PRICE, "cost.value=0"), "cost.value: need a number from 1e-12 to 1e+12, got 0"),
    ((PRICE, "cost.wrong=-2"), "cost.wrong: need a number from 0 to 1e+12, got -2"),
    ((PRICE, "cost.currency=''"), "cost.currency: need a name, got ''"),
    ((PRICE, "paid=later"), "paid: need parallel or sequential, got 'later'"),
    ((PRICE, "problems=all"), "problems: need these or new, got 'all'"),
    ((PRICE, "verifier.false_accept=2"), "verifier.false_accept: need a number from 0 to 1, got 2"),
    (
        (PRICE, "verifier.false_accept=0.5", "verifier.false_reject=0.6"),
        "verifier: need a right attempt to be accepted more often than a wrong one, got false_accept=0.5 and "
        "1 - false_reject=0.4",
    ),
    (
        (PRICE, "verifier.false_accept=0.3", "verifier.false_reject=0.7"),  # 0.3 < 1 - 0.7 in binary
        "verifier: need a right attempt to be accepted more often than a wrong one, got false_accept=0.3 and "
        "1 - false_reject=0.3",
    ),
    ((PRICE, "latency.limit=10"), "latency.seconds: need the seconds of an attempt for latency.limit=10, got none"),
    (
        (PRICE, "latency.limit=10", "latency.seconds=30"),
        "latency.limit: need time for an attempt, latency.seconds=30, got 10",
    ),
    (
        (PRICE, "paid=sequential", "latency.slots=4"),
        "latency.slots: need 1 for paid=sequential, one attempt after the other, got 4",
    ),
    ((PRICE, "budget.problems=10"), "budget.total: need money for budget.problems=10, got none"),
    ((PRICE, "budget.total=0.01"), "budget.total: need 0.06 USD, one attempt at each of 60 problems, got 0.01"),
    (
        (PRICE, "against=strong.csv"),
        "against.price: need the price of an attempt of the second model, or those of tokens (against.tokens), "
        "got none",
    ),
    ((PRICE, "against_price=1"), "against: need the pilot of the second model for against.price=1, got none"),
    (
        (PRICE, "against=strong.csv", "against.tokens.prompt_price=1"),
        "against.tokens.completion_price: need a number besides against.tokens.prompt_price, got none",
    ),
    (
        (PRICE, "against=strong.csv", "against.tokens.prompt_price=1", "against.tokens.completion_price=2"),
        "cost.tokens.prompt: need a number besides against.tokens.prompt_price, got none",
    ),
    (
        (PRICE, "against.tokens.cached=0.1"),
        "against: need the pilot of the second model for against.tokens.cached=0.1, got none",
    ),
    ((PRICE, "attempts.max=1.5"), "attempts.max: need a whole number from 1 to 1e+12, got 1.5"),
    ((PRICE, "tell.loss=1"), "tell.loss: need a number from 1e-06 to 0.5, got 1"),
    ((PRICE, "test.level=2"), "test.level: need a number from 1e-06 to 0.5, got 2"),
    ((PRICE, "seed=x"), "seed: need a whole number from -4.61169e+18 to 4.61169e+18, got 'x'"),
    ((PRICE, "test=0.05"), "test: need a value for one of its keys (level), got '0.05'"),
    ((PRICE, "report.language=fr"), "report.language: need en or ja, got 'fr'"),
    ((PRICE, "figure=maybe"), "figure: need true or false, got 'maybe'"),
    (
        ("cost=5",),
        "cost: need a value for one of its keys (value, wrong, price, verification, fixed, currency, flops, "
        "tokens), got '5'",
    ),
    ((PRICE, "latency=5"), "latency: need a value for one of its keys (limit, seconds, slots), got '5'"),
    ((PRICE, "stages=3"), "stages: need a value for one of its keys (most), got '3'"),
    ((PRICE, "budget=50"), "budget: need a value for one of its keys (total, problems), got '50'"),
    ((PRICE, "verifier=0.5"), "verifier: need a value for one of its keys (false_accept, false_reject), got '0.5'"),
    ((PRICE, "report=ja"), "report: need a value for one of its keys (language), got 'ja'"),
    ((PRICE, "tell="), "tell: need a value for one of its keys (loss, factor, solved), got ''"),
    (("cost.price=0,001",), "cost.price: need one value, a number with a decimal point, got '0,001'"),
    (
        ("cost.price=[1",),
        "cost.price=[1: cannot be read; need KEY=VALUE, with quotes around a value that has special characters",
    ),
    ((PRICE, "pilot="), "pilot: need a file of problems, attempts and successes: pilot=FILE"),
    (
        (PRICE, "pilot=no${x}.csv"),
        "no${x}.csv: no such file; need CSV, TSV, JSON lines, JSON, parquet or a log of Inspect",
    ),
    ((PRICE, "--fast"), "--fast: no such option; need KEY=VALUE (python -m sim recommend --help)"),
    ((PRICE, "prise=1"), "prise: no such key; `python -m sim recommend --help` lists them"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=[" ".join(a) or "nothing" for a, _ in REFUSED])
def test_bad_input_is_one_sentence_and_exit_code_2(command, tmp_path, arguments, sentence):
    code, out, err = command("pilot=pilot.csv", *arguments)
    assert (code, out, err) == (2, "", f"sim recommend: {sentence}\n")
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(("key", "name"), [("pilot", "table.csv"), ("pilot", "problems.csv"), ("against", "table.csv")])
def test_what_is_read_is_never_written_over(command, tmp_path, key, name):
    own = tmp_path / "own" / name
    own.parent.mkdir()
    own.write_bytes(before := (tmp_path / "strong.csv").read_bytes())
    read = f"{key}=own/{name}"
    code, _, err = command("pilot=pilot.csv", PRICE, "against_price=1", "against=strong.csv", read, "output=own")
    assert (code, err) == (2, f"sim recommend: output: need a folder where {read} is not written over, got own\n")
    assert own.read_bytes() == before and list(own.parent.iterdir()) == [own]


@pytest.mark.seldom(0)
def test_tokens_of_the_second_model_have_prices_of_their_own(command, tmp_path):
    """An attempt of 1000 + 500 tokens at 1 and 4 a million costs 0.003; lengths are those of the first model."""
    cost = {"prompt_price": 0.1, "completion_price": 0.4, "prompt": 1000, "completion": 500}
    first = [f"cost.tokens.{name}={value}" for name, value in cost.items()]
    second = ("against.tokens.prompt_price=1", "against.tokens.completion_price=4")
    found = []
    for own in (second, ("against.price=0.003",)):
        code, out, _ = command("pilot=pilot.csv", *first, "against=strong.csv", *own, "output=found", "figure=false")
        assert code == 0
        found.append((out, (tmp_path / "found" / "models.csv").read_text()))
    assert found[0] == found[1]
    command("pilot=pilot.csv", *first, "against=strong.csv", *second, "against.tokens.completion=600", "output=found")
    assert (tmp_path / "found" / "models.csv").read_text() != found[0][1]


def test_an_answer_without_figures_leaves_none_of_the_one_before(command, tmp_path):
    command("pilot=pilot.csv", PRICE, "output=found")
    kept = tmp_path / "found" / "mine.png"
    kept.touch()
    command("pilot=pilot.csv", PRICE, "output=found", "figure=false")
    assert [path.name for path in (tmp_path / "found").glob("*.[ps][nv]g")] == ["mine.png"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("1", "-1"), "weighed.csv, line 3: need a weight of at least 0, got '-1'"),
        (("1", "much"), "weighed.csv, line 3: need a weight of at least 0, got 'much'"),
        (("0", "0"), "weighed.csv: need a weight above 0, got none"),
    ],
)
def test_weights_that_are_none_are_refused(command, tmp_path, cells, words):
    rows = [f"{name},10,{c},{cell}" for name, c, cell in zip("ab", (3, 1), cells, strict=True)]
    (tmp_path / "weighed.csv").write_text("problem,attempts,successes,weight\n" + "\n".join(rows) + "\n")
    code, out, err = command("pilot=weighed.csv", PRICE)
    assert (code, out, err) == (2, "", f"sim recommend: {words}\n")


def test_without_a_pilot_it_asks_for_one(command):
    code, _, err = command(PRICE)
    assert (code, err) == (2, "sim recommend: pilot: need a file of problems, attempts and successes: pilot=FILE\n")


def test_help_shows_every_key(command):
    code, out, _ = command("--help")
    assert code == 0
    for key in ("pilot:", "paid: parallel", "tokens:", "verifier:", "latency:", "budget:", "against:", "language: en"):
        assert key in out


def test_no_jax_is_loaded(command, tmp_path):
    code = (
        "import sys; from sim.app.reports import recommend; "
        f"recommend.main(['pilot=pilot.csv', '{PRICE}', 'output=found', 'figure=false']); print('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.splitlines()[-1] == "False"
