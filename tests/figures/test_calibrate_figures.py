"""Figures of a calibration show what their tables hold, in words that do not cover each other."""

import io
import itertools
import re

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg

from sim.calibration.difference import Lead, Turn
from sim.figures import calibrate


def growth(pilot=128, most=1e5, scale=1.0):
    """Coverage 1 - (1 + k)^-0.4 with bands that widen beyond the pilot."""
    ks = np.unique(np.geomspace(1, most, 40).round())
    loss = (1 + ks) ** -0.4
    wider = 1 + 0.1 * np.log10(np.maximum(ks / pilot, 1))
    table = {"attempts": ks, "observed": np.where(ks <= pilot, 1 - loss, np.nan), "median": 1 - loss}
    table |= {"observed_stderr": np.where(ks <= pilot, 0.02, np.nan)}
    for name, power in (("90", 2), ("50", 1)):
        table |= {f"low{name}": 1 - loss * wider**power, f"high{name}": 1 - loss / wider**power}
    table |= {"new_low90": 1 - loss * wider**3, "new_high90": 1 - loss / wider**3}
    return {name: scale * column if name != "attempts" else column for name, column in table.items()}


LAWS = {
    "line": growth()["median"] ** 0.9,
    "exp(-a k^-b)": growth()["median"] ** 1.1,
    "costs $1": growth()["median"] * 0.9,
}
BINS = ["0", "1", "2", "3-4", "5-8", "9-16", "17-32", "33-64", "65-96", "97-120", "121-127", "128"]
EXPECTED = np.array([61, 12, 7, 8, 6, 6, 5.5, 4, 3, 2, 4, 10])
MISFIT = {
    "successes": BINS,
    "observed": np.array([64, 10, 8, 5, 6, 9, 5, 15, 3, 0, 4, 2]),
    "expected": EXPECTED,
    "low": np.floor(np.maximum(EXPECTED - 1.6 * np.sqrt(EXPECTED), 0)),
    "high": np.ceil(EXPECTED + 1.6 * np.sqrt(EXPECTED)),
}
HIDDEN = np.repeat([32, 64, 128, 256, 512, 1000], 4)
PREDICTED = {
    "attempts": HIDDEN,
    "observed": 1 - HIDDEN**-0.2,
    "point": 1 - HIDDEN**-0.21,
    "low": 1 - HIDDEN**-0.18,
    "high": 1 - HIDDEN**-0.25,
}
RIVALS = {
    **{"attempts": growth()["attempts"], "first": growth()["median"], "second": 0.5 * growth()["high90"]},
    **{"difference": (apart := growth()["median"] - 0.5 * growth()["high90"]), "low90": apart - 0.05},
    "high90": apart + 0.1 * growth()["attempts"] ** 0.1,
}
LEADS = Lead(1, 1.0, 4.0), Lead(0, 20.0, 20.0), Lead(1, 1000.0, 1e5)
TURNS = Turn(0, 1.0, 5.0, 7.0, 15.0), Turn(1, 0.9, 30.0, 300.0, 900.0)
FIGURES = {
    "coverage at one k": lambda: calibrate.coverage({name: column[5:6] for name, column in growth().items()}),
    "coverage": lambda: calibrate.coverage(growth()),
    "coverage with laws": lambda: calibrate.coverage(growth(), LAWS),
    "small coverage": lambda: calibrate.coverage(growth(pilot=8, most=1000, scale=0.02)),
    "misfit": lambda: calibrate.misfit(MISFIT),
    "backtest": lambda: calibrate.backtest(PREDICTED),
    "difference": lambda: calibrate.difference(RIVALS, LEADS, TURNS),
    "difference of which nothing is sure": lambda: calibrate.difference(RIVALS, [], []),
}
SAID = {
    "coverage at one k": ["\n10\n", "\n0.4\n"],
    "coverage": [
        *("coverage pass@k", "inference loss 1 - pass@k", "attempts per problem k", "pilot, with standard error"),
        *("predicted, these problems", "50 %, these", "90 %, these", "90 %, new problems", "end of the pilot"),
    ],
    "coverage with laws": ["line", "exp(-a k^-b)", r"costs \$1"],
    "small coverage": ["end of the pilot"],
    "misfit": [
        *("successes c / attempts m of a problem", "problems (square-root scale)", "expected", "90 % under the model"),
        *("observed, outside the band", *BINS),
    ],
    "laws": [
        "posterior\nshare",
        "pass@k at k = $10^{4}$",
        "90 % interval",
        "predicted",
        "two betas",
        "beta with a\nceil",
    ],
    "difference": [
        *("first model", "second model", "first less second", "90 %, the whole curve", "the order turns, 90 %"),
        *("first leads for sure", "second leads for sure", "difference of pass@k", "coverage pass@k"),
    ],
    "difference of which nothing is sure": ["first less second", "attempts per problem k"],
    "backtest": [
        "pass@k observed later",
        "pass@k predicted, with 90 % interval",
        "k = 32",
        "k = 128 to 256",
        "k = 512",
    ],
}


def texts(figure):
    """Artists of the text that is drawn: labels, ticks in view, legends."""
    for axis in figure.axes:
        yield from (axis.xaxis.label, axis.yaxis.label)
        for direction, (low, high) in ((axis.xaxis, axis.get_xlim()), (axis.yaxis, axis.get_ylim())):
            for tick in [*direction.get_major_ticks(), *direction.get_minor_ticks()]:
                if tick.label1.get_visible() and min(low, high) <= tick.get_loc() <= max(low, high):
                    yield tick.label1
    yield from (text for legend in figure.legends for text in legend.get_texts())


def drawn(name):
    figure = FIGURES[name]()
    figure.canvas.draw()
    return figure


@pytest.mark.seldom(4)
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_shows(name):
    words = "\n".join(text.get_text() for text in texts(drawn(name)))
    for phrase in SAID[name]:
        assert phrase in words


@pytest.mark.seldom(3)
@pytest.mark.parametrize("name", FIGURES)
def test_no_words_cover_others_or_leave_the_figure(name):
    figure = drawn(name)
    boxes = [(text, text.get_window_extent()) for text in texts(figure) if text.get_text()]
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        if 0 < one.get_rotation() == other.get_rotation() < 90:  # side by side, each along a line of its own
            between = abs(second.x1 - first.x1) * np.sin(np.radians(one.get_rotation()))
            assert between >= one.get_fontsize() * figure.dpi / 72, (one, other)
        else:
            assert not first.padded(-1).overlaps(second.padded(-1)), (one, other)  # a dot: where letters end is rounded
    for text, box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text


@pytest.mark.seldom(2)
@pytest.mark.parametrize("name", FIGURES)
def test_letters_are_5_points_high_at_half_size(name):
    figure = drawn(name)
    assert figure.get_figwidth() == 5.2 and min(text.get_fontsize() for text in texts(figure)) >= 10


@pytest.mark.seldom(2)
@pytest.mark.parametrize("name", FIGURES)
def test_svg_is_the_same_twice_without_a_date_and_with_letters_as_outlines(name):
    first, second = (calibrate.svg(FIGURES[name]()) for _ in range(2))
    assert first == second and first.lstrip().startswith("<?xml") and "<svg" in first
    assert not re.search(r"<text|<script|<dc:date|Matplotlib v", first)


@pytest.mark.seldom(1)
@pytest.mark.parametrize("name", FIGURES)
def test_drawing_leaves_the_settings_of_matplotlib_alone(name):
    names = [name for name in rcParams if "backend" not in name]  # reading the backend would load pyplot
    before = [rcParams[name] for name in names]
    calibrate.svg(FIGURES[name]())
    assert [rcParams[name] for name in names] == before


def lines(axis):
    return {line.get_label(): line for line in axis.lines if not line.get_label().startswith("_")}


def test_the_two_panels_of_coverage_show_the_same_curves_one_from_above():
    table = growth()
    rising, falling = calibrate.coverage(table, LAWS).axes
    assert (rising.get_xscale(), rising.get_yscale()) == ("log", "linear")
    assert (falling.get_xscale(), falling.get_yscale()) == ("log", "log")
    assert rising.get_xlim() == falling.get_xlim()
    below = [line.get_ydata() for line in falling.lines]
    for name, values in {"predicted, these problems": table["median"], "line": LAWS["line"]}.items():
        np.testing.assert_array_equal(lines(rising)[name].get_ydata(), values)
        assert any(np.array_equal(shown, 1 - values) for shown in below)
    for axis in (rising, falling):
        pilot = next(line for line in axis.lines if line.get_marker() == "o")
        np.testing.assert_array_equal(pilot.get_xdata(), table["attempts"][np.isfinite(table["observed"])])


def test_the_end_of_the_pilot_is_its_last_number_of_attempts():
    table = growth(pilot=100)
    end = table["attempts"][table["attempts"] <= 100][-1]
    rising, falling = calibrate.coverage(table).axes
    assert list(lines(rising)["end of the pilot"].get_xdata()) == [end, end]
    assert any(list(line.get_xdata()) == [end, end] for line in falling.lines)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_coverage_of_nothing_and_of_all_is_drawn(value):
    table = growth()
    table = {name: np.full_like(column, value) for name, column in table.items()} | {"attempts": table["attempts"]}
    assert len(calibrate.svg(calibrate.coverage(table | {"observed_stderr": 0 * table["median"]}))) > 10000


def test_a_fifth_law_is_not_left_out_in_silence():
    with pytest.raises(ValueError):
        calibrate.coverage(growth(), {str(law): growth()["median"] for law in range(5)})


def test_coverage_is_drawn_without_a_pilot_s_curve():
    table = growth()
    nothing = np.full_like(table["median"], np.nan)
    figure = calibrate.coverage(table | {"observed": nothing, "observed_stderr": nothing})
    assert "end of the pilot" not in [text.get_text() for text in figure.legends[0].get_texts()]


def test_bins_outside_the_band_are_marked_and_no_others():
    (axis,) = calibrate.misfit(MISFIT).axes
    assert [BINS[int(x)] for x in lines(axis)["observed, outside the band"].get_xdata()] == ["33-64", "128"]
    within = MISFIT | {"observed": MISFIT["expected"]}
    assert "observed, outside the band" not in lines(calibrate.misfit(within).axes[0])


def test_every_point_of_a_backtest_is_drawn_whatever_the_number_of_k():
    (axis,) = calibrate.backtest(PREDICTED).axes
    points = np.concatenate([held.lines[0].get_xydata() for held in axis.containers])
    expected = np.column_stack([PREDICTED["observed"], PREDICTED["point"]])
    np.testing.assert_array_equal(np.sort(points, axis=0), np.sort(expected, axis=0))
    one = {name: column[:1] for name, column in PREDICTED.items()}
    assert [len(held.lines[0].get_xydata()) for held in calibrate.backtest(one).axes[0].containers] == [1]


def test_a_backtest_may_be_a_table_of_parts_by_k():
    grid = {name: np.reshape(column, (6, 4)).T for name, column in PREDICTED.items()}
    assert calibrate.svg(calibrate.backtest(grid | {"attempts": grid["attempts"][0]})) == calibrate.svg(
        calibrate.backtest({name: column.ravel() for name, column in grid.items()})
    )


def test_columns_that_are_not_drawn_may_stand_in_a_table():
    assert calibrate.svg(calibrate.coverage(growth() | {"pilot": ["a"]})) == calibrate.svg(calibrate.coverage(growth()))


def test_a_figure_on_paper_is_not_empty():
    stream = io.BytesIO()
    FigureCanvasAgg(drawn("coverage")).print_png(stream)
    assert stream.getvalue().startswith(b"\x89PNG") and len(stream.getvalue()) > 10000


def test_two_models_their_difference_and_where_each_leads_are_drawn():
    top, foot = calibrate.difference(RIVALS, LEADS, TURNS).axes
    for name in ("first", "second"):
        np.testing.assert_array_equal(lines(top)[f"{name} model"].get_ydata(), RIVALS[name])
    np.testing.assert_array_equal(lines(foot)["first less second"].get_ydata(), RIVALS["difference"])
    bars = [line for line in foot.lines if line.get_linewidth() == 5]
    colours = [lines(top)[f"{('first', 'second')[lead.model]} model"].get_color() for lead in LEADS]
    assert [line.get_color() for line in bars] == colours
    for line, lead in zip(bars, LEADS, strict=True):
        assert line.get_xdata()[0] <= lead.low <= lead.high <= line.get_xdata()[1]
    words = [text.get_text() for text in calibrate.difference(RIVALS, [], []).legends[0].get_texts()]
    assert not [word for word in words if "sure" in word or "turns" in word]
