"""Figures show everything that stands in the tables, in words, and refuse damaged folders in one sentence."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rcParams
from PIL import Image
from scipy.special import betaln

from sim.figures import files as figure
from sim.records.folder import COLUMNS, SUMMARY_COLUMNS, VERDICT_FIELDS, read_run, read_summary

ROOT = Path(__file__).parents[1]
CONFIG = {
    "features": {"exponent": 1.0, "size": 1000000},
    "memory": {"depth": 1},
    "difficulty": {"alpha": 5.0, "beta": 0.35, "ceiling": 1.0},
}
GRID = [float(value) for value in np.unique(np.geomspace(1, 1e7, 25).round())]


def inference_loss(attempts):
    return float(np.exp(betaln(5 + attempts, 0.35) - betaln(5, 0.35)))


def row(quantity, law, stderr, noise, examples="", attempts="", depth=""):
    return [quantity, examples, attempts, depth, law + noise * stderr, stderr, law, noise]


def verdict(quantity, word="confirmed", predicted=0.5):
    entry = dict.fromkeys(VERDICT_FIELDS)
    return {**entry, "law": "the law", "quantity": quantity, "verdict": word, "max_sigmas": 2.1, "p_value": 0.4} | (
        {"predicted": predicted, "measured": 0.4993, "stderr": 0.0011, "window": [100, 1e6]} if predicted else {}
    )


def tables():
    """One table and its verdicts for each experiment; noise from a fixed list, which no test reads."""
    noise = iter(np.resize([0.3, -1.2, 0.7, 1.9, -0.4, -2.3, 1.1], 1000).tolist())
    joint = [
        row("failure", 0.7 * n**-0.5 + inference_loss(k), 1e-3, next(noise), examples=n, attempts=k)
        for n in (10, 100, 1000, 10**4, 10**5, 10**6)
        for k in GRID
    ]
    joint += [row("ceiling", 1 - 0.7 * n**-0.5, 1e-5, next(noise), examples=n) for n in GRID[3:]]
    replay = [row("coverage", 1 - inference_loss(k), 1e-3, next(noise), attempts=k) for k in GRID]
    replay += [row("coverage_beta", 1.01 - inference_loss(k), 0.03, next(noise), attempts=k) for k in GRID]
    return {
        "learning_curve": (
            [row("error", 0.69 * n**-0.5, 1e-5, next(noise), examples=n, depth=1) for n in GRID],
            [verdict("error")],
        ),
        "coverage": (
            [row("failure", inference_loss(k), 1e-4, next(noise), attempts=k) for k in GRID],
            [verdict("failure", "refuted", 0.35)],
        ),
        "joint": (joint, [verdict("failure", predicted=None), verdict("ceiling")]),
        "replay": (replay, [verdict("coverage", predicted=None), verdict("coverage_beta", "undecided", None)]),
    }


def write_run(folder, experiment, rows=None, verdicts=None, config=CONFIG):
    default_rows, default_verdicts = tables()[experiment]
    folder.mkdir(exist_ok=True)
    with open(folder / "table.csv", "w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([COLUMNS, *(default_rows if rows is None else rows)])
    (folder / "verdict.json").write_text(json.dumps(default_verdicts if verdicts is None else verdicts))
    manifest = {"experiment": experiment, "config": config, "seed": 0, "device": "cpu", "problems": 4096}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def write_sweep(folder):
    lines = [[*SUMMARY_COLUMNS, "features.exponent"]]
    for point, (exponent, word) in enumerate(
        [(0.3, "confirmed"), (0.5, "refuted"), (0.6, "undecided"), ("", "confirmed")]
    ):
        measured = exponent + 0.001 if exponent else ""
        lines.append([point, "coverage", "the law", "error", exponent, measured, 0.002, 2.1, 0.4, word, point])
    folder.mkdir()
    with open(folder / "summary.csv", "w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(lines)
    return folder


def words(drawn):
    """All the text of a figure."""
    texts = [drawn.get_suptitle()]
    for axis in drawn.axes:
        texts += [axis.get_xlabel(), axis.get_ylabel(), axis.get_title(loc="left")]
        texts += [text.get_text() for text in axis.get_legend().get_texts()] if axis.get_legend() else []
    return "\n".join(texts)


def drawn_points(axis):
    """Heights of the points, one list for each artist with a marker and no line."""
    return [line.get_ydata() for line in axis.lines if line.get_linestyle() == "None" and line.get_marker() != "_"]


def read_refusal(folder):
    with pytest.raises(ValueError) as refusal:
        read_run(folder)
    message = str(refusal.value)
    assert "\n" not in message
    return message


EXPECTED = {
    "learning_curve": ["examples seen n", "fraction of test examples\nnot memorised", "Zipf exponent 1", "confirmed"],
    "coverage": ["attempts per problem k", "failure 1 - pass@k", "coverage pass@k", "alpha 5, beta 0.35", "refuted"],
    "joint": ["attempts per problem k", "examples seen n", "failure 1 - pass@k", "1 - ceiling A", "confirmed"],
    "replay": ["attempts per problem k", "coverage pass@k", "undecided", "to the Beta law"],
}


@pytest.mark.parametrize("experiment", EXPECTED)
def test_a_figure_says_what_it_shows(experiment, tmp_path):
    drawn = figure.draw(read_run(write_run(tmp_path / "run", experiment)))
    for phrase in [*EXPECTED[experiment], "residual (sigma)", "the law", "seed 0"]:
        assert phrase in words(drawn)
    if experiment != "replay":
        assert "0.4993 ± 0.0011" in words(drawn)


@pytest.mark.parametrize("experiment", EXPECTED)
def test_residuals_stand_below_in_sigma_within_at_least_three(experiment, tmp_path):
    run = read_run(write_run(tmp_path / "run", experiment))
    feet = [axis for axis in figure.draw(run).axes if axis.get_xlabel()]
    assert all(axis.get_ylim()[0] <= -3 and axis.get_ylim()[1] >= 3 for axis in feet)
    heights = np.abs(np.concatenate([height for axis in feet for height in drawn_points(axis)]))
    np.testing.assert_array_equal(np.sort(heights), np.sort(np.abs(run.table["sigmas"])))


@pytest.mark.seldom(1)
@pytest.mark.parametrize("experiment", EXPECTED)
def test_a_figure_is_written_as_png_and_pdf_and_twice_alike(experiment, tmp_path):
    run = read_run(write_run(tmp_path / "run", experiment))
    for name in ("first", "second"):
        figure.save(figure.draw(run), tmp_path / name)
    for suffix, magic in ((".png", b"\x89PNG"), (".pdf", b"%PDF")):
        content = (tmp_path / f"first{suffix}").read_bytes()
        assert content.startswith(magic) and len(content) > 10000
        assert content == (tmp_path / f"second{suffix}").read_bytes()
    with Image.open(tmp_path / "first.png") as image:
        assert image.width == 1300  # 6.5 inches at 200 dots an inch


def test_an_estimate_of_zero_stays_visible_on_a_log_axis(tmp_path):
    rows = [row("failure", 10.0**-power, 1e-6, 0, attempts=10**power) for power in range(5)]
    rows += [["failure", "", 1e6, "", 0, 1e-6, 1e-6, -1], ["failure", "", 1e7, "", 0, 0, 1e-7, ""]]
    drawn = figure.draw(read_run(write_run(tmp_path / "run", "coverage", rows)))
    artists = {line.get_label(): line for line in drawn.axes[1].lines}
    limit, edge = artists["upper limit: estimate + 2 stderr"], artists["zero, without standard error"]
    assert (limit.get_xdata(), limit.get_ydata()) == ([1e6], [2e-6])
    assert drawn.axes[1].get_ylim()[0] < 2e-6
    assert edge.get_xdata() == [1e7] and 0 < edge.get_ydata()[0] < 0.2  # a height in the panel, not in the data
    assert "upper limit" in words(drawn) and "zero, without standard error" in words(drawn)


def test_an_infinite_residual_stays_visible_on_the_edge(tmp_path):
    rows = [row("error", 0.5 / n, 1e-3, 0, examples=n) for n in (1, 2, 4)]
    rows[1][-1], rows[2][-1] = "inf", "-inf"
    foot = figure.draw(read_run(write_run(tmp_path / "run", "learning_curve", rows))).axes[0]
    edges = {line.get_marker(): (line.get_xdata()[0], line.get_ydata()[0]) for line in foot.lines}
    assert edges["^"] == (2, 1) and edges["v"] == (4, 0)


def test_a_residual_of_nine_sigma_is_inside_the_panel(tmp_path):
    rows = [row("error", 0.5 / n, 1e-3, noise, examples=n) for n, noise in ((1, 0.5), (2, -9), (4, 1))]
    foot = figure.draw(read_run(write_run(tmp_path / "run", "learning_curve", rows))).axes[0]
    assert foot.get_ylim()[0] < -9


def test_a_ceiling_below_one_draws_its_floor_and_the_excess_above_it(tmp_path):
    rows = [row("failure", 0.1 + 0.9 * inference_loss(k), 1e-5, 0, attempts=k) for k in GRID]
    config = {**CONFIG, "difficulty": {"alpha": 5.0, "beta": 0.35, "ceiling": 0.9}}
    drawn = figure.draw(read_run(write_run(tmp_path / "run", "coverage", rows, config=config)))
    lines = {line.get_label(): line for line in drawn.axes[1].lines}
    np.testing.assert_allclose(lines["floor 1 - ceiling = 0.1"].get_ydata(), 0.1)
    np.testing.assert_allclose(lines["law - floor"].get_ydata(), [0.9 * inference_loss(k) for k in GRID])
    assert lines["floor 1 - ceiling = 0.1"].get_linestyle() == "--"


def test_residuals_have_the_sign_of_the_points_above_them(tmp_path):
    _left_foot, _left, foot, axis = figure.draw(read_run(write_run(tmp_path / "run", "joint"))).axes
    law = next(line for line in axis.lines if line.get_label() == "law").get_ydata()
    np.testing.assert_array_equal(np.sign(drawn_points(axis)[0] - law), np.sign(drawn_points(foot)[0]))


def test_six_numbers_of_examples_show_five_curves_and_the_residuals_of_all(tmp_path):
    foot, axis, *_ = figure.draw(read_run(write_run(tmp_path / "run", "joint"))).axes
    assert sum("n = " in text.get_text() for text in axis.get_legend().get_texts()) == 5
    assert len(drawn_points(foot)) == 6


def test_several_depths_are_several_curves(tmp_path):
    rows = [row("error", 0.1 * d / n, 1e-3, 0, examples=n, depth=d) for d in (1, 2) for n in (10, 100)]
    drawn = figure.draw(read_run(write_run(tmp_path / "run", "learning_curve", rows)))
    assert "depth = 1" in words(drawn) and "depth = 2" in words(drawn)


def test_a_run_without_verdicts_and_within_one_decade_is_drawn(tmp_path):
    rows = [row("failure", 0.96 - k / 100, 1e-3, 1, attempts=k) for k in (3, 4, 5)]
    drawn = figure.draw(read_run(write_run(tmp_path / "run", "coverage", rows, verdicts=[])))
    figure.save(drawn, tmp_path / "narrow")
    labels = [text.get_text() for text in drawn.axes[1].yaxis.get_ticklabels(which="both") if text.get_text()]
    assert "law (no verdict)" in words(drawn) and len(labels) >= 3


def test_a_simulation_without_a_law_says_so_and_draws_none(tmp_path):
    rows = [[*row("failure", 0.96 - k / 100, 1e-3, 1, attempts=k)[:-2], "", ""] for k in (3, 40, 50)]
    drawn = figure.draw(read_run(write_run(tmp_path / "run", "coverage", rows, verdicts=[])))
    said = words(drawn)
    assert "simulation only: no closed form" in said and "law" not in said


def test_the_title_names_the_members_that_are_not_the_paper_s_and_their_numbers(tmp_path):
    config = CONFIG | {
        "difficulty": {"name": "scaled_beta", "alpha": 3.5, "beta": 0.25, "scale": 0.1},
        "dependence": {"name": "sticky", "share": 0.2},
        "verifier": {"name": "noisy", "true_positive": 0.9, "false_positive": 0.02},
    }
    title = figure.draw(read_run(write_run(tmp_path / "run", "coverage", config=config))).get_suptitle()
    for phrase in ("difficulty scaled_beta", "scale 0.1", "dependence sticky", "share 0.2", "verifier noisy"):
        assert phrase in title.replace("\n", " ")


def test_a_floor_is_drawn_only_where_it_is_that_of_the_ceiling(tmp_path):
    config = CONFIG | {"difficulty": {"name": "beta", "alpha": 5.0, "beta": 0.35, "ceiling": 0.9}}
    assert "floor" in words(figure.draw(read_run(write_run(tmp_path / "one", "coverage", config=config))))
    config |= {"dependence": {"name": "sticky", "share": 0.2}}
    assert "floor" not in words(figure.draw(read_run(write_run(tmp_path / "two", "coverage", config=config))))


def test_a_sweep_marks_refuted_points_differently(tmp_path):
    drawn = figure.draw_sweep(read_summary(write_sweep(tmp_path / "sweep")))
    foot, axis = drawn.axes
    markers = {line.get_marker() for line in axis.lines if line.get_linestyle() == "None"} - {"_"}
    assert markers >= {"o", "s", "X"}
    np.testing.assert_allclose(np.concatenate(drawn_points(foot)), 0.5)
    for phrase in ("refuted (1)", "measured exponent", "predicted exponent", "1 rows without one", "features.exponent"):
        assert phrase in words(drawn)


def test_a_sweep_of_one_predicted_exponent_is_drawn(tmp_path):
    columns = {"predicted": [0.35, None], "measured": [0.351, None], "stderr": [0.0, None], "verdict": ["refuted"] * 2}
    figure.save(figure.draw_sweep(columns), tmp_path / "sweep")
    assert (tmp_path / "sweep.pdf").stat().st_size > 0


def test_a_sweep_without_exponents_is_refused():
    nothing = {name: [None] for name in ("predicted", "measured", "stderr")}
    with pytest.raises(ValueError, match="at least one row with predicted and measured exponent"):
        figure.draw_sweep({**nothing, "verdict": ["confirmed"]})


DAMAGES = [  # file, its new content (None: remove the file), what the sentence must say
    ("verdict.json", "[{", ["verdict.json, line 1", "JSON"]),
    ("verdict.json", "{}", ["verdict.json", "list of objects"]),
    ("verdict.json", '[{"law": "x"}]', ["verdict.json, entry 1", "field quantity is missing"]),
    ("verdict.json", json.dumps([verdict("error", "proven")]), ["verdict.json, entry 1", "one of confirmed"]),
    (
        "verdict.json",
        json.dumps([verdict("error", predicted="half")]),
        ["verdict.json, entry 1", "predicted", "'half'"],
    ),
    ("verdict.json", json.dumps([{**verdict("error"), "window": [0, 1]}]), ["verdict.json", "window", "above 0"]),
    ("verdict.json", None, ["verdict.json", "cannot be read"]),
    ("manifest.json", "[]", ["manifest.json", "field experiment"]),
    ("manifest.json", '{"experiment": "coverage"}', ["manifest.json", "field config"]),
    ("table.csv", None, ["table.csv", "cannot be read"]),
    ("table.csv", "", ["table.csv, line 1", "quantity is missing"]),
    ("table.csv", "quantity,examples\nerror,1\n", ["table.csv, line 1", "column attempts is missing"]),
    ("table.csv", ",".join(COLUMNS), ["table.csv", "at least one row"]),
    ("table.csv", ",".join(COLUMNS) + "\nerror,1\n", ["table.csv, line 2", "8 cells", "got 2"]),
    ("table.csv", ",".join(COLUMNS) + "\nerror,1,,,x,1,1,0\n", ["table.csv, line 2", "column estimate", "'x'"]),
    ("table.csv", ",".join(COLUMNS) + "\nerror,1,,,1,-1,1,0\n", ["table.csv", "column stderr", "got -1"]),
    ("table.csv", ",".join(COLUMNS) + "\nerror,0,,,1,1,1,0\n", ["table.csv", "column examples", "got 0"]),
    ("table.csv", b"\xff\xfe", ["table.csv", "UTF-8"]),
]


@pytest.mark.parametrize(("name", "content", "phrases"), DAMAGES)
def test_a_damaged_folder_is_refused_in_one_sentence_that_names_the_file(name, content, phrases, tmp_path):
    path = write_run(tmp_path / "run", "learning_curve") / name
    path.unlink() if content is None else path.write_bytes(content if isinstance(content, bytes) else content.encode())
    message = read_refusal(tmp_path / "run")
    assert all(phrase in message for phrase in phrases), message


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    assert "no such folder" in read_refusal(tmp_path / "nowhere")


def test_an_unknown_experiment_and_an_absent_quantity_are_refused(tmp_path):
    run = read_run(write_run(tmp_path / "run", "coverage"))
    with pytest.raises(ValueError, match=r"experiment must be one of learning_curve, .*, got 'x'"):
        figure.draw(run._replace(manifest={**run.manifest, "experiment": "x"}))
    with pytest.raises(ValueError, match="need rows of quantity error, got failure"):
        figure.draw(run._replace(manifest={**run.manifest, "experiment": "learning_curve"}))


def call(experiment, *arguments):
    """A script as a reader calls it, with warnings as errors."""
    command = [sys.executable, "-W", "error", ROOT / "scripts" / "plot.py", experiment, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.seldom(1)
@pytest.mark.parametrize("experiment", [*EXPECTED, "sweep"])
def test_a_script_redraws_the_figure_from_the_tables(experiment, tmp_path):
    folder = tmp_path / "folder"
    write_sweep(folder) if experiment == "sweep" else write_run(folder, experiment)
    answer = call(experiment, folder, "-o", tmp_path / "figure.pdf")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"written: {tmp_path / 'figure.pdf'}\n", "")
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_a_script_refuses_in_one_sentence_with_exit_code_2(tmp_path):
    run, output = write_run(tmp_path / "run", "coverage"), tmp_path / "figure.svg"
    cases = [
        ("coverage", tmp_path / "nowhere", output, "no such folder"),
        ("joint", run, output, "need a folder of joint, got one of coverage"),
        ("coverage", run, tmp_path / "figure.xyz", "unknown suffix '.xyz'"),
        ("coverage", run, tmp_path / "absent" / "figure.svg", "does not exist"),
        ("sweep", run, output, "need a folder of sweep, got one of coverage"),
    ]
    for experiment, folder, target, phrase in cases:
        answer = call(experiment, folder, "-o", target)
        assert answer.returncode == 2 and phrase in answer.stderr
        assert answer.stderr.count("\n") == 1 and "Traceback" not in answer.stderr
    assert not output.exists()


def test_plotting_loads_neither_jax_nor_pyplot():
    unwanted = "('jax', 'matplotlib.pyplot', 'hydra', 'scipy')"
    code = f"import sys, sim.figures.files; print([name for name in {unwanted} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


def test_drawing_leaves_the_settings_of_matplotlib_alone(tmp_path):
    names = [name for name in rcParams if "backend" not in name]  # reading the backend would load pyplot
    before = [rcParams[name] for name in names]
    figure.save(figure.draw(read_run(write_run(tmp_path / "run", "coverage"))), tmp_path / "figure")
    assert [rcParams[name] for name in names] == before
