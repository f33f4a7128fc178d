"""Run folders: written whole, read back as they were, refused in one sentence when damaged."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from sim.judging.verdict import Verdict
from sim.records import folder

COLUMNS = {
    "quantity": np.array(["error", "failure"], dtype=object),
    "examples": np.array([1.0, 1e18]),
    "attempts": np.array([np.nan, 3.0]),
    "depth": np.array([1.0, np.nan]),
    "estimate": np.array([0.1 + 0.2, 1 / 3]),
    "stderr": np.array([1e-300, 0.0]),
    "law": np.array([0.3, 1 / 3]),
    "sigmas": np.array([-1.5, np.nan]),
}
MEASURED = (0.5, 0.4993, 1.1e-3, 0.69, 0.7, 0.01, (10.0, 1e6))
CONFIRMED = Verdict("a law, with a comma", "error", *MEASURED, 2.1, 17.25, 20, 0.4, "confirmed", 64, None)
UNDECIDED = Verdict("π", "failure", None, None, None, None, None, None, None, 0.3, 1.0, 1, 0.6, "undecided", 2, 640)
MANIFEST = {
    "experiment": "coverage",
    "config": {"seed": 0, "features": {"size": math.inf}},
    "commit": None,
    "seconds": 1.5,
}


@pytest.fixture
def run(tmp_path):
    """A good run folder."""
    where = tmp_path / "outputs" / "coverage"
    folder.write_run(where, COLUMNS, [CONFIRMED, UNDECIDED], MANIFEST)
    return where


def refusal(where, read=folder.read_run):
    with pytest.raises(ValueError) as caught:
        read(where)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(where) in sentence
    return sentence.replace(str(where), "RUN")


# Round trip -----------------------------------------------------------------------------------------------------------


def test_a_run_is_read_back_as_it_was_written(run):
    table, verdicts, manifest = folder.read_run(run)
    assert tuple(table) == folder.COLUMNS
    assert table["quantity"].tolist() == ["error", "failure"]
    for name in folder.COLUMNS[1:]:
        assert table[name].dtype == np.float64
        assert np.array_equal(table[name], COLUMNS[name], equal_nan=True)
    assert verdicts == [{**v.record(), "window": v.window and list(v.window)} for v in (CONFIRMED, UNDECIDED)]
    assert {**manifest, "config": None} == {**MANIFEST, "config": None}


def test_a_table_reads_as_a_person_would_write_it(run):
    assert (run / "table.csv").read_text() == (
        "quantity,examples,attempts,depth,estimate,stderr,law,sigmas\n"
        "error,1,,1,0.30000000000000004,1e-300,0.3,-1.5\n"
        "failure,1e+18,3,,0.3333333333333333,0,0.3333333333333333,\n"
    )


def test_columns_stand_in_their_order_whatever_order_they_come_in(run):
    folder.write_run(run, dict(reversed(COLUMNS.items())), [CONFIRMED], MANIFEST)
    assert tuple(folder.read_run(run).table) == folder.COLUMNS


def test_more_columns_are_read_as_text(run):
    text = (run / "table.csv").read_text().splitlines()
    (run / "table.csv").write_text("\n".join(f"{line},{i}" for i, line in enumerate(text)) + "\n")
    assert folder.read_run(run).table["0"].tolist() == ["1", "2"]


def test_columns_of_every_kind_keep_their_values(tmp_path):
    columns = {
        "a,b": [None, math.nan, 'x, "y"', 3, 2.5, -0.0, 1e15, 1e14, math.inf, np.float64(7), np.int64(8), True, [1, 2]]
    }
    folder.write_columns(tmp_path / "t.csv", columns)
    cells = [
        '"a,b"',
        '""',
        '""',
        '"x, ""y"""',
        "3",
        "2.5",
        "0",
        "1000000000000000.0",
        "100000000000000",
        "inf",
        "7",
        "8",
        "True",
    ]
    assert (tmp_path / "t.csv").read_text().splitlines() == [*cells, '"[1, 2]"']


def test_columns_of_different_lengths_are_not_written(tmp_path):
    with pytest.raises(ValueError):
        folder.write_columns(tmp_path / "t.csv", {"a": [1, 2], "b": [1]})
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_json_does_not_have_become_null(run):
    odd = replace(CONFIRMED, max_sigmas=math.inf, chi_square=math.inf, p_value=math.nan)
    folder.write_run(run, COLUMNS, [odd], MANIFEST)
    for name in ("verdict.json", "manifest.json"):
        json.loads((run / name).read_text(), parse_constant=pytest.fail)
    [entry] = folder.read_run(run).verdicts
    assert (entry["max_sigmas"], entry["chi_square"], entry["p_value"]) == (None, None, None)


# Whole or not at all --------------------------------------------------------------------------------------------------


def test_a_finished_folder_holds_three_files_and_nothing_else(run):
    assert {path.name for path in run.iterdir()} == {"table.csv", "verdict.json", "manifest.json"}


def test_writing_that_fails_leaves_the_old_file_and_no_other(run):
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    with pytest.raises(TypeError):
        folder.write_run(run, COLUMNS, [CONFIRMED, UNDECIDED], {**MANIFEST, "config": object()})
    with pytest.raises(KeyError):
        folder.write_run(run, {"quantity": []}, [], MANIFEST)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_an_unfinished_file_is_never_seen_under_its_name(tmp_path):
    path = tmp_path / "table.csv"

    def cells():
        assert not path.exists()
        yield 1
        assert not path.exists()
        yield 2

    folder.write_columns(path, {"a": cells()})
    assert path.read_text() == "a\n1\n2\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_run_replaces_the_first(run):
    folder.write_run(run, COLUMNS, [UNDECIDED], MANIFEST)
    assert [entry["verdict"] for entry in folder.read_run(run).verdicts] == ["undecided"]


# Damage ---------------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "none") == (
        "RUN: no such folder, need a run folder with table.csv, verdict.json and manifest.json"
    )


@pytest.mark.parametrize("name", ["table.csv", "verdict.json", "manifest.json"])
def test_a_file_that_cannot_be_read_is_named(run, name):
    (run / name).write_bytes(b"\xff\xfe{}")
    assert refusal(run) == f"RUN/{name}: need UTF-8 text, got other bytes at position 0"
    (run / name).unlink()
    assert refusal(run) == (
        f"RUN/{name}: cannot be read (No such file or directory), is this the folder of a finished run?"
    )
    (run / name).mkdir()
    assert refusal(run) == f"RUN/{name}: cannot be read (Is a directory), is this the folder of a finished run?"


HEADER = ",".join(folder.COLUMNS)
ROW = "error,1,,1,0.5,0.1,0.5,0"
TABLES = {
    "empty": ("", "line 1: column quantity is missing, need quantity, examples"),
    "a column missing": (f"{HEADER.replace(',law', ',rule')}\n{ROW}\n", "line 1: column law is missing"),
    "no row": (HEADER + "\n", "need at least one row below the header, got none"),
    "a short row": (f"{HEADER}\n{ROW}\nerror,1\n", "line 3: need 8 cells as in the header, got 2"),
    "a long row": (f"{HEADER}\n{ROW},7\n", "line 2: need 8 cells as in the header, got 9"),
    "cut off": (f"{HEADER}\n{ROW}\n{ROW[:12]}", "line 3: need 8 cells as in the header, got 5"),
    "text for a number": (
        f"{HEADER}\n{ROW}\n{ROW.replace('0.5', 'half')}\n",
        "line 3: column estimate needs a number or nothing, got 'half'",
    ),
    "zero examples": (
        f"{HEADER}\n{ROW.replace('1,,1', '0,,1')}\n",
        "column examples must be above 0 on a log",
    ),
    "negative attempts": (f"{HEADER}\n{ROW.replace(',,', ',-3,')}\n", "column attempts must be above 0"),
    "zero depth": (f"{HEADER}\n{ROW.replace(',,1', ',,0')}\n", "column depth must be above 0"),
    "negative error": (f"{HEADER}\n{ROW.replace('0.1', '-0.1')}\n", "column stderr must be at least 0, got -0.1"),
    "endless cell": (f"{HEADER}\n{'a' * 200_000},1,,1,0.5,0.1,0.5,0\n", "need comma-separated values"),
}


@pytest.mark.parametrize(("text", "rule"), TABLES.values(), ids=TABLES.keys())
def test_a_damaged_table_is_refused(run, text, rule):
    (run / "table.csv").write_text(text)
    sentence = refusal(run)
    assert sentence.startswith("RUN/table.csv")
    assert rule in sentence


def test_empty_columns_are_no_damage(run):
    (run / "table.csv").write_text(f"{HEADER}\nerror,,,,,,,\n")
    assert np.isnan([folder.read_run(run).table[name][0] for name in folder.COLUMNS[1:]]).all()


ENTRY = {**CONFIRMED.record(), "window": [10.0, 1e6]}


def without(field):
    return {name: value for name, value in ENTRY.items() if name != field}


VERDICTS = {
    "no list": ({}, "need a list of objects, one a verdict, got dict"),
    "no objects": ([1], "need a list of objects, one a verdict, got list"),
    "a word of its own": (
        [ENTRY, {**ENTRY, "verdict": "proven"}],
        "entry 2: verdict must be one of confirmed, undecided",
    ),
    "no word": ([{**ENTRY, "verdict": None}], "entry 1: verdict must be one of confirmed, undecided, refuted"),
    "text for a number": ([{**ENTRY, "p_value": "small"}], "entry 1: p_value must be a number or null, got 'small'"),
    "a list for a number": ([{**ENTRY, "measured": [1]}], "entry 1: measured must be a number or null, got [1]"),
    "half a window": ([{**ENTRY, "window": [10.0]}], "entry 1: window must be two numbers above 0 or null, got [10.0]"),
    "a window from 0": (
        [{**ENTRY, "window": [0, 10]}],
        "entry 1: window must be two numbers above 0 or null, got [0, 10]",
    ),
    "a window of text": ([{**ENTRY, "window": ["a", "b"]}], "entry 1: window must be two numbers above 0 or null"),
    "a window that is none": ([{**ENTRY, "window": "wide"}], "entry 1: window must be two numbers above 0 or null"),
    **{
        f"no {field}": ([without(field)], f"entry 1: field {field} is missing, need law, quantity")
        for field in folder.VERDICT_FIELDS
    },
}


@pytest.mark.parametrize(("content", "rule"), VERDICTS.values(), ids=VERDICTS.keys())
def test_a_damaged_verdict_is_refused(run, content, rule):
    (run / "verdict.json").write_text(json.dumps(content))
    sentence = refusal(run)
    assert sentence.startswith("RUN/verdict.json")
    assert rule in sentence


MANIFESTS = [[], 3, {}, {"experiment": "coverage"}, {"experiment": 3, "config": {}}, {"experiment": "x", "config": []}]


@pytest.mark.parametrize("content", MANIFESTS, ids=str)
def test_a_damaged_manifest_is_refused(run, content):
    (run / "manifest.json").write_text(json.dumps(content))
    assert refusal(run).startswith("RUN/manifest.json: need an object with the field ")


@pytest.mark.parametrize("name", ["verdict.json", "manifest.json"])
def test_what_is_no_json_is_refused_with_its_line(run, name):
    text = (run / name).read_text()
    (run / name).write_text(text[: len(text) // 2])
    assert refusal(run).startswith(f"RUN/{name}, line ")
    (run / name).write_text("")
    assert refusal(run).startswith(f"RUN/{name}, line 1: not valid JSON")


# Summaries ------------------------------------------------------------------------------------------------------------

SUMMARY = ",".join(folder.SUMMARY_COLUMNS)
LINE = "0,coverage,a law,failure,0.35,0.3501,0.001,1.5,0.4,confirmed"


def test_a_summary_is_read_with_its_numbers_as_numbers(tmp_path):
    (tmp_path / "summary.csv").write_text(f"{SUMMARY},difficulty.alpha\n{LINE},5\n{LINE.replace('0.3501', '')},20\n")
    summary = folder.read_summary(tmp_path)
    assert tuple(summary) == (*folder.SUMMARY_COLUMNS, "difficulty.alpha")
    assert np.array_equal(summary["measured"], [0.3501, np.nan], equal_nan=True)
    assert summary["verdict"].tolist() == ["confirmed", "confirmed"]
    assert summary["difficulty.alpha"].tolist() == ["5", "20"]


SUMMARIES = {
    "missing": (None, "cannot be read (No such file or directory)"),
    "no row": (SUMMARY + "\n", "need at least one row"),
    "no point": (f"{SUMMARY.replace('point,', 'place,')}\n{LINE}\n", "line 1: column point is missing"),
    "text": (
        f"{SUMMARY}\n{LINE.replace('0.35,', 'x,')}\n",
        "line 2: column predicted needs a number or nothing, got 'x'",
    ),
    "a word of its own": (
        f"{SUMMARY}\n{LINE}\n{LINE.replace('confirmed', 'true')}\n",
        "line 3: verdict must be one of confirmed, undecided, refuted, got 'true'",
    ),
}


@pytest.mark.parametrize(("text", "rule"), SUMMARIES.values(), ids=SUMMARIES.keys())
def test_a_damaged_summary_is_refused(tmp_path, text, rule):
    if text is not None:
        (tmp_path / "summary.csv").write_text(text)
    sentence = refusal(tmp_path, folder.read_summary)
    assert sentence.startswith("RUN/summary.csv")
    assert rule in sentence
