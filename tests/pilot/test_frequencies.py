"""Tables of frequencies: what is one is read, what is not is refused with file, line, rule and value."""

import numpy as np
import pytest

from sim.pilot import frequencies


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "words.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_table_is_read_with_its_comments_other_columns_and_features_that_never_occurred(table):
    read = frequencies.read(table("# words\nfeature,language,count\nthe,en,100\nof,en, 40\nrare,en,0\n"))
    assert read.source == "words.csv"
    assert np.array_equal(read.count, [100, 40])


REFUSED = [
    ("", "need a header line feature,count and one line a feature, got an empty file"),
    ("word,count\na,1\n", "line 1: need columns feature, count, got word, count (no feature)"),
    ("feature,count,count\na,1,2\n", "line 1: need each column once, got count twice"),
    ("feature,count\na,1.5\n", "line 2: need a whole number for count, got '1.5'"),
    ("feature,count\na,1_0\n", "line 2: need a whole number for count, got '1_0'"),
    ("feature,count\na,-3\n", "line 2: need a whole number 0 <= count < 2^53, got -3"),
    ("feature,count\na,1\nb,2\na,3\n", "line 4: feature 'a' already appears on line 2"),
    ("feature,count\na,1,2\n", "line 2: need 2 cells as in the header, got 3"),
    ("feature,count\na,0\n", "need 1 to 10,000,000 features that occurred, got 0"),
    ("feature,count\n", "need 1 to 10,000,000 features that occurred, got 0"),
]


@pytest.mark.parametrize(("text", "rule"), REFUSED)
def test_what_is_no_table_is_refused_in_one_sentence(table, text, rule):
    path = table(text)
    with pytest.raises(ValueError) as caught:
        frequencies.read(path)
    assert str(caught.value) in (f"{path}: {rule}", f"{path}, {rule}")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.csv: no such file; need a CSV with columns feature, count"):
        frequencies.read(tmp_path / "none.csv")
