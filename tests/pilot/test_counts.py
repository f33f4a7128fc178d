"""A CSV of counts is read whole, or refused in one sentence that names file, line, rule and value."""

import numpy as np
import pytest

from sim.pilot import counts

HEADER = "problem_id,attempts,successes\n"
GOOD = HEADER + "a,10,3\nb,20,0\nc,7,7\n"


@pytest.fixture
def read(tmp_path):
    """Function text or bytes -> the pilot read from a file of it."""

    def of(content):
        path = tmp_path / "pilot.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return counts.read(path)

    return of


def refusal(read, content):
    with pytest.raises(ValueError) as caught:
        read(content)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "pilot.csv" in sentence
    return sentence


def test_a_table_is_read_in_the_order_of_its_lines(read):
    pilot = read(GOOD)
    assert pilot.source == "pilot.csv"
    assert pilot.problem_id == ["a", "b", "c"]
    assert pilot.attempts.tolist() == [10, 20, 7]
    assert pilot.successes.tolist() == [3, 0, 7]
    assert pilot.attempts.dtype == pilot.successes.dtype == np.float64


SAME = {
    "byte order mark and CRLF": "\ufeff" + GOOD.replace("\n", "\r\n"),
    "old Mac line ends": GOOD.replace("\n", "\r"),
    "no newline at the end": GOOD.rstrip(),
    "other order": "successes,problem_id,attempts\n3,a,10\n0,b,20\n7,c,7\n",
    "more columns": "model,problem_id,attempts,note,successes\nm,a,10,,3\nm,b,20,x,0\nm,c,7,y,7\n",
    "quoted cells": 'problem_id,"attempts",successes\n"a","10","3"\nb,20,0\nc,7,7\n',
    "comments and empty lines": "# model: m\n\n" + GOOD.replace("b,", "# b is hard\n\nb,") + "\n   \n# end\n",
    "spaces": " problem_id , attempts , successes \n a , 10 , 3 \n b , 20 , 0 \nc,7,7\n",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_the_same_table_written_otherwise_is_the_same(read, text):
    pilot, good = read(text), read(GOOD)
    assert pilot.problem_id == good.problem_id
    assert np.array_equal(pilot.attempts, good.attempts)
    assert np.array_equal(pilot.successes, good.successes)


def test_names_of_problems_may_hold_commas_quotes_and_any_letters(read):
    pilot = read(HEADER + '"a, b",10,3\n"the ""hard"" one",10,0\n"#5",10,1\nπ 数,10,1\n')
    assert pilot.problem_id == ["a, b", 'the "hard" one', "#5", "π 数"]


WHOLE = "need whole numbers for attempts and successes, got {}"
RANGE = "need whole numbers 0 <= successes <= attempts and 1 <= attempts < 2^24, got {}"
LINES = {
    "too few cells": ("b,10", "need 3 cells as in the header, got 2"),
    "too many cells": ("b,10,3,4", "need 3 cells as in the header, got 4"),
    "a quote left open": ('"b,10,3', "need 3 cells as in the header, got 1"),
    "text": ("b,ten,3", WHOLE.format("'ten' and '3'")),
    "nothing": ("b,10,", WHOLE.format("'10' and ''")),
    "a point": ("b,10,3.0", WHOLE.format("'10' and '3.0'")),
    "an exponent": ("b,1e3,3", WHOLE.format("'1e3' and '3'")),
    "nan": ("b,10,nan", WHOLE.format("'10' and 'nan'")),
    "NaN": ("b,NaN,1", WHOLE.format("'NaN' and '1'")),
    "inf": ("b,inf,1", WHOLE.format("'inf' and '1'")),
    "true": ("b,10,True", WHOLE.format("'10' and 'True'")),
    "underscores": ("b,1_000,3", WHOLE.format("'1_000' and '3'")),
    "negative successes": ("b,10,-1", RANGE.format("-1/10")),
    "negative attempts": ("b,-10,-20", RANGE.format("-20/-10")),
    "more successes than attempts": ("b,10,11", RANGE.format("11/10")),
    "no attempts": ("b,0,0", RANGE.format("0/0")),
    "too many attempts": ("b,16777216,3", RANGE.format("3/16777216")),
}


@pytest.mark.parametrize(("line", "rule"), LINES.values(), ids=LINES.keys())
def test_a_malformed_line_is_named_with_its_rule_and_value(read, line, rule):
    sentence = refusal(read, f"# a comment\n{HEADER}a,10,3\n\n{line}\nc,7,7\n")
    assert sentence.endswith(f"pilot.csv, line 5: {rule}")


def test_the_largest_number_of_attempts_is_accepted(read):
    assert read(HEADER + "a,16777215,3\nb,1,0\n").attempts.tolist() == [2**24 - 1, 1]


def test_a_problem_that_stands_twice_is_named_with_both_lines(read):
    sentence = refusal(read, HEADER + "a,10,3\nb,20,0\n# again\na,7,7\n")
    assert sentence.endswith("pilot.csv, line 5: problem_id 'a' already appears on line 2")


EMPTY = ": need a header line problem_id,attempts,successes and one line a problem, got an empty file"
FILES = {
    "empty": ("", EMPTY),
    "only comments": ("# x\n\n", EMPTY),
    "header only": (HEADER, ": need at least 2 problems, got 0"),
    "one problem": (HEADER + "a,10,3\n", ": need at least 2 problems, got 1"),
    "no success": (HEADER + "a,10,0\nb,20,0\n", ": need at least one success among all attempts, got 0"),
    "a column missing": (
        "# x\nproblem_id,attempts,wins\na,1,1\n",
        ", line 2: need columns problem_id, attempts, successes, got problem_id, attempts, wins (no successes)",
    ),
    "no header": (
        "a,10,3\nb,20,0\n",
        ", line 1: need columns problem_id, attempts, successes, got a, 10, 3 (no problem_id, attempts, successes)",
    ),
    "other capitals": (GOOD.replace("attempts", "Attempts"), "(no attempts)"),
    "semicolons": (GOOD.replace(",", ";"), "(no problem_id, attempts, successes)"),
    "UTF-16": (GOOD.encode("utf-16"), ": need readable UTF-8 text, got"),
    "Latin-1": (GOOD.replace("a,", "ä,").encode("latin-1"), ": need readable UTF-8 text, got"),
    "a column twice": (
        "problem_id,attempts,attempts,successes\na,10,20,3\nb,10,20,3\n",
        "attempts",
    ),
    "an endless cell": (HEADER + f"{'a' * 200_000},10,3\nb,10,3\n", "line 2"),
}


@pytest.mark.parametrize(("content", "rule"), FILES.values(), ids=FILES.keys())
def test_a_file_that_is_no_table_of_counts_is_refused(read, content, rule):
    assert f"pilot.csv{rule}" in refusal(read, content) if rule[0] in ":," else rule in refusal(read, content)


def test_what_is_no_file_is_refused(tmp_path):
    columns = "problem_id, attempts, successes"
    for path, rule in (
        (tmp_path / "none.csv", f"no such file; need a CSV with columns {columns}"),
        (tmp_path, f"need a file, a CSV with columns {columns}, got a folder"),
    ):
        with pytest.raises(ValueError) as caught:
            counts.read(path)
        assert str(caught.value) == f"{path}: {rule}"


def test_a_path_may_be_text(tmp_path):
    (tmp_path / "pilot.csv").write_text(GOOD)
    assert counts.read(str(tmp_path / "pilot.csv")).problem_id == ["a", "b", "c"]


def test_the_shipped_table_is_math_with_pythia():
    pilot = counts.read(counts.SHIPPED)
    assert len(pilot.problem_id) == len(set(pilot.problem_id)) == 128
    assert (pilot.attempts == 10_000).all()
    assert np.count_nonzero(pilot.successes == 0) == 24
    assert pilot.successes.sum() / pilot.attempts.sum() == pytest.approx(0.02031, abs=5e-6)
    assert np.mean(pilot.successes > 0) == 0.8125
