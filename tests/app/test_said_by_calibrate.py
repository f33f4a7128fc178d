"""Every number that calibrate says or writes is the one that its record holds under that name."""

import contextlib
import csv
import io
import itertools
import json

import numpy as np
import pytest

from sim.app.reports import calibrate
from sim.app.reports.words.calibrate import EN, JA
from sim.calibration import ansatz, prediction
from sim.calibration import calibrate as found_by
from sim.calibration.quantities import SUCCESS, Quantiles
from sim.judging import estimators
from tests.app import said

pytestmark = pytest.mark.usefixtures("remembered")

ENDS = "low90", "low50", "median", "high50", "high90"


def answer(folder, rows, header, *arguments):
    """(record, lines said, folder written) of one run."""
    with (folder / "pilot.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    kept, own, out = [], calibrate._write, io.StringIO()

    def write(where, found, *rest):
        kept.extend(found)
        own(where, found, *rest)

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(calibrate, "_write", write)
        said.remember_posteriors(patch)
        assert calibrate.main([f"pilot={folder / 'pilot.csv'}", f"output={folder}", "figure=false", *arguments]) == 0
    (record,) = kept
    return record, out.getvalue().splitlines(), folder


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """60 problems, 100 attempts each, a number in the table, but 150 at one of them."""
    generator = np.random.default_rng(0)
    made = [100] * 59 + [150]
    won = generator.binomial(made, generator.beta(0.35, 5.0, 60))
    rows = [(f"p{i}", m, c) for i, (m, c) in enumerate(zip(made, won, strict=True))]
    return answer(
        tmp_path_factory.mktemp("counted"),
        rows,
        ("problem", "attempts", "successes"),
        "backtest.repeats=2",
        "attempts.max=10000",
    )


@pytest.fixture(scope="module")
def ordered(tmp_path_factory):
    """40 problems, 60 attempts each, of which some 40 % repeat the one before."""
    generator = np.random.default_rng(0)
    rows = []
    for problem, success in enumerate(generator.beta(0.5, 1.5, 40)):
        outcome = generator.random() < success
        for attempt in range(60):
            outcome = outcome if attempt and generator.random() < 0.4 else generator.random() < success
            rows.append((problem, attempt, int(outcome)))
    return answer(
        tmp_path_factory.mktemp("ordered"),
        rows,
        ("problem", "attempt", "outcome"),
        "attempts.max=300",
        "backtest.repeats=0",
    )


def columns(one):
    """What table.csv is to hold."""
    pilot, ks = one.pilot, one.attempts
    inside = ks <= pilot.attempts.min()
    each = estimators.pass_at_k(ks[inside], pilot.attempts, pilot.successes)
    nothing = [None] * np.count_nonzero(~inside)
    stderr = each.std(axis=1, ddof=1) / np.sqrt(len(pilot.attempts))
    expected = {"model": [pilot.name] * len(ks), "attempts": ks}
    expected |= {"observed": [*each.mean(axis=1), *nothing], "observed_stderr": [*stderr, *nothing]}
    for place, end in enumerate(ENDS):
        expected |= {end: one.these.quantiles[:, place], f"new_{end}": one.new.quantiles[:, place]}
        every = one.quantities.reliability
        expected |= {f"reliability_{end}": every.these[:, place], f"new_reliability_{end}": every.new[:, place]}
    return expected | one.others


def shares(one):
    """What shares.csv is to hold."""
    cover, never = one.quantities.cover, one.quantities.never
    kinds = ["at least"] * 5 + ["never"]
    expected = {"model": [one.pilot.name] * 6, "share": kinds, "success": [*SUCCESS, 0.0]}
    for place, end in enumerate(ENDS):
        expected |= {end: [*cover.these[:, place], never.these[0, place]]}
        expected |= {f"new_{end}": [*cover.new[:, place], never.new[0, place]]}
    return expected


@pytest.mark.parametrize(("name", "expected"), [("table.csv", columns), ("shares.csv", shares)])
@pytest.mark.parametrize("which", ["counted", "ordered"])
def test_every_column_holds_what_the_record_holds(request, which, name, expected):
    one, _, folder = request.getfixturevalue(which)
    table, wanted = said.read(folder / name), expected(one)
    assert set(table) == set(wanted)
    for column, cells in table.items():
        said.assert_column(cells, wanted[column])


@pytest.mark.parametrize("which", ["counted", "ordered"])
def test_quantiles_ascend_and_these_problems_are_known_better_than_new_ones(request, which):
    """By the table, within the pilot, where the counts of these problems say most."""
    one, _, folder = request.getfixturevalue(which)
    table = {name: np.array([float(cell or "nan") for cell in cells])
             for name, cells in said.read(folder / "table.csv").items() if name != "model"}  # fmt: skip
    for prefix in ("", "new_", "reliability_", "new_reliability_"):
        ends = np.stack([table[prefix + end] for end in ENDS])
        assert (np.diff(ends, axis=0) >= 0).all() and (ends[-1] > ends[0]).any()
    last = list(table["attempts"]).index(max(k for k in table["attempts"] if k <= one.pilot.attempts.min()))
    for quantity in ("", "reliability_"):
        width, wider = (table[f"{of}{quantity}high90"] - table[f"{of}{quantity}low90"] for of in ("", "new_"))
        row = last if quantity == "" else 0
        assert wider[row] > 1.2 * width[row]
    cover = said.read(folder / "shares.csv")
    width, wider = (float(cover[f"{of}high90"][1]) - float(cover[f"{of}low90"][1]) for of in ("", "new_"))
    assert wider > 1.2 * width  # s >= 0.1


@pytest.mark.parametrize("which", ["counted", "ordered"])
def test_the_verdict_holds_what_the_record_holds(request, which):
    one, _, folder = request.getfixturevalue(which)
    (verdict,) = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    quantities, test, back = one.quantities, one.test, one.backtest

    def both(told, row):
        return {
            "these_problems": dict(zip(ENDS, told.these[row], strict=True)),
            "new_problems": dict(zip(ENDS, told.new[row], strict=True)),
        }

    def inside(low, high):
        rows = zip(low, high, strict=True)
        return np.mean([a <= x <= b for row in rows for a, b, x in zip(*row, back.observed, strict=True)])

    parameters = {
        name: dict(zip(("low", "middle", "high"), getattr(one.parameters, name), strict=True))
        for name in ("ceiling", "alpha", "beta")
    }
    backtest = back and {
        "shown": back.shown, "inside_90": inside(back.low, back.high), "inside_50": inside(back.lower, back.upper)
    }  # fmt: skip
    assert verdict == {
        "model": one.pilot.name,
        "verdict": test.verdict,
        "p_value": test.p_value,
        "tests": {"shape": {"p_value": test.shape.p_value, "statistic": test.shape.statistic},
                  "order": test.order and test.order._asdict()},
        "attempts": one.attempts[-1],
        "pass_at_k": one.these.quantiles[-1, 2],
        "these_problems": dict(zip(ENDS, one.these.quantiles[-1], strict=True)),
        "new_problems": dict(zip(ENDS, one.new.quantiles[-1], strict=True)),
        "under_a_wider_prior": dict(zip(ENDS, one.wide.quantiles[-1], strict=True)),
        "kinds_of_law": one.posterior.shares,
        "effective_draws": one.posterior.effective,
        "reliability": both(quantities.reliability, -1),
        "cover": {f"{tau:g}": both(quantities.cover, row) for row, tau in enumerate(SUCCESS)},
        "never": both(quantities.never, 0),
        "effective": test.effective and {"attempts": test.attempts, "independent": test.effective},
        "cannot_tell": [reason for reason, _ in one.reasons],
        "parameters": parameters | {"correlation_of_ceiling_and_beta": one.parameters.correlation},
        "backtest": backtest,
        "against": None,
    }  # fmt: skip


def test_the_sentences_say_what_the_verdict_holds(counted):
    _, lines, folder = counted
    (verdict,) = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    these, new, never = verdict["these_problems"], verdict["new_problems"], verdict["never"]["these_problems"]
    assert abs(these["low90"] - new["low90"]) > 0.01  # so that one said for the other would be seen
    assert len(lines) == 4 and lines[-1] == f"written: {folder / 'report.html'}"
    said.assert_says(
        lines[0],
        "{} attempts a problem would solve about {%} % of these problems (90 % interval {%} % to {%} %).",
        *(verdict["attempts"], verdict["pass_at_k"], these["low90"], these["high90"]),
    )
    said.assert_says(lines[1], "The memorising model fits this pilot (p = {}, by simulation).", verdict["p_value"])
    if never["high90"] > 0:
        out_of_reach = "Between {%} and {%} % of these problems may be out of reach (90 % interval)."
        said.assert_says(lines[2], out_of_reach, never["low90"], never["high90"])
    else:
        assert lines[2] == "None of these problems is likely to be out of reach."
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert said.sentence(report) == lines[0].replace("\u00a0", " ")
    paragraphs, _ = said.sections(report)["How coverage grows"]
    assert paragraphs[:2] == [line.replace("\u00a0", " ") for line in lines[1:3]]


def test_problems_out_of_reach_are_those_of_the_pilot_and_not_new_ones(counted):
    never = Quantiles(np.array([[0.1, 0.12, 0.15, 0.2, 0.3]]), np.array([[0.2, 0.25, 0.3, 0.4, 0.5]]))
    one = counted[0]._replace(quantities=counted[0].quantities._replace(never=never))
    out_of_reach = "Between {%} and {%} % of these problems may be out of reach (90 % interval)."
    said.assert_says(calibrate._said(one, EN)[-1], out_of_reach, 0.1, 0.3)
    assert calibrate._said(one, JA)[-1].startswith("これらの問題のうち 10\u00a0% ~ 30\u00a0% は")
    shown = calibrate._verdict(one, None)["never"]
    assert [shown[kind]["high90"] for kind in ("these_problems", "new_problems")] == [0.3, 0.5]


def test_repeated_attempts_are_said_to_be_worth_fewer(ordered):
    _, lines, folder = ordered
    (verdict,) = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    worth, order = verdict["effective"], verdict["tests"]["order"]
    assert worth["attempts"] == 60 and worth["independent"] == ansatz.effective(60, order["repeats"])
    said.assert_says(
        lines[1], "The memorising model does not fit this pilot (p = {}, by simulation).", verdict["p_value"]
    )
    said.assert_says(
        lines[2],
        "Attempts repeat each other: for estimating a share of successes, {} attempts carry about as much as {} "
        "independent ones. The intervals assume independent attempts and are too narrow.",
        *(worth["attempts"], worth["independent"]),
    )
    paragraphs, _ = said.sections((folder / "report.html").read_text(encoding="utf-8"))["Does the model fit?"]
    said.assert_says(
        paragraphs[0],
        "Spread of the counts over problems: p = {}. Points: problems with that share of successes; lines: as many as "
        "the fitted model expects; boxes: 90 % of the pilots simulated from it. Order of outcomes: p = {}; outcomes "
        "change {%}% less often than those of independent attempts ({} problems).",
        *(verdict["tests"]["shape"]["p_value"], order["p_value"], order["repeats"], order["problems"]),
    )


def test_every_table_of_the_report_shows_columns_of_the_files(counted):
    one, _, folder = counted
    sections = said.sections((folder / "report.html").read_text(encoding="utf-8"))
    table, wanted = columns(one), shares(one)
    near = [calibrate.pilots.near_round(k, 0.04) for k in one.attempts]
    chosen = lambda name: [value for value, kept in zip(table[name], near, strict=True) if kept]  # noqa: E731
    rare = lambda name: [value if value >= 1e-6 else 0.0 for value in chosen(name)]  # noqa: E731
    expected = {
        "How coverage grows": {
            "attempts k": chosen("attempts"), "pilot": chosen("observed"), "standard error": chosen("observed_stderr"),
            "pass@k": chosen("median"), "5 %": chosen("low90"), "95 %": chosen("high90"),
            "new problems, 5 %": chosen("new_low90"), "new problems, 95 %": chosen("new_high90"),
        },
        "How often all attempts succeed": {
            "attempts k": chosen("attempts"), "pass@k": chosen("median"),
            "pass^k, 50 %": rare("reliability_median"), "pass^k, 5 %": rare("reliability_low90"),
            "pass^k, 95 %": rare("reliability_high90"), "new problems, 50 %": rare("new_reliability_median"),
            "new problems, 5 %": rare("new_reliability_low90"),
            "new problems, 95 %": rare("new_reliability_high90"),
        },
        "How hard the problems are": {
            "success probability": [*(f"at least {tau:g}" for tau in SUCCESS), "none: out of reach"],
            "50 %": wanted["median"], "5 %": wanted["low90"], "95 %": wanted["high90"],
            "new problems, 50 %": wanted["new_median"], "new problems, 5 %": wanted["new_low90"],
            "new problems, 95 %": wanted["new_high90"],
        },
        "Ceiling and exponent, together": {
            "parameter": ["ceiling A", "alpha", "exponent beta"],
            **{name: [getattr(one.parameters, own)[place] for own in ("ceiling", "alpha", "beta")]
               for place, name in enumerate(("5 %", "50 %", "95 %"))},
        },
        "What the forecast depends on": {
            "kind of law": [EN["kinds"][name] for name in one.posterior.shares],
            "probability": list(one.posterior.shares.values()),
        },
        "Does the model fit?": {}, "Backtest": {}, "Assumptions": {},
    }  # fmt: skip
    assert set(sections) == set(expected)
    for heading, columns_of in expected.items():
        _, shown = sections[heading]
        assert list(shown) == list(columns_of)
        for name, cells in shown.items():
            said.assert_column(cells, columns_of[name], digits=4)


def test_a_backtest_is_of_parts_of_the_pilot_and_says_how_often_its_intervals_held(counted):
    one, _, folder = counted
    back, pilot = one.backtest, one.pilot
    assert (back.shown, back.attempts[-1]) == (10, 100) and back.point.shape == (2, len(back.attempts))
    exact = estimators.pass_at_k(back.attempts, pilot.attempts, pilot.successes).mean(axis=1)
    np.testing.assert_allclose(back.observed, exact)
    for inner, outer in itertools.pairwise((back.low, back.lower, back.upper, back.high)):
        assert (inner <= outer).all() and (inner < outer).any()
    (verdict,) = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    paragraphs, _ = said.sections((folder / "report.html").read_text(encoding="utf-8"))["Backtest"]
    assert verdict["backtest"]["inside_50"] < verdict["backtest"]["inside_90"]
    said.assert_says(
        paragraphs[0],
        "Pilots of {} attempts a problem, drawn from this one, were used to predict the rest of it. {%} % of the "
        "90 % intervals contained what was observed, and {%} % of the 50 % intervals.",
        *(10, verdict["backtest"]["inside_90"], verdict["backtest"]["inside_50"]),
    )


def test_the_interval_under_a_wider_prior_is_said_beside_the_own_one(counted):
    """Here that of new problems, as if it were, so that the two differ."""
    one = counted[0]._replace(wide=counted[0].new)
    verdict = calibrate._verdict(one, None)
    own, wide = verdict["these_problems"], verdict["under_a_wider_prior"]
    assert wide == verdict["new_problems"] != own
    (part,) = [part for part in calibrate._parts(one, calibrate._table(one), {}, EN) if part.heading == EN["rests"]]
    said.assert_says(
        part.paragraphs[0],
        "Three kinds of law share the posterior, by how well each predicts the counts. With a prior twice as wide the "
        "90 % interval for {} attempts is {%} % to {%} % instead of {%} % to {%} %: if the two differ much, the "
        "answer depends on the prior.",
        *(verdict["attempts"], wide["low90"], wide["high90"], own["low90"], own["high90"]),
    )


def test_intervals_of_a_backtest_are_counted_each_by_its_own_ends():
    ends = [np.array([own]) for own in ([0.1, 0.1, 0.1, 0.1], [0.9, 0.9, 0.9, 0.9], [0.4, 0.4, 0.4, 0.4], [0.6] * 4)]
    back = found_by.Backtest(10, np.arange(4), np.zeros((1, 4)), *ends, np.array([0.05, 0.2, 0.5, 0.45]))
    assert calibrate._tested(back) == {"shown": 10, "inside_90": 0.75, "inside_50": 0.5}


def test_a_pilot_that_cannot_tell_says_its_ends_and_why(counted):
    one, _, _ = counted
    unsure = one._replace(reasons=[("solved", 1), ("factor", (0.2, 0.9))])
    these = one.these.quantiles[-1]
    said.assert_says(
        calibrate._sentence(unsure, EN),
        "this pilot cannot tell what {} attempts a problem would solve: anything from {%} % to {%} % (90 % interval). "
        "Only {} of its problems was solved at all. The interval spans a factor of {}.",
        *(one.attempts[-1], these[0], these[-1], 1, 4.5),
    )


@pytest.mark.parametrize("which", ["counted", "ordered"])
def test_both_languages_have_the_same_words_tables_and_numbers(request, which):
    assert set(EN) == set(JA) and set(EN["headings"]) == set(JA["headings"])
    one, _, _ = request.getfixturevalue(which)
    unsure = one._replace(reasons=[("solved", 2), ("factor", (0.2, 0.9))])
    for record in (one, unsure):
        english, japanese = (calibrate._lines([record], words) for words in (EN, JA))
        for line, other in zip(english, japanese, strict=True):
            assert said.numbers(line) == said.numbers(other.replace("1問", "").replace("一度", "")), (line, other)
    table = calibrate._table(one)
    for first, second in zip(*(calibrate._parts(one, table, {}, words) for words in (EN, JA)), strict=True):
        assert len(first.paragraphs) == len(second.paragraphs)
        shapes = [[len(cells) for cells in (part.columns or {}).values()] for part in (first, second)]
        assert shapes[0] == shapes[1]


def test_levels_of_intervals_are_those_of_their_names():
    assert prediction.LEVELS == (0.05, 0.25, 0.5, 0.75, 0.95)
