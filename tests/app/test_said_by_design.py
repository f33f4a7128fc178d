"""Every number that design says or writes is the one that its record holds under that name."""

import contextlib
import io
import json

import jax
import numpy as np
import pytest

from sim.app.reports import design
from sim.app.reports.words.design import EN, JA
from tests.app import said

pytestmark = pytest.mark.usefixtures("remembered")

SMALL = ("pilots=60", "grid.problems=[20,40]", "grid.attempts=[10,30]", "target.k=100", "figure=false")
COLUMNS = "allocation", "problems", "attempts", "total", "error", "stderr", "bias", "lost", "bound", "endless"
HEADS = {
    "problems": "problems", "attempts each": "attempts", "attempts in all": "total", "error": "error",
    "standard error": "stderr", "bias": "bias", "share without an estimate": "lost", "Fisher bound": "bound",
    "bound, endless attempts": "endless",
}  # fmt: skip
CASES = {"reached": ("target.error=0.12",), "unreached": ("target.error=0.001", "pilot=two_scales.csv")}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """name of a case -> (study, lines said, verdict, folder)."""
    folder, kept = tmp_path_factory.mktemp("design"), {}
    generator = np.random.default_rng(0)
    both = np.where(np.arange(90) % 2, generator.beta(2.0, 0.2, 90), generator.beta(0.35, 5.0, 90))
    rows = [f"p{i},100,{c}" for i, c in enumerate(generator.binomial(100, both))]
    (folder / "two_scales.csv").write_text("\n".join(["problem,attempts,successes", *rows]) + "\n")
    jax.local_devices()  # those of conftest.py

    def answer(name):
        if name not in kept:
            kept[name] = _answer(folder, name)
        return kept[name]

    return answer


def _answer(folder, name):
    taken, own, out = [], design._write, io.StringIO()

    def spied(where, found, *rest):
        taken.append(found)
        own(where, found, *rest)

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.chdir(folder)
        patch.setattr(design, "_write", spied)
        assert design.main([*SMALL, *CASES[name], f"output={name}"]) == 0
    (verdict,) = [json.loads((folder / name / "verdict.json").read_text(encoding="utf-8"))]
    return taken[0].found, out.getvalue().splitlines(), verdict, folder / name


def row(size):
    own = size.allocation, size.problems, size.attempts, size.problems * size.attempts, *size.error
    return dict(zip(COLUMNS, (*own, size.bound, size.endless), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_every_row_of_the_table_is_a_size_of_the_record(answers, name):
    found, _, _, folder = answers(name)
    sizes = [*found.grid, *found.line, found.chosen, found.other]
    wanted = {(one.allocation, one.problems, one.attempts): row(one) for one in sizes}
    table = said.read(folder / "table.csv")
    assert tuple(table) == COLUMNS and len(table["total"]) == len(wanted)
    for place, own in enumerate(zip(table["allocation"], table["problems"], table["attempts"], strict=True)):
        expected = wanted[own[0], int(own[1]), int(own[2])]
        for column in COLUMNS:
            said.assert_column([table[column][place]], [expected[column]])


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_holds_what_the_record_holds(answers, name):
    found, _, verdict, _ = answers(name)
    finite = lambda size: {key: None if value != value else value for key, value in row(size).items()}  # noqa: E731
    assert (verdict["chosen"], verdict["adaptive"]) == (finite(found.chosen), finite(found.other))
    assert verdict["verdict"] == {"reached": "reached", "unreached": "cannot be reached"}[name]
    assert (verdict["target"], verdict["attempts"], verdict["budget"]) == ("coverage", 100, None)
    assert found.chosen.allocation == "uniform" and found.other.allocation == "adaptive"
    assert found.other[1:3] == found.chosen[1:3]
    if name == "reached":
        assert verdict["test"] is None and verdict["wanted"] == 0.12
        assert found.chosen.error.error + 2 * found.chosen.error.stderr <= 0.12
        cheaper = [size for size in found.grid if size.total < found.chosen.total]
        assert not any(size.error.error + 2 * size.error.stderr <= 0.12 for size in cheaper)
    else:
        assert verdict["test"]["verdict"] == "does not fit" and verdict["wanted"] == 0.001
        assert found.chosen.error.error == min(size.error.error for size in found.grid)


SIZE = "{} problems with {} attempts each ({} in all)"


def size(told):
    return told["problems"], told["attempts"], told["total"]


def test_what_is_reached_is_said_with_its_numbers(answers):
    _, lines, verdict, folder = answers("reached")
    chosen, adaptive = verdict["chosen"], verdict["adaptive"]
    said.assert_says(
        lines[0],
        f"A pilot of {SIZE} estimates pass@100 to within ±0.12 (standard error, simulated {{}} ± {{}}; no unbiased "
        "estimate from a pilot of this size can do better than {}).",
        *(*size(chosen), chosen["error"], chosen["stderr"], chosen["bound"]),
    )
    said.assert_says(
        lines[1],
        "Given one by one to the problem with the fewest successes so far, the same {} attempts give an error of {} ± "
        "{}.",
        *(adaptive["total"], adaptive["error"], adaptive["stderr"]),
    )
    assert abs(chosen["error"] - adaptive["error"]) > chosen["stderr"] / 10  # so that one said for the other is seen
    said.assert_says(lines[2], "Problems: failure probability ~ Beta({}, {}).", 5, 0.35)
    assert said.sentence((folder / "report.html").read_text(encoding="utf-8")) == lines[0]


def test_a_pilot_that_the_model_does_not_fit_is_said_so_first(answers):
    _, lines, verdict, folder = answers("unreached")
    chosen = verdict["chosen"]
    said.assert_says(
        lines[0],
        "The memorising model does not fit two_scales.csv (p = {}); the sizes below are for the Beta law nearest "
        "to it, and errors far beyond the pilot may be larger.",
        verdict["test"]["p_value"],
    )
    said.assert_says(
        lines[1],
        "A standard error of 0.001 on pass@100 cannot be reached by a pilot of the sizes asked about: the best one, "
        f"{SIZE}, leaves one of {{}} ± {{}} (no unbiased estimate from a pilot of this size can do better than {{}}).",
        *(*size(chosen), chosen["error"], chosen["stderr"], chosen["bound"]),
    )
    assert said.sentence((folder / "report.html").read_text(encoding="utf-8")) == " ".join(lines[:2])


@pytest.mark.parametrize("name", CASES)
def test_both_tables_of_the_report_show_sizes_of_the_record(answers, name):
    found, _, _, folder = answers(name)
    sections = said.sections((folder / "report.html").read_text(encoding="utf-8"))
    for heading, sizes, heads in (
        ("Error by problems and attempts", found.grid, HEADS),
        (f"{found.total:,} attempts: many problems or many attempts?", found.line,
         {"allocation": "allocation", **dict(list(HEADS.items())[:7])}),
    ):  # fmt: skip
        _, shown = sections[heading]
        assert list(shown) == list(heads)
        for head, cells in shown.items():
            said.assert_column(cells, [row(one)[heads[head]] for one in sizes], digits=4)


def test_both_languages_have_the_same_words():
    assert set(EN) == set(JA) and set(EN["headings"]) == set(JA["headings"])
