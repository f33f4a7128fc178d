"""What a run says: every number in its place, with its unit and its digits."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sim.app.runs import adaptive, terminal
from sim.app.runs.dry import Estimate
from sim.draw.budget import BATCH
from sim.draw.cutting import Cut
from sim.experiments.question import Answer
from sim.judging.verdict import Verdict

NAN = np.nan


def verdict(word="confirmed", batches=64, needed=None, measured=0.34567, degrees=8, quantity="failure", beta=0.35):
    """A verdict in which no two numbers are alike."""
    own = (measured, 0.00123, 1.25, 1.3104, 0.0456, (10.0, 1e6)) if measured else (None,) * 6
    predicted = beta if measured else None
    return Verdict("L(k)", quantity, predicted, *own, 2.34, 9.87, degrees, 0.123, word, batches, needed)


def test_a_verdict_tells_exponent_and_prefactor_each_measured_then_predicted():
    assert terminal.verdict_lines(verdict(), "problems") == [
        "  law: L(k)",
        "    exponent 0.3457 +- 0.0012 measured, 0.35 predicted; "
        "prefactor 1.310 +- 0.046 measured, 1.25 predicted",
        "    CONFIRMED: chi-square 9.9 for 8 degrees of freedom, p = 0.12, largest deviation 2.3 standard errors",
    ]  # fmt: skip
    assert terminal.verdict_lines(verdict(measured=None, degrees=0), "problems")[1:] == [
        "    CONFIRMED: statistic 9.9, p = 0.12, largest deviation 2.3 standard errors"
    ]
    nothing = replace(verdict("undecided", measured=None, degrees=0), p_value=NAN)
    assert terminal.verdict_lines(nothing, "problems")[1:] == [
        "    UNDECIDED: too few events to test anything, largest deviation 2.3 standard errors"
    ]


def test_a_point_that_chance_does_not_allow_is_named_where_nothing_else_decides():
    sentence = "    a point deviates by more than its standard error allows, and the test of all points does not see it"
    for word, beyond, said in (("undecided", True, True), ("undecided", False, False), ("refuted", True, False)):
        lines = terminal.verdict_lines(replace(verdict(word), beyond=beyond), "problems")
        assert (sentence in lines) is said


@pytest.mark.parametrize(
    ("own", "unit", "words"),
    [
        ({}, "problems", "about 640 batches would decide (there are 64): budget.problems=10485760"),
        ({}, "learners", "about 640 learners would decide (there are 64): budget.learners=640"),
        ({"quantity": "coverage_beta"}, "problems", "about 640 problems in the table would decide (there are 64)"),
        ({"needed": 6103515}, "problems", "about 6,103,515 batches would decide (there are 64): "
                                          "budget.problems=99999989760"),
        ({"needed": 6103516}, "problems", "about 1e+11 problems would decide, more than any budget allows"),
    ],
)  # fmt: skip
def test_an_open_verdict_says_how_much_would_decide_it(own, unit, words):
    lines = terminal.verdict_lines(verdict("undecided", **({"needed": 640} | own)), unit)
    assert lines[-1] == f"    a law 2 % off would not have been detected either; {words}"
    assert 640 * BATCH == 10485760


@pytest.mark.parametrize(
    ("value", "stderr", "words"),
    [
        (0.345678, 0.0123, "0.346 +- 0.012"),
        (0.345678, 0.00999, "0.3457 +- 0.0100"),
        (12.345, 1.2, "12.3 +- 1.2"),
        (1234.5, 12.0, "1234 +- 12"),
        (0.35, 0.0, "0.350000 +- 0.000000"),
        (0.35, 1e-15, "0.350000000000 +- 0.000000000000"),
    ],
)
def test_a_value_has_as_many_digits_as_two_of_its_error(value, stderr, words):
    assert terminal._with_error(value, stderr) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (119.4, "119 s"), (120, "2.0 minutes"), (600, "10 minutes"),
        (7199, "120 minutes"), (7200, "2.0 hours"), (36000, "10 hours"), (172800, "2.0 days"), (8640000, "100 days"),
    ],
)  # fmt: skip
def test_a_time_is_told_to_two_digits_in_the_unit_that_suits_it(seconds, words):
    assert terminal._seconds(seconds) == words


def test_all_verdicts_stand_in_one_table():
    lines = terminal.summary_lines([("coverage", verdict()), ("joint", verdict("refuted", measured=None))])
    assert lines[0] == ""
    heads = [lines[1].index(word) for word in ("experiment", "law tested", "verdict")]
    assert [lines[2].index(word) for word in ("coverage", "L(k)", "confirmed")] == heads
    assert lines[2].split()[2:] == ["0.3500", "0.3457", "+-", "0.0012", "confirmed"]
    assert lines[3].split() == ["joint", "L(k)", "refuted"] and lines[3].index("refuted") == heads[2]


# The table ------------------------------------------------------------------------------------------------------------


def answer(quantity, examples, attempts, law=0.25, verdicts=(), draws=3_000_000, represented=4.44e12, unit="problems"):
    """An answer whose every row has numbers of its own."""
    examples, attempts, law = np.broadcast_arrays(*(np.asarray(x, float) for x in (examples, attempts, law)))
    rows = np.arange(examples.size)
    columns = {
        "quantity": np.full(examples.size, quantity, object), "examples": examples, "attempts": attempts,
        "depth": np.ones(examples.size), "estimate": 0.5 - rows / 1000, "stderr": (1 + rows) / 1e4, "law": law + rows,
        "sigmas": rows - 2.5,
    }  # fmt: skip
    return Answer(columns, list(verdicts), draws, represented, unit)


def test_an_answer_tells_rows_verdicts_and_what_was_drawn_in_what_time():
    lines = terminal.answer_lines("coverage", answer("failure", NAN, [1, 1000], verdicts=[verdict()]), 1.5)
    assert lines[0].split("  ")[-1] == "deviation in standard errors"
    assert lines[0].split()[:6] == ["attempts", "k", "unsolved", "standard", "error", "law"]
    assert [line.split() for line in lines[1:3]] == [
        ["1", "0.5", "0.0001", "0.25", "-2.50"],
        ["1,000", "0.499", "0.0002", "1.25", "-1.50"],
    ]
    assert lines[3:6] == terminal.verdict_lines(verdict(), "problems")
    assert lines[6:] == ["  3,000,000 problems in 1.5 s (2,000,000 a second), representing 4.4e+12 attempts"]
    ends = [line.index(word) + len(word) for line, word in zip(lines, ("unsolved", "0.5", "0.499"), strict=False)]
    assert len(set(ends)) == 1  # numbers end below their heading


def test_without_a_law_the_answer_says_so():
    lines = terminal.answer_lines("learning_curve", answer("error", [1, 10], NAN, NAN, unit="learners"), 2.0)
    assert [line.split()[-1] for line in lines[1:3]] == ["none", "none"]
    assert lines[3:] == [
        "  simulation only: no closed form is known, so there is no verdict",
        "  3,000,000 learners in 2.0 s (1,500,000 a second), representing 4.4e+12 examples",
    ]


def test_of_many_rows_six_are_told_from_the_first_to_the_last():
    lines = terminal.answer_lines("coverage", answer("failure", NAN, np.arange(1, 27)), 1.0)
    assert [line.split()[0] for line in lines[1:7]] == ["1", "6", "11", "16", "21", "26"]


def test_of_a_grid_the_curve_of_the_last_learner_with_a_law_is_told():
    examples, attempts = (x.ravel() for x in np.meshgrid([10, 100, 1000], [1, 5], indexing="ij"))
    lines = terminal.answer_lines("joint", answer("failure", examples, attempts), 1.0)
    assert "unsolved, n = 1e+03" in lines[0]
    assert [line.split()[:2] for line in lines[1:3]] == [["1", "0.496"], ["5", "0.495"]]
    law = np.where(examples < 1000, 0.25, NAN)
    lines = terminal.answer_lines("joint", answer("failure", examples, attempts, law), 1.0)
    assert "unsolved, n = 100" in lines[0]
    assert [line.split()[:2] for line in lines[1:3]] == [["1", "0.498"], ["5", "0.497"]]


# What was asked, and what it would take -------------------------------------------------------------------------------


def test_a_question_names_its_recorded_problems_and_what_it_draws_memory_by():
    table = SimpleNamespace(source="a paper", attempts=np.ones(17))
    features = SimpleNamespace(words="infinitely many features")
    asked = SimpleNamespace(table=table, memory_name="arrival", examples=np.array([1.0, 3e7]), features=features)
    assert terminal.question_line("replay", asked).endswith("of a real model say? (a paper, 17 problems)")
    assert "\n" not in terminal.question_line("replay", asked)
    asked.table = None
    assert terminal.question_line("replay", asked).endswith("of a real model say?")
    for name in ("learning_curve", "joint", "capacity"):
        head, memory = terminal.question_line(name, asked).split("\n")
        assert head.startswith(f"{name}: ")
        assert memory == "  memory=arrival, for 3e+07 examples of infinitely many features (memory=... selects another)"


def test_what_was_wanted_and_what_was_reached_are_told_apart():
    until = adaptive.Until("exponent:0.002", None, 0.002)
    reached = adaptive.Reached(until, 0.00187654, 1_000_000, 5_000_000, 65_536)
    assert terminal.until_line(reached, "problems") == (
        "  budget.until=exponent:0.002 MET: standard error 0.00188, at most 0.002, with 1,000,000 problems of the "
        "limit of 5,000,000 (planned from 65,536 others)"
    )
    more = reached._replace(stderr=0.0021)
    assert "LIMIT REACHED: standard error 0.0021, still above 0.002," in terminal.until_line(more, "learners")
    assert "with 1,000,000 learners of" in terminal.until_line(more, "learners")
    assert adaptive.record(reached) == {
        "wanted": "exponent:0.002", "stderr": 0.00187654, "met": True, "drawn": 1_000_000, "limit": 5_000_000,
        "pilot": 65_536,
    }  # fmt: skip
    assert adaptive.Reached(until, 0.002, 1, 1, 1).met and not more.met


CUT = Cut(12, 2, 3, 6, 5 * 2**20, 7 * 2**30, 11 * 2**10)


def asked(memory="arrival"):
    settings = SimpleNamespace(attempts=4096, images=256)
    return SimpleNamespace(learners=2048, memory_name=memory, settings=settings)


def test_a_dry_run_tells_draws_memory_and_time():
    estimate = Estimate(CUT, 3.21e9, 4.4, 300.0, "1 of 9 attempts")
    assert terminal.estimate_lines("coverage", asked(), estimate, "2 x cpu (cpu)") == [
        "  196,608 problems in 12 batches: 3.2e+09 random numbers",
        "  5 MiB on each device, of 7 GiB allowed; 11 KiB on the host",
        "  about 5.1 minutes: 4.4 s to compile and 5.0 minutes to draw (timed on 1 of 9 attempts), on 2 x cpu (cpu)\n",
    ]
    assert "timed on" not in "".join(terminal.estimate_lines("joint", asked(), estimate._replace(part=None), "x"))


@pytest.mark.parametrize(
    ("name", "memory", "drawn"),
    [
        ("learning_curve", "arrival", "196,608 problems"),
        ("learning_curve", "direct", "2,048 learners"),
        ("noise", "arrival", "2,048 learners"),
        ("coverage", "direct", "196,608 problems"),
        ("generative", "arrival", "models are trained first, then 4,096 attempts at each of 256 images"),
    ],
)
def test_a_dry_run_counts_what_the_experiment_draws(name, memory, drawn):
    lines = terminal.estimate_lines(name, asked(memory), Estimate(CUT, 1.0, 1.0, 1.0, None), "x")
    assert lines[0] == f"  {drawn} in 12 batches: 1 random numbers"
    assert (", without the training" in lines[2]) == (name == "generative")


def test_what_was_not_drawn_as_a_figure_can_be():
    assert terminal.written_line("outputs/x/joint", True) == "  written to outputs/x/joint"
    assert terminal.written_line("outputs/x/joint", False) == (
        "  written to outputs/x/joint; to plot it: python -m sim plot outputs/x/joint"
    )
