"""A column of weights beside the counts: read by problem, zero among them; refused in one sentence where it is none."""

import pytest

from sim.pilot import weights


@pytest.fixture
def read(tmp_path):
    def call(text, names=None):
        path = tmp_path / "pilot.csv"
        path.write_text(text)
        return weights.read(path, names)

    return call


def test_weights_are_those_of_the_problems_of_their_lines(read):
    text = "weight,problem,attempts,successes\n0,b,5,1\n2.5,a,5,0\n1e-3,c,5,5\n"
    assert read(text) == {"b": 0.0, "a": 2.5, "c": 0.001}
    assert read(text.replace("problem", "task"), {"problem": "task"}) == {"b": 0.0, "a": 2.5, "c": 0.001}


def test_a_problem_of_several_lines_has_one_weight(read):
    lines = "problem,outcome,weight\na,1,2\nb,0,3\na,0,2\n"
    assert read(lines) == {"a": 2.0, "b": 3.0}
    with pytest.raises(ValueError, match=r"line 4: need one weight for problem 'a', got 2 and 4"):
        read(lines.replace("a,0,2", "a,0,4"))


def test_without_the_column_there_are_none(read):
    assert read("problem,attempts,successes\na,5,1\nb,5,1\n") is None


@pytest.mark.parametrize("cell", ["-1", "inf", "nan", "x", ""])
def test_what_is_no_weight_is_named_with_its_line(read, cell):
    with pytest.raises(ValueError, match=r"line 3: need a weight of at least 0"):
        read(f"problem,attempts,successes,weight\na,5,1,1\nb,5,1,{cell}\n")


def test_not_all_weights_are_zero(read):
    with pytest.raises(ValueError, match="need a weight above 0, got none"):
        read("problem,attempts,successes,weight\na,5,1,0\nb,5,1,0\n")
