"""Figure of a sweep."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import (
    BLACK,
    VERDICT_PENS,
    Curve,
    finish,
    panels,
    points,
    residuals,
)
from sim.figures.words import plain
from sim.records.folder import SUMMARY_COLUMNS


def draw(summary) -> Figure:
    """Measured against predicted exponent, one point a run of the sweep, and their distance in sigma.

    summary: the columns of summary.csv; predicted, measured, stderr are numbers, NaN or None where there is none.
    """
    predicted, measured, stderr = (np.asarray(summary[name], float) for name in ("predicted", "measured", "stderr"))
    verdict, present = np.asarray(summary["verdict"], object), np.isfinite(predicted) & np.isfinite(measured)
    if not present.any():
        raise ValueError("summary.csv: need at least one row with predicted and measured exponent, got none")
    varied = [plain(name) for name in summary if name not in SUMMARY_COLUMNS]
    title = textwrap.fill(" over ".join(["Sweep", *filter(None, [", ".join(varied)])]), 70)
    title += f"\n{present.sum():,} exponents"
    title += f", {(~present).sum():,} rows without one are not drawn" if not present.all() else ""
    figure, [[axis, foot]] = panels(title, (3.6,), ("predicted exponent",))
    axis.set_ylabel("measured exponent")
    ends = np.array([predicted[present].min(), predicted[present].max()])
    axis.plot(ends, ends, color=BLACK, label="measured = predicted", zorder=1)
    size = {"markersize": float(np.clip(50 / np.sqrt(present.sum()), 1.5, 5))}  # 1,000 residuals are to be told apart
    for word, pen in VERDICT_PENS.items():
        rows = present & (verdict == word)
        with np.errstate(divide="ignore", invalid="ignore"):
            sigmas = ((measured - predicted) / stderr)[rows]
        curve = Curve(predicted[rows], measured[rows], stderr[rows], predicted[rows], sigmas)
        if rows.any():
            points(axis, curve, pen, f"{word} ({rows.sum():,})", **size)
            residuals(foot, curve, pen, **size)
    finish(axis)
    return figure
