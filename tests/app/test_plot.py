"""Figures drawn again from the tables of any folder."""

import pytest

pytestmark = pytest.mark.usefixtures("remembered")
PILOT = "problem_id,attempts,successes\n" + "".join(f"p{i},50,{i}\n" for i in range(40))
COMMANDS = {
    "run": "run experiments=[coverage,learning_curve] budget=smoke budget.devices=2",
    "sweep": "run --multirun experiment=coverage budget=smoke budget.devices=2 seed=1,2",
    "calibrate": "calibrate pilot=pilot.csv figure=false",
    "recommend": "recommend pilot=pilot.csv figure=false cost.value=1 cost.price=0.01",
    "design": "design pilots=20 grid.problems=[30,60] grid.attempts=[10,30] figure=false",
}
FIGURES = {"run": ["learning_curve/figure", "coverage/figure"]}


@pytest.mark.parametrize("kind", COMMANDS)
def test_the_figures_of_a_folder_are_drawn_beside_its_tables(sim, tmp_path, kind):
    (tmp_path / "pilot.csv").write_text(PILOT)
    code, _, err = sim(*COMMANDS[kind].split())
    assert code == 0, err
    [where] = (tmp_path / "outputs").iterdir()
    stems = [where / stem for stem in FIGURES.get(kind, ["figure"])]
    for stem in stems:
        stem.with_suffix(".png").unlink(missing_ok=True)
    code, out, err = sim("plot", str(where))
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"written: {stem}.png, {stem}.pdf" for stem in stems]
    for stem in stems:
        assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        assert stem.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    if len(stems) == 1:
        assert sim("plot", str(where), "-o", "own.svg")[:2] == (0, "written: own.svg\n")
        assert "<svg" in (tmp_path / "own.svg").read_text()


def test_the_figure_is_the_one_that_the_run_drew(sim, tmp_path):
    assert sim("run", "experiment=coverage", "budget=smoke", "budget.devices=2", "figure=true")[0] == 0
    [figure] = tmp_path.glob("outputs/*/coverage/figure.pdf")
    before = figure.read_bytes()
    assert sim("plot", str(figure.parent.parent))[0] == 0
    assert figure.read_bytes() == before


def test_each_model_has_a_figure(sim, tmp_path):
    rows = "".join(f"m{i % 2},p{i // 2},50,{i // 2}\n" for i in range(40))
    (tmp_path / "pilot.csv").write_text(f"model,problem_id,attempts,successes\n{rows}")
    assert sim("calibrate", "pilot=pilot.csv", "figure=false", "output=both")[0] == 0
    assert sim("plot", "both")[1].count("written: ") == 2
    code, _, err = sim("plot", "both", "-o", "one.png")
    assert (code, err) == (2, "sim plot: -o one.png: need a folder with one figure, got 2 (figure_0, figure_1)\n")


def test_bad_input_is_one_sentence(sim, tmp_path):
    assert sim("run", "experiment=coverage", "budget=smoke", "budget.devices=2", "output=out")[0] == 0
    [where] = (tmp_path / "out").iterdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "manifest.json").write_text("{")
    cases = [
        ((), "need one folder, got none"),
        (("a", "b"), "need one folder, got 'a' 'b'"),
        (("nowhere",), "nowhere: no such folder"),
        (("empty",), "empty: need manifest.json or summary.csv"),
        (("other",), "manifest.json: need that of a run"),
        (("damaged",), "manifest.json, line 1: not valid JSON"),
        ((str(where), "-o"), "expected one argument"),
        ((str(where), "-o", "x.xyz"), "unknown suffix '.xyz'"),
        ((str(where), "-o", "absent/x.pdf"), "the folder absent does not exist"),
        ((str(where), "--fast"), "--fast"),
    ]
    for arguments, phrase in cases:
        code, out, err = sim("plot", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1) and phrase in err, err
    (where / "coverage" / "table.csv").unlink()
    code, _, err = sim("plot", str(where))
    assert (code, err.count("\n")) == (2, 1) and "table.csv: cannot be read" in err
    assert sim("plot", "--help")[1].startswith("python -m sim plot")
