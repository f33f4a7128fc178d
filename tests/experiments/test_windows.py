"""Counts and masses at part of their grids."""

from types import SimpleNamespace

import numpy as np
import pytest

from sim.draw.counts import Counts, Masses
from sim.experiments.windows import points, within


class Question(SimpleNamespace):
    """A question that is nothing but its grids."""

    def _replace(self, **changes):
        return Question(**{**vars(self), **changes})


QUESTION = Question(examples=np.array([1.0, 10.0, 100.0, 1000.0]), tries=np.array([1.0, 2.0, 4.0]))


def test_a_table_of_two_axes_is_cut_along_each():
    failures = np.arange(24).reshape(2, 4, 3)
    question, counts = within(
        "joint", QUESTION, Counts(failures, 99, False), {"examples": (10, 100), "attempts": (1, 2)}
    )
    assert counts.failures.tolist() == failures[:, 1:3, :2].tolist()
    assert (counts.problems, counts.independent) == (99, False)
    assert (question.examples.tolist(), question.tries.tolist()) == ([10, 100], [1, 2])


@pytest.mark.parametrize("resolution", [0.1, np.array([0.1, 0.2, 0.3, 0.4])])
def test_masses_keep_their_rounding(resolution):
    values = np.arange(8.0).reshape(2, 4)
    question, masses = within("learning_curve", QUESTION, Masses(values, resolution), {"examples": (100, 1e9)})
    assert masses.values.tolist() == [[2, 3], [6, 7]] and question.tries is QUESTION.tries
    assert masses.resolution.tolist() == np.broadcast_to(resolution, 4)[2:].tolist()


def test_no_window_changes_nothing():
    counts = object()
    assert within("cost", QUESTION, counts, {}) == (QUESTION, counts)


def test_ends_belong_to_a_window_however_they_are_rounded():
    grid = QUESTION._replace(tries=np.array([1.0, np.float64(3.0) * (1 + 1e-12), 10.0]))
    assert points("coverage", grid, {"attempts": (1, 3)})["attempts"].tolist() == [0, 1]
    assert points("coverage", grid, {"attempts": (3, 10)})["attempts"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "windows", "sentence"),
    [
        ("cost", {"attempts": (1, 9)}, "attempts: need counts of coverage or joint for a window, got those of cost"),
        ("coverage", {"examples": (1, 9)}, "examples: need counts of learning_curve or joint for a window"),
        (
            "coverage",
            {"attempts": (4, 9)},
            "attempts: need a window with at least 2 points of the grid from 1 to 4, got",
        ),
    ],
)
def test_a_window_that_cannot_be_is_one_sentence(name, windows, sentence):
    with pytest.raises(ValueError, match="need") as caught:
        within(name, QUESTION, None, windows)
    assert str(caught.value).startswith(sentence)
