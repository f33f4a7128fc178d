"""Every number that recommend says or writes is the one that its record holds under that name; what is said first."""

import contextlib
import io
import itertools
import json

import numpy as np
import pytest
from scipy import stats

from sim.app.reports import pilots, recommend, recommended
from sim.app.reports.words.recommend_en import WORDS as EN
from sim.app.reports.words.recommend_ja import WORDS as JA
from tests.app import said

pytestmark = pytest.mark.usefixtures("remembered")

PRICE = "cost.price=0.001"
CASES = {
    "plain": ("pilot.csv", PRICE, "latency.seconds=2", "latency.slots=8", "cost.flops=1e12"),
    "new": ("weighed.csv", PRICE, "problems=new", "verifier.false_accept=0.001", "cost.wrong=0.5"),
    "budget": ("weighed.csv", PRICE, "paid=sequential", "budget.total=1.5"),
    "all": ("weighed.csv", PRICE, "against=strong.csv", "against_price=0.002", "budget.total=1.5"),
    "suite": ("weighed.csv", PRICE, "budget.total=30", "budget.problems=1000"),
    "dear": ("pilot.csv", PRICE, "against=strong.csv", "against_price=0.02"),
    "misfit": ("two_scales.csv", PRICE),
    "unsure": ("poor.csv", PRICE, "budget.total=1"),
    "repeated": ("repeated.csv", PRICE),
    "none": ("pilot.csv", "cost.price=2"),
}
KINDS = "these_problems", "new_problems"


def write(path, columns):
    path.write_text("\n".join(",".join(map(str, row)) for row in columns) + "\n", encoding="utf-8")


def files(folder):
    generator = np.random.default_rng(0)
    won = np.round(100 * stats.beta(0.35, 5).ppf((np.arange(60) + 0.5) / 60)).astype(int)
    names = [f"p{i}" for i in range(60)]
    head = ("problem", "attempts", "successes")
    write(folder / "pilot.csv", [head, *((n, 100, c) for n, c in zip(names, won, strict=True))])
    write(folder / "strong.csv", [head, *((n, 100, min(100, 3 * c + 2)) for n, c in zip(names, won, strict=True))])
    rows = ((n, 100, c, 3 if c == 0 else 0.5) for n, c in zip(names, won, strict=True))
    write(folder / "weighed.csv", [(*head, "weight"), *rows])
    both = np.where(np.arange(90) % 2, generator.beta(2.0, 0.2, 90), generator.beta(0.35, 5.0, 90))
    won = generator.binomial(100, both)
    write(folder / "two_scales.csv", [head, *((i, 100, c) for i, c in enumerate(won))])
    write(folder / "poor.csv", [head, *((i, 100, 2 * (i == 7)) for i in range(20))])
    rows, outcome = [], False
    for problem, attempt in itertools.product(range(30), range(50)):
        success = (problem + 1) / 60
        outcome = outcome if attempt and generator.random() < 0.4 else generator.random() < success
        rows.append((problem, attempt, int(outcome)))
    write(folder / "repeated.csv", [("problem", "attempt", "outcome"), *rows])


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """name of a case -> (record, what was asked, lines said, verdict, folder), each run once."""
    folder, kept = tmp_path_factory.mktemp("recommend"), {}
    files(folder)

    def answer(name):
        if name not in kept:
            kept[name] = _answer(folder, name)
        return kept[name]

    return answer


def _answer(folder, name):
    pilot, *arguments = CASES[name]
    taken, own, out = [], recommended.write, io.StringIO()

    def spied(where, found, asked, *rest):
        taken.append((*found, asked))
        own(where, found, asked, *rest)

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.chdir(folder)
        patch.setattr(recommended, "write", spied)
        said.remember_posteriors(patch)
        assert recommend.main([f"pilot={pilot}", f"output={name}", "figure=false", *arguments]) == 0
    ((one, asked),) = taken
    (verdict,) = json.loads((folder / name / "verdict.json").read_text(encoding="utf-8"))
    return one, asked, out.getvalue().splitlines()[:-1], verdict, folder / name


# What is written ------------------------------------------------------------------------------------------------------


def payoff(one):
    expected = {"attempts": one.curves.attempts, "price": [one.curves.price] * len(one.curves.attempts)}
    for name in ("solved", "cost", "net", "gain"):
        middle, low, high = getattr(one.curves, name)
        expected |= {name: middle, f"{name}_low": low, f"{name}_high": high}
    middle, low, high = one.weights.curve if one.weights else [[None] * len(one.curves.attempts)] * 3
    return expected | {"weighted": middle, "weighted_low": low, "weighted_high": high}


def staged(one):
    own = one.stages._asdict()
    return own | {"price": [one.stages.price] * len(one.stages.attempts)}


def unsolved(one):
    own = one.updates
    return {
        "attempts": own.attempts, "problems": own.problems, "success": own.success, "success_low": own.low,
        "success_high": own.high, "further": own.further, "solved": own.solved, "cost": own.cost,
    }  # fmt: skip


def compared(one):
    rows = one.rivals.rows
    expected = {name: [getattr(row, name) for row in rows] for name in ("what", "attempts", "solved", "cost", "net")}
    return expected | {"which": [("first", "second")[row.model] for row in rows]}


@pytest.mark.parametrize("name", ["plain", "new", "budget", "all"])
def test_every_column_holds_what_the_record_holds(answers, name):
    one, *_, folder = answers(name)
    tables = {"table": payoff, "stages": staged, "problems": unsolved} | ({"models": compared} if one.rivals else {})
    for file, expected in tables.items():
        table, wanted = said.read(folder / f"{file}.csv"), expected(one)
        assert set(table) == set(wanted) | {"model"}
        for column in wanted:
            said.assert_column(table[column], wanted[column])


def decision(one, weighted=None):
    own = {
        name: getattr(one, name) for name in ("attempts", "low", "high", "best_low", "best_high", "regret", "capped")
    }
    for name, middle in (("solved", "median"), ("wrong", "median"), ("cost", "mean"), ("net", "mean")):
        told = getattr(one, name)
        own[name] = {middle: getattr(told, middle), "low": told.low, "high": told.high}
    share = weighted and {"median": weighted.median, "low": weighted.low, "high": weighted.high}
    return own | {"regret_share": one.share, "weighted": share}


@pytest.mark.parametrize("name", [name for name in CASES if name != "none"])
def test_the_verdict_holds_what_the_record_holds(answers, name):
    one, asked, _, verdict, _ = answers(name)
    weights, plan, bought = one.weights, one.stages, one.allotment
    steps = np.diff(plan.attempts, prepend=0)
    seconds = asked.seconds and asked.seconds * np.ceil(steps / asked.slots).sum()
    compared = ("better", "gain", "rows")  # what else is said of both: test_against.py
    against = verdict["against"] and {key: verdict["against"][key] for key in compared}
    assert verdict | {"against": against} == {
        "model": "",
        "verdict": "cannot tell" if name == "unsure" else "recommended",
        "cannot_tell": [reason for reason, _ in one.reasons],
        "test": {"verdict": one.test.verdict, "p_value": one.test.p_value},
        "leads": recommended.leads(one, asked),
        "problems": "new" if name == "new" else "these",
        "attempts": (one.new if name == "new" else one.these).attempts,
        "these_problems": decision(one.these, weights and weights.own),
        "new_problems": decision(one.new),
        "stages": plan.attempts.tolist(),
        "staged": {
            "solved": plan.solved[-1], "weighted": weights.stages[-1] if weights and name != "new" else None,
            "cost": plan.cost[-1], "net": one.stages_net, "seconds": seconds,
        },
        "budget": bought and {
            "problems": bought.problems, "solved": bought.solved, "weighted": weights and weights.budget,
            "cost": bought.cost, "hazard": bought.hazard, "binds": bought.binds,
            "attempts": bought.attempts.tolist(), "of_problems": bought.size.tolist(),
        },
        "against": one.rivals and {
            "better": one.rivals.better, "gain": one.rivals.gain, "rows": [row._asdict() for row in one.rivals.rows],
        },
        "better_model": dict(zip(("1", "10", "100", "1000"), one.needed, strict=True)),
        "seconds": asked.seconds and asked.seconds * np.ceil(one.own.attempts / asked.slots),
        "flops": asked.flops and pytest.approx(asked.flops * one.own.attempts),
    }  # fmt: skip


def test_these_problems_are_known_better_than_new_ones_and_the_own_ones_are_those_asked_for(answers):
    for name in ("plain", "new"):
        one, _, _, verdict, _ = answers(name)
        these, new = (verdict[kind]["solved"]["high"] - verdict[kind]["solved"]["low"] for kind in KINDS)
        assert new > 1.1 * these
        assert one.own is (one.new if name == "new" else one.these)
        table = {row: place for place, row in enumerate(one.curves.attempts)}[one.own.attempts]
        for told in ("solved", "cost", "net"):
            np.testing.assert_allclose([end[table] for end in getattr(one.curves, told)], getattr(one.own, told))


def test_weighted_shares_are_those_of_the_weights(answers):
    """The problems never solved weigh most, so that less of the weight is solved than of the problems."""
    for name in ("budget", "all"):
        one, _, _, verdict, _ = answers(name)
        for weighted, plain in (
            (verdict["these_problems"]["weighted"]["median"], verdict["these_problems"]["solved"]["median"]),
            (verdict["staged"]["weighted"], verdict["staged"]["solved"]),
            (verdict["budget"]["weighted"], verdict["budget"]["solved"]),
        ):
            assert 0 < weighted < plain - 0.1
        assert (one.weights.curve.low <= one.weights.curve.median).all()
    _, _, _, verdict, _ = answers("suite")
    assert verdict["budget"]["weighted"] is None and verdict["these_problems"]["weighted"]


# What is said ---------------------------------------------------------------------------------------------------------

STAGES = "try {} times, check after each stage, continue with unsolved problems: "
PLAIN = "attempts a problem (anything from {} to {} is within 1 % of the best): about {%} % ({%} % to {%} %)"
WEIGHT = " of problems and {%} % ({%} % to {%} %) of their weight"


def steps(verdict):
    """The steps of the plan as they are said, and a template of them."""
    return np.diff(verdict["stages"], prepend=0), STAGES.format(" + ".join("{}" for _ in verdict["stages"]))


def assert_stand_first(folder, lines):
    """At the head of the report, and below it."""
    report = (folder / "report.html").read_text(encoding="utf-8")
    head, *rest = (line.replace("\u00a0", " ") for line in lines)
    assert said.sentence(report) == head
    assert said.sections(report)["Where another attempt stops paying"][0][: len(rest)] == rest


def forgoes(own):
    """What deciding now costs, as it is said, and the values of its places."""
    if own["regret_share"] < 0.001:
        return "deciding on this pilot alone forgoes less than 0.1 % of the achievable value.", ()
    return "deciding on this pilot alone forgoes about {%} % of the achievable value.", (own["regret_share"],)


def plain(own):
    return own["attempts"], own["low"], own["high"], *own["solved"].values()


def test_stages_that_are_better_come_first_and_then_all_attempts_at_once(answers):
    _, _, lines, verdict, folder = answers("plain")
    these, new, (made, template) = verdict["these_problems"], verdict["new_problems"], steps(verdict)
    assert verdict["leads"] == ["stages"]
    net = verdict["staged"]["net"]
    assert net > 1.01 * these["net"]["mean"]
    rest, share = forgoes(these)
    said.assert_says(
        lines[0],
        f"In stages: {template}{{%}} % solved for {{}} USD a problem, {{}} USD a problem better than all attempts at "
        "once.",
        *(*made, verdict["staged"]["solved"], verdict["staged"]["cost"], net - these["net"]["mean"]),
    )
    said.assert_says(
        lines[1],
        f"All attempts at once: pay for {{}} {PLAIN} solved for {{}} USD a problem; {rest}",
        *(*plain(these), these["cost"]["mean"], *share),
    )
    assert abs(these["solved"]["low"] - new["solved"]["low"]) > 0.01  # so that one said for the other would be seen
    said.assert_says(
        lines[2],
        "New problems of the same kind: {} attempts, {%} % ({%} % to {%} %) solved.",
        *(new["attempts"], *new["solved"].values()),
    )
    said.assert_says(
        lines[3],
        "A better model, asked once, is worth as much as the best number of attempts if it solves {%} % at the price "
        "of one of them; one that solves every problem is worth up to {} USD.",
        *(verdict["better_model"]["1"], 1 - these["net"]["mean"]),
    )
    assert verdict["better_model"]["1"] == pytest.approx(these["net"]["mean"] + 0.001)
    said.assert_says(
        lines[4], "A problem takes up to {} s, in stages up to {} s.", verdict["seconds"], verdict["staged"]["seconds"]
    )
    said.assert_says(lines[5], "It takes {} FLOPs a problem on average.", verdict["flops"])
    assert_stand_first(folder, lines[:2])


def test_a_budget_comes_first_and_with_weights_both_shares_are_said(answers):
    _, _, lines, verdict, _ = answers("budget")
    budget, these, new, (made, template) = (
        *(verdict[name] for name in ("budget", "these_problems", "new_problems")), steps(verdict),
    )  # fmt: skip
    assert verdict["leads"] == ["budget"]
    rest, share = forgoes(these)
    said.assert_says(
        lines[0],
        "A budget of 1.50 USD for {} problems buys more attempts where the next one solves with a probability of at "
        "least {}: {%} % of problems and {%} % of their weight solved for {} USD.",
        *(60, budget["hazard"], budget["solved"], budget["weighted"], budget["cost"]),
    )
    said.assert_says(
        lines[1],
        "Without a budget: try a problem up to {} times, until an answer is accepted (anything from {} to {} is within "
        f"1 % of the best): about {{%}} % ({{%}} % to {{%}} %){WEIGHT} solved for {{}} USD a problem; {rest}",
        *(*plain(these), *these["weighted"].values(), these["cost"]["mean"], *share),
    )
    said.assert_says(
        lines[2],
        "New problems of the same kind: {} attempts, {%} % ({%} % to {%} %) of problems, all counted alike, solved.",
        *(new["attempts"], *new["solved"].values()),
    )
    said.assert_says(
        lines[3],
        f"In stages: {template}{{%}} % of problems and {{%}} % of their weight solved for {{}} USD a problem.",
        *(*made, verdict["staged"]["solved"], verdict["staged"]["weighted"], verdict["staged"]["cost"]),
    )


def test_budget_better_model_and_stages_come_first_in_this_order(answers):
    _, _, lines, verdict, folder = answers("all")
    budget, these, (first, second, *_) = verdict["budget"], verdict["these_problems"], verdict["against"]["rows"]
    made, template = steps(verdict)
    assert verdict["leads"] == ["budget", "rivals", "stages"] and second["net"] > first["net"]
    rest, share = forgoes(these)
    said.assert_says(
        lines[0],
        "A budget of 1.50 USD for {} problems buys {} attempts each: {%} % of problems and {%} % of their weight "
        "solved for {} USD.",
        *(60, *budget["attempts"], budget["solved"], budget["weighted"], budget["cost"]),
    )
    said.assert_says(
        lines[1],
        "Without a budget: the second model is the better buy (probability {%} %): each at its best number of "
        "attempts, the first solves {%} % with {} attempts for {} USD a problem, the second {%} % with {} attempts "
        "for {} USD; net {} USD against {} USD. Shares of this comparison count all problems alike.",
        *(verdict["against"]["better"], first["solved"], first["attempts"], first["cost"]),
        *(second["solved"], second["attempts"], second["cost"], first["net"], second["net"]),
    )
    said.assert_says(
        lines[2],
        f"Without a budget, with the first model, in stages: {template}{{%}} % of problems and {{%}} % of their weight "
        "solved for {} USD a problem, {} USD a problem better than all attempts at once.",
        *(*made, verdict["staged"]["solved"], verdict["staged"]["weighted"], verdict["staged"]["cost"]),
        verdict["staged"]["net"] - these["net"]["mean"],
    )
    said.assert_says(
        lines[3],
        f"Without a budget, with the first model, all attempts at once: pay for {{}} {PLAIN}{WEIGHT} solved for {{}} "
        f"USD a problem; {rest}",
        *(*plain(these), *these["weighted"].values(), these["cost"]["mean"], *share),
    )
    assert_stand_first(folder, lines[:4])


def test_new_problems_have_no_weights_and_it_is_said(answers):
    _, _, lines, verdict, _ = answers("new")
    these, new = verdict["these_problems"], verdict["new_problems"]
    rest, share = forgoes(new)
    said.assert_says(
        lines[1],
        f"All attempts at once: pay for {{}} {PLAIN} of problems, all counted alike, solved for {{}} USD a problem; "
        f"{rest}",
        *(*plain(new), new["cost"]["mean"], *share),
    )
    said.assert_says(
        lines[2],
        f"These very problems: {{}} attempts, {{%}} % ({{%}} % to {{%}} %){WEIGHT} solved.",
        *(these["attempts"], *these["solved"].values(), *these["weighted"].values()),
    )


def test_a_model_that_is_no_better_buy_is_not_said_first(answers):
    _, _, lines, verdict, _ = answers("dear")
    assert verdict["leads"] == ["stages"] and verdict["against"]["gain"] < 0
    assert lines[3].startswith("The first model is the better buy (probability ")
    said.assert_says(lines[3].split(":")[0], "The first model is the better buy (probability {%} %)",
                     1 - verdict["against"]["better"])  # fmt: skip


@pytest.mark.parametrize("name", ["misfit", "repeated"])
def test_where_the_model_does_not_fit_it_is_said_first_and_the_answer_goes_on(answers, name):
    one, _, lines, verdict, folder = answers(name)
    assert verdict["test"]["verdict"] == "does not fit" and verdict["verdict"] == "recommended"
    said.assert_says(
        lines[0],
        "The memorising model does not fit this pilot (p = {}); the numbers below come from a posterior that does.",
        verdict["test"]["p_value"],
    )
    assert ("In stages: " in lines[1]) == (name == "misfit")
    if name == "repeated":
        said.assert_says(lines[1].split(":")[1].split(".")[0],
                         " for estimating a share of successes, {} attempts carry about as much as {} independent ones",
                         50, one.test.effective)  # fmt: skip
    before = 1 if name == "misfit" else 2
    assert_stand_first(folder, [" ".join(lines[: before + 1]), *lines[before + 1 : before + 1 + len(verdict["leads"])]])


def test_a_pilot_that_cannot_tell_says_so_before_the_budget(answers):
    _, _, lines, verdict, _ = answers("unsure")
    these = verdict["these_problems"]
    assert verdict["leads"] == [] and lines[0].startswith("This pilot cannot tell how many attempts to pay for")
    assert any(line.startswith("A budget of 1.00 USD") for line in (line.replace("\u00a0", " ") for line in lines[1:]))
    said.assert_says(
        lines[0],
        "This pilot cannot tell how many attempts to pay for: the best number lies anywhere from {} to {} (90 % "
        "interval). Only 1 of its problems was solved at all. Its ends differ by a factor of {}. If it must be decided "
        "now: {} attempts a problem, about {%} % ({%} % to {%} %) solved for {} USD a problem, at a mean loss of {} "
        "USD a problem compared with knowing how hard the problems are.",
        *(these["best_low"], these["best_high"], these["best_high"] / max(these["best_low"], 1), these["attempts"]),
        *(*these["solved"].values(), these["cost"]["mean"], these["regret"]),
    )


def test_where_nothing_pays_nothing_comes_before_it(answers):
    _, _, lines, verdict, _ = answers("none")
    assert verdict["leads"] == [] and verdict["staged"] is None
    assert lines[0].replace("\u00a0", " ") == "Pay for no attempts: at 2.00 USD an attempt, none pays."


# The report -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "budget", "all"])
def test_every_table_of_the_report_shows_columns_of_the_record(answers, name):
    one, _, lines, _, folder = answers(name)
    sections = said.sections((folder / "report.html").read_text(encoding="utf-8"))
    table, both = payoff(one), (one.these, one.new)
    shown = [
        k in (one.own.attempts, one.own.low, one.own.high) or pilots.near_round(k, 0.03) for k in table["attempts"]
    ]
    weighted = {"of all weight": "weighted", "of weight, 5 %": "weighted_low", "of weight, 95 %": "weighted_high"}
    heads = {"attempts k": "attempts", "solved": "solved", "5 %": "solved_low", "95 %": "solved_high"}
    heads |= (weighted if one.weights else {}) | {"cost": "cost", "net value": "net"}
    heads |= {"one more is worth": "gain", "and costs": "price"}
    expected = {
        "Where another attempt stops paying": {head: np.array(table[own])[shown] for head, own in heads.items()},
        "These problems, and new ones": {
            "problems": ["these", "new"],
            **{head: [getattr(own, field) for own in both] for head, field in (
                ("attempts k", "attempts"), ("as good from", "low"), ("to", "high"), ("best, 5 %", "best_low"),
                ("best, 95 %", "best_high"))},
            **{head: [getattr(own.solved, field) for own in both]
               for head, field in (("solved", "median"), ("5 %", "low"), ("95 %", "high"))},
            **({"of all weight": [one.weights.own.median, None]} if one.weights else {}),
            "wrong accepted": [own.wrong.median for own in both],
            "cost": [f"{own.cost.mean:.3g} ({own.cost.low:.3g} - {own.cost.high:.3g})" for own in both],
            "net value": [own.net.mean for own in both], "regret": [own.regret for own in both],
        },
        "The unsolved problems of the pilot": dict(zip(
            ("attempts made", "problems", "success s", "s, 5 %", "s, 95 %", "further attempts", "they solve",
             "they cost"),
            one.updates, strict=True)),
    }  # fmt: skip
    stages = {"attempts k": "attempts", "solved": "solved", "unsolved": "left", "cost": "cost", "hazard": "hazard"}
    own = staged(one)
    stages |= ({"one more is worth": "gain"} if "gain" in own else {}) | {"and costs": "price"}
    expected["In stages"] = {head: own[field] for head, field in stages.items()}
    if one.rivals:
        rows = one.rivals.rows
        use = {"best": "own best", "spend of the other": "at the other's spend", "once": "once",
               "spend of once": "at the spend of the second once"}  # fmt: skip
        expected["Two models"] = {
            "model": [("first", "second")[row.model] for row in rows], "use": [use[row.what] for row in rows],
            "attempts k": [row.attempts for row in rows], "solved": [row.solved for row in rows],
            "cost": [row.cost for row in rows], "net value": [row.net for row in rows],
        }  # fmt: skip
    else:
        expected["Attempts, or a better model?"] = {"times the price": one.factors, "pass@1 needed": one.needed}
    if name == "all":
        expected["The budget"] = {"problems": [60], "attempts k": one.allotment.attempts}
    elif name == "budget":
        _, columns = sections.pop("The budget")
        seen = {f"{c:.0f} / {m:.0f}" for c, m in zip(one.pilot.successes, one.pilot.attempts, strict=True)}
        assert set(columns["successes / attempts"]) <= seen and len(columns["problems"]) == 12
        assert set(map(float, columns["attempts k"])) <= set(one.allotment.attempts)
        won = np.array([float(cell.split(" / ")[0]) for cell in columns["successes / attempts"]])
        size = {c: np.count_nonzero(one.pilot.successes == c) for c in won}
        assert list(map(float, columns["problems"])) == [size[c] for c in won]
    sections.pop("Which of two models solves more", None)  # test_against.py
    assert set(sections) == {*expected, "Assumptions"}
    for heading, columns in expected.items():
        _, shown = sections[heading]
        assert list(shown) == list(columns), heading
        for head, cells in shown.items():
            said.assert_column(cells, columns[head], digits=4)
    flat = "\n".join(lines).replace("\u00a0", " ")
    assert sections["In stages"][0][0].partition(": ")[2] in flat


@pytest.mark.parametrize("name", CASES)
def test_both_languages_have_the_same_words_tables_and_numbers(answers, name):
    assert set(EN) == set(JA) and set(EN["headings"]) == set(JA["headings"])
    one, asked, *_ = answers(name)
    english, japanese = (recommended.lines(one, asked, words) for words in (EN, JA))
    for line, other in zip(english, japanese, strict=True):
        other = other.replace("ありません:1回", "")
        for word in ("1問", "第1", "第2", "1回だけ", "試行1回の", "1回も", "なら、1回", "次の1回", "1 % 以内"):
            other = other.replace(word, "")
        line = line.replace("1\u00a0% of the best", "").replace("Only 1 of its problems", "Only  1 of its problems")
        assert said.numbers(line) == said.numbers(other), (line, other)
    parts = [recommended._parts(one, {}, asked, words) for words in (EN, JA)]
    for first, second in zip(*parts, strict=True):
        assert len(first.paragraphs) == len(second.paragraphs)
        shapes = [[len(cells) for cells in (part.columns or {}).values()] for part in (first, second)]
        assert shapes[0] == shapes[1]
