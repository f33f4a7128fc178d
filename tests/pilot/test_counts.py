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


WRONG = {
    "header only": (HEADER, "pilot.csv"),
    "one problem": (HEADER + "a,10,3\n", ": need at least 2 problems, got 1"),
    "no success": (HEADER + "a,10,0\nb,20,0\n", ": need at least one success among all attempts, got 0"),
    "too many attempts": (
        HEADER + "a,10,3\nb,16777216,3\n",
        ": need fewer than 2^24 attempts at a problem, got 16777216 at b",
    ),
    "two models": (
        "problem,model,attempts,successes\na,x,10,3\nb,x,10,3\na,y,10,3\nb,y,10,3\n",
        ": need one suite and model, got x, y",
    ),
    "until the first success": (
        "".join(f'{{"id": "{i}", "outcomes": {[0] * (i % 9) + [1]}}}\n' for i in range(40)),
        ": need attempts whose number was fixed before, got attempts that ended with a success",
    ),
    "no number": (HEADER + "a,ten,3\nb,1,1\n", "line 2"),
    "empty": ("", "pilot.csv"),
}


@pytest.mark.parametrize(("content", "rule"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_one_table_of_fixed_counts_is_refused(read, content, rule):
    assert rule in refusal(read, content)


def test_the_largest_number_of_attempts_is_accepted(read):
    assert read(HEADER + "a,16777215,3\nb,1,0\n").attempts.tolist() == [2**24 - 1, 1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pilot.tsv", "problem\tattempts\tsuccesses\na\t10\t3\nb\t20\t0\nc\t7\t7\n"),
        ("pilot.jsonl", '{"task_id": "a", "n": 10, "c": 3}\n{"task_id": "b", "n": 20, "c": 0}\n'
                        '{"task_id": "c", "n": 7, "c": 7}\n'),
    ],
)  # fmt: skip
def test_whatever_calibrate_reads_can_be_replayed(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    pilot = counts.read(tmp_path / name)
    assert (pilot.problem_id, pilot.attempts.tolist(), pilot.successes.tolist()) == (
        ["a", "b", "c"], [10, 20, 7], [3, 0, 7],
    )  # fmt: skip


def test_the_shipped_pilot_can_be_replayed():
    assert len(counts.read(counts.SHIPPED.with_name("pilot.csv")).problem_id) == 128


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
