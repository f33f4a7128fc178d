"""Figures of reports, of sweeps and of trained models: what is drawn of their columns, column by column."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn import drawn, written
from matplotlib.collections import LineCollection

from sim.figures import calibrate, design, files, recommend
from sim.records.folder import read_run, read_summary

REFERENCE = Path(__file__).parents[2] / "outputs/reference"
GOLDEN = Path(__file__).parents[1] / "golden" / "figures.json"
K = np.array([1.0, 3, 10, 30, 100, 300, 1000])
GROWTH = {"attempts": K, "median": 1 - 0.9 * K**-0.3}
GROWTH |= {"observed": np.where(K < 200, 1 - 0.85 * K**-0.28, np.nan)}
GROWTH |= {"observed_stderr": np.where(K < 200, 0.03 * K**-0.1, np.nan)}
GROWTH |= {f"{end}{share}": 1 - 0.9 * K**-0.3 * wide for end, share, wide in (("low", 90, 1.08), ("low", 50, 1.03))}
GROWTH |= {f"{end}{share}": 1 - 0.9 * K**-0.3 / wide for end, share, wide in (("high", 90, 1.07), ("high", 50, 1.04))}
GROWTH |= {"new_low90": 1 - 0.9 * K**-0.3 * 1.1, "new_high90": 1 - 0.9 * K**-0.3 / 1.15}
LAWS = {"line": GROWTH["median"] ** 0.9, "exp(-a k^-b)": GROWTH["median"] ** 1.1}
BINS = {"successes": ["0", "1", "2-4", "5"], "observed": [30.0, 9, 25, 2], "expected": [28.0, 12, 14, 3]}
BINS |= {"low": [20.0, 6, 9, 1], "high": [36.0, 18, 21, 6]}
TESTED = {"attempts": [30.0, 30, 100, 100], "observed": [0.4, 0.45, 0.6, 0.55], "point": [0.42, 0.41, 0.58, 0.6]}
TESTED |= {"low": [0.35, 0.36, 0.5, 0.57], "high": [0.5, 0.45, 0.61, 0.7]}
APART = {"attempts": K, "first": 1 - 0.9 * K**-0.3, "second": 1 - 0.8 * K**-0.2, "difference": 0.1 - 0.05 * K**0.2}
APART |= {"low90": APART["difference"] - 0.03, "high90": APART["difference"] + 0.07}
SIZES = {"problems": [20, 20, 40, 40], "attempts": [5, 50, 5, 50], "error": [0.09, 0.06, 0.07, 0.03]}
SIZES |= {"bound": [0.08, 0.05, 0.055, 0.02]}
LINE = {"allocation": ["uniform"] * 3 + ["adaptive"] * 3, "problems": [10, 20, 40] * 2, "attempts": [80, 40, 20] * 2}
LINE |= {
    "total": [800] * 6,
    "error": [0.09, 0.07, 0.06, 0.08, 0.065, 0.05],
    "stderr": [0.01, 0.02, 0.03, 0.015, 0.025, 0.035],
}
LINE |= {"bound": [0.085, 0.06, 0.05] + [np.nan] * 3, "endless": [0.08, 0.05, 0.03, 0.08, 0.05, 0.03]}
NET = {"attempts": K, "net": 0.5 - 0.1 * (np.log10(K) - 1.3) ** 2, "gain": 0.2 / K, "price": np.full(7, 0.004)}
NET |= {"net_low": NET["net"] - 0.03, "net_high": NET["net"] + 0.05, "gain_low": 0.15 / K, "gain_high": 0.28 / K}
STAGES = {"attempts": [2.0, 8, 40], "solved": [0.3, 0.5, 0.7], "cost": [0.02, 0.05, 0.15]}
SOLD = {"cost": 0.001 * K, "solved": 1 - 0.9 * K**-0.3, "solved_low": 1 - K**-0.3, "solved_high": 1 - 0.8 * K**-0.3}
OTHER = {
    "cost": 0.004 * K,
    "solved": 1 - 0.8 * K**-0.4,
    "solved_low": 1 - 0.9 * K**-0.4,
    "solved_high": 1 - 0.7 * K**-0.4,
}
FIGURES = {
    "coverage": lambda: calibrate.coverage(GROWTH, LAWS),
    "misfit": lambda: calibrate.misfit(BINS),
    "backtest": lambda: calibrate.backtest(TESTED),
    "difference": lambda: calibrate.difference(APART, [], []),
    "sizes": lambda: design.sizes(SIZES, 0.05, (40, 5)),
    "allocations": lambda: design.allocations(LINE, 0.055),
    "payoff": lambda: recommend.payoff(NET, 20, (10, 40), "USD"),
    "stages": lambda: recommend.stages(STAGES, "USD"),
    "models": lambda: recommend.models((SOLD, OTHER), (0.02, 0.3), "USD"),
    "generative": lambda: files.draw(read_run(REFERENCE / "gallery/generative"), REFERENCE / "gallery/generative"),
    "allocation learnt": lambda: files.draw(read_run(REFERENCE / "gallery/allocation_learnt")),
    "sweep": lambda: files.draw_sweep(read_summary(REFERENCE / "exponent_depth")),
}


def same(new, old):
    if isinstance(old, list | dict):
        keys = old if isinstance(old, dict) else range(len(old))
        return type(new) is type(old) and len(new) == len(old) and all(same(new[key], old[key]) for key in keys)
    if isinstance(old, int | float) and not isinstance(new, str):
        return math.isclose(new, old, rel_tol=1e-8, abs_tol=1e-9)
    return new == old


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_what_it_drew_before(name):
    """`PYTHONPATH=.:tests python tests/figures/test_reports.py` writes tests/golden/figures.json anew."""
    new, old = drawn(FIGURES[name]()), json.loads(GOLDEN.read_text())[name]
    assert same(new, old), f"{new}\n{old}"


def bars(axis):
    """Lower and upper ends of all error bars, [bars, 2]."""
    lines = [line for line in axis.collections if isinstance(line, LineCollection)]
    return [np.array([segment[:, 1] for segment in line.get_segments() if len(segment)]) for line in lines]


def test_bars_are_standard_errors_and_not_their_squares():
    [axis] = FIGURES["allocations"]().axes
    for ends, half in zip(bars(axis)[:2], (slice(3), slice(3, 6)), strict=True):
        error, stderr = (np.array(LINE[name][half]) for name in ("error", "stderr"))
        np.testing.assert_allclose(ends, np.stack([error - stderr, error + stderr], axis=1))
    rising, falling = FIGURES["coverage"]().axes
    seen = np.isfinite(GROWTH["observed"])
    for axis, height in ((rising, GROWTH["observed"][seen]), (falling, 1 - GROWTH["observed"][seen])):
        stderr = GROWTH["observed_stderr"][seen]
        np.testing.assert_allclose(bars(axis)[0], np.stack([height - stderr, height + stderr], axis=1))


def test_bars_of_a_backtest_reach_from_the_low_end_to_the_high_one():
    [axis] = FIGURES["backtest"]().axes
    ends = np.concatenate(bars(axis))
    np.testing.assert_allclose(ends, np.stack([TESTED["low"], TESTED["high"]], axis=1))


def main():
    """Write the golden figures anew."""
    GOLDEN.write_text(written({name: drawn(figure()) for name, figure in FIGURES.items()}))


if __name__ == "__main__":
    sys.exit(main())
