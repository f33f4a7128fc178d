"""What is no pilot is refused in one sentence that names file, line, rule and value."""

import gzip
import json

import pytest

from sim.pilot import reading


def refusal(path, columns=None, stopping=None):
    with pytest.raises(ValueError) as caught:
        reading.read(path, columns, stopping)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def lines(*records):
    return "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records)


WHOLE = ", line 3: need whole numbers for attempts and successes, got {}"
RANGE = ", line 3: need whole numbers 0 <= successes <= attempts and 1 <= attempts <= 10^12, got {}"
OUTCOME = "need an outcome 0 or 1 (or true or false, pass or fail, correct or incorrect), got {}"
COUNTS = "problem,attempts,successes\na,10,3\n"
ATTEMPTS = "problem,outcome,order\na,1,1\n"
NO_COLUMNS = ": need columns problem, attempts and successes, or problem and outcome, got {}; set pilot.columns.{}"
EMPTY = ": need a header line and one line a problem or an attempt, got an empty file"
DELIMITED = {
    "empty": ("", EMPTY),
    "only comments": ("# x\n \n", EMPTY),
    "header only": (COUNTS.partition("\n")[0], ": need at least one problem, got none"),
    "too few cells": (COUNTS + "b,10\n", ", line 3: need 3 cells as in the header, got 2"),
    "too many cells": (f"# c\n{COUNTS}\n\nb,10,3,4\n", ", line 6: need 3 cells as in the header, got 4"),
    "a row after a cell of two lines": ('id,n,c\n"a\nb",1,1\nc,1\n', ", line 4: need 3 cells as in the header, got 2"),
    "a quote left open": (
        COUNTS + '"b,10,3\nc,1,1\n',
        ", line 3: need cells with their quotes closed, got a row that breaks them (unexpected end of data)",
    ),
    "an endless cell": (
        COUNTS + f"{'b' * 200_000},1,1\n",
        ", line 3: need cells with their quotes closed, got a row that breaks them "
        "(field larger than field limit (131072))",
    ),
    "after a quote within a cell": (COUNTS + 'b 5",10,3\n# c\nc,1\n', ", line 5: need 3 cells as in the header, got 2"),
    "text": (COUNTS + "b,ten,3\n", WHOLE.format("'ten' and '3'")),
    "a long text": (COUNTS + f"b,{'x' * 99},3\n", WHOLE.format(f"'{'x' * 56}... and '3'")),
    "nothing": (COUNTS + "b,10,\n", WHOLE.format("'10' and ''")),
    "no whole number": (COUNTS + "b,10,2.5\n", WHOLE.format("'10' and '2.5'")),
    "nan": (COUNTS + "b,nan,1\n", WHOLE.format("'nan' and '1'")),
    "inf": (COUNTS + "b,inf,1\n", WHOLE.format("'inf' and '1'")),
    "underscores": (COUNTS + "b,1_000,1\n", WHOLE.format("'1_000' and '1'")),
    "an outcome for a count": (COUNTS + "b,10,True\n", WHOLE.format("'10' and 'True'")),
    "negative successes": (COUNTS + "b,10,-1\n", RANGE.format("-1/10")),
    "more successes than attempts": (COUNTS + "b,10,11\n", RANGE.format("11/10")),
    "no attempts": (COUNTS + "b,0,0\n", RANGE.format("0/0")),
    "too many attempts": (COUNTS + "b,1000000000001,3\n", RANGE.format("3/1000000000001")),
    "a problem twice": (COUNTS + "b,10,3\na,10,4\n", ", line 4: problem 'a' already appears on line 2"),
    "a problem without a name": (COUNTS + ",10,4\n", ", line 3: need a name in the column of problem, got ''"),
    "a model without a name": (
        "model,problem,n,c\nm,a,1,1\n,a,1,1\n",
        ", line 3: need a name in the column of model, got ''",
    ),
    "no outcome": ("id,passed\na,1\nb,maybe\n", f", line 3: {OUTCOME.format(repr('maybe'))}"),
    "an outcome left out": ("id,passed\na,1\nb,\n", f", line 3: {OUTCOME.format(repr(''))}"),
    "a share for an outcome": ("id,score\na,1\nb,0.5\n", f", line 3: {OUTCOME.format(repr('0.5'))}"),
    "no number for the order": (
        ATTEMPTS + "a,0,second\n",
        ", line 3: need a number for the order of attempts, got 'second'",
    ),
    "one place for two attempts": (
        ATTEMPTS + "b,1,1\na,0,1\n",
        ", line 4: attempt 1 of problem 'a' already appears on line 2",
    ),
    "no header": ("a,10,3\nb,20,0\n", ", line 1" + NO_COLUMNS.format("a, 10, 3", "problem")),
    "no successes": ("id,n,right\na,10,3\n", ", line 1" + NO_COLUMNS.format("id, n, right", "successes")),
    "no outcomes": ("# c\nid,right\na,1\n", ", line 2" + NO_COLUMNS.format("id, right", "outcome")),
    "two columns of problems": (
        "id,task_id,n,c\na,b,1,1\n",
        ", line 1: need one column for problem, got id and task_id; set pilot.columns.problem",
    ),
    "two columns of successes": (
        "id,n,passed,correct\na,1,1,1\n",
        ", line 1: need one column for successes, got passed and correct; set pilot.columns.successes",
    ),
    "two columns of suites": (
        "dataset,task,id,n,c\nd,t,a,1,1\n",
        ", line 1: need one column for suite, got dataset and task; set pilot.columns.suite",
    ),
    "a column twice": ("id,n,n,c\na,1,1,1\n", ", line 1: need each column once, got n twice"),
    "Latin-1": (
        COUNTS.encode() + b"\xe4,1,1\n",
        ": need readable UTF-8 text, got 'utf-8' codec can't decode byte 0xe4",
    ),
    "half a compressed file": (
        gzip.compress(COUNTS.encode() * 99)[:-9],
        ": need readable UTF-8 text, got Compressed file",
    ),
    "a zip archive": (
        b"PK\x03\x04",
        ": need CSV, TSV, JSON lines, JSON, parquet or a log of Inspect, got a zip archive",
    ),
}
RECORD = {"id": "a", "n": 10, "c": 3}
PASS = {"task_id": "a", "passed": True}
RESPONSES = {"doc_id": 0, "resps": [["x", "y"]], "filter": "none", "metrics": ["exact_match"], "exact_match": 1.0}
HARNESS = RESPONSES | {"resps": [["x"]]}
JSON = {
    "no object": (lines(RECORD, "[1]"), ", line 2: need one JSON object a line, got '[1]'"),
    "half a line": (lines(RECORD, '{"id": "b",'), ', line 2: need one JSON object a line, got \'{"id": "b",\''),
    "two objects on a line": (lines(RECORD, "{} {}"), ", line 2: need one JSON object a line, got '{} {}'"),
    "an object over several lines": (json.dumps(RECORD, indent=1), ", line 1: need one JSON object a line, got '{'"),
    "a field left out": (lines(RECORD, "", {"id": "b", "n": 1}), ", line 3: need c as in the first line, got id, n"),
    "null": (lines(RECORD, RECORD | {"id": "b", "c": None}), WHOLE.replace("3", "2").format("10 and None")),
    "true for a count": (lines(RECORD, RECORD | {"id": "b", "n": True}), WHOLE.replace("3", "2").format("True and 3")),
    "a huge count": (
        lines(RECORD | {"n": 10**400}),
        ", line 1: need whole numbers for attempts and successes, got 1000",
    ),
    "no name": (lines(RECORD | {"id": None}), ", line 1: need a name in the column of problem, got None"),
    "a list for a name": (lines(RECORD | {"id": [1]}), ", line 1: need a name in the column of problem, got [1]"),
    "an outcome left out": (lines(PASS, PASS | {"passed": None}), f", line 2: {OUTCOME.format('None')}"),
    "a list among outcomes": (lines(PASS, PASS | {"passed": [True]}), f", line 2: {OUTCOME.format('[True]')}"),
    "an outcome among lists": (
        lines(PASS | {"passed": [True]}, PASS),
        ", line 2: need a list of at least one outcome, got True",
    ),
    "an empty list": (lines(PASS | {"passed": []}), ", line 1: need a list of at least one outcome, got []"),
    "no outcome in a list": (lines(PASS | {"passed": [1, 2]}), f", line 1: {OUTCOME.format('2')} as number 2"),
    "a list twice": (
        lines(PASS | {"passed": [1]}, PASS | {"passed": [1]}),
        ", line 2: problem 'a' already appears on line 1",
    ),
    "no record": ("[1, 2]", ", record 1: need a JSON object, got 1"),
    "no records": ("[]", ": need at least one problem, got an empty list"),
    "half a list": ('[{"id": 1},\n', ", line 2: need JSON, got none (Expecting value)"),
    "a field left out of a list": (f"[{lines(RECORD)}, {{}}]", ", record 2: need id as in the first record, got "),
    "harness: repeats without their scores": (
        lines(RESPONSES),
        ", line 1: need the exact_match of each of 2 responses, got one for all of them, as a log of "
        "lm-evaluation-harness scores only what its filter keeps; score each response and give a table of problem and "
        "outcome",
    ),
    "harness: several filters": (
        lines(HARNESS, HARNESS | {"filter": "strict"}),
        ": need one metric and filter of a log of lm-evaluation-harness, got exact_match/none and exact_match/strict; "
        "set pilot.columns.outcome, as in exact_match/none",
    ),
    "harness: several metrics": (
        lines(HARNESS | {"metrics": ["exact_match", "acc"], "acc": 1}),
        ": need one metric and filter of a log of lm-evaluation-harness, got exact_match and acc; "
        "set pilot.columns.outcome, as in exact_match",
    ),
    "harness: no metric": (
        lines(HARNESS | {"metrics": []}),
        ": need a metric in a log of lm-evaluation-harness, got doc_id, filter, metrics, exact_match",
    ),
    "harness: a metric left out": (
        lines(HARNESS, {"doc_id": 1, "resps": [["x"]], "filter": "none"}),
        ", line 2: need the metric exact_match, got doc_id, filter",
    ),
    "harness: another line": (
        lines(HARNESS, RECORD),
        ", line 2: need doc_id and resps as a log of lm-evaluation-harness has, got id, n, c",
    ),
    "harness: a share": (lines(HARNESS | {"exact_match": 0.3}), f", line 1: {OUTCOME.format('0.3')}"),
    "harness: no share of the repeats": (
        lines(RESPONSES | {"metrics": ["pass@1"], "pass@1": 0.3}),
        ", line 1: need a pass@1 that is a share of 2, got 0.3",
    ),
    "harness: no number": (
        lines(RESPONSES | {"metrics": ["pass@1"], "pass@1": None}),
        ", line 1: need the metric pass@1, got doc_id, filter, metrics, exact_match",
    ),
    "harness: scores of some responses": (
        lines(RESPONSES | {"exact_match": [1]}),
        ", line 1: need the exact_match of each of 2 responses, got 1",
    ),
    "harness: two tasks in a file": (
        lines(HARNESS | {"doc_hash": "x"}, HARNESS | {"doc_hash": "y"}),
        ", line 2: need one document for doc_id 0, got one that differs from line 1",
    ),
}
CASES = DELIMITED | JSON


@pytest.mark.parametrize(("content", "rule"), CASES.values(), ids=CASES)
def test_a_malformed_file_is_refused_with_line_rule_and_value(tmp_path, content, rule):
    path = tmp_path / "pilot"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sentence = refusal(path)
    if content in (DELIMITED["Latin-1"][0], DELIMITED["half a compressed file"][0], JSON["a huge count"][0]):
        assert sentence.startswith(f"{path}{rule}")  # the rest is Python's, or long
    else:
        assert sentence == f"{path}{rule}"


def test_what_is_no_file_is_refused(tmp_path):
    forms = "CSV, TSV, JSON lines, JSON, parquet or a log of Inspect"
    assert refusal(tmp_path) == f"{tmp_path}: need a file ({forms}), got a folder"
    assert refusal(tmp_path / "x.csv") == f"{tmp_path / 'x.csv'}: no such file; need {forms}"


KEYS = "problem, attempts, successes, outcome, order, model, suite"
COLUMNS = [
    ({"problems": "id"}, f"pilot.columns: need keys among {KEYS}, got 'problems'"),
    (
        {"attempts": "n", "successes": "n"},
        "pilot.columns: need another column for each key, got 'n' for attempts and successes",
    ),
    ({"outcome": "c", "attempts": "n"}, "pilot.columns: need attempts and successes, or outcome, got both"),
    ({"successes": "C"}, "{path}, line 1: need the column 'C' of pilot.columns.successes, got id, n, c, at"),
    ({"order": "at"}, "{path}, line 1: need no pilot.columns.order for a table of counts, got 'at'"),
]


@pytest.mark.parametrize(("columns", "sentence"), COLUMNS)
def test_columns_that_cannot_be_are_refused(tmp_path, columns, sentence):
    path = tmp_path / "p.csv"
    path.write_text("id,n,c,at\na,2,1,3\n")
    assert refusal(path, columns) == sentence.format(path=path)


def test_a_harness_log_has_no_columns_but_its_metrics(tmp_path):
    path = tmp_path / "samples.jsonl"
    path.write_text(lines(HARNESS))
    log = "a log of lm-evaluation-harness"
    assert refusal(path, {"problem": "doc_id"}) == f"{path}: need no pilot.columns.problem for {log}, got 'doc_id'"
    assert refusal(path, {"outcome": "f1"}) == f"{path}: need exact_match as pilot.columns.outcome, got 'f1'"


def test_a_rule_that_is_none_is_refused_before_the_file_is_opened(tmp_path):
    assert refusal(tmp_path / "none.csv", stopping="first").startswith("pilot.stopping: need fixed, first_success, ")
