"""The figure of a value."""

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from sim.figures.panels import STYLE


def plot(result: Any) -> Figure:
    """Plot draws, a judgement, a forecast, a decision or a loaded run.

    Parameters
    ----------
    result : Draws, Judgement, Forecast, Decision or Run
        The result of `sim.simulate`, `sim.judge`, `sim.calibrate`, `sim.recommend` or `sim.load`.

    Returns
    -------
    matplotlib.figure.Figure
        A notebook shows it; ``figure.savefig("name.pdf")`` writes it.

    Raises
    ------
    ValueError
        For any other result.

    Examples
    --------
    >>> import sim
    >>> figure = sim.plot(sim.simulate(sim.Model(), attempts=1e3, problems=2**16))
    >>> figure.savefig("coverage.pdf")  # doctest: +SKIP
    """
    drawn = {"Draws": _draws, "Judgement": _judgement, "Forecast": _forecast, "Decision": _decision, "Run": _run}
    kind = type(result).__name__
    if kind not in drawn:
        raise ValueError(f"plot: need what {', '.join(drawn)} is, got {kind}")
    with rc_context(STYLE):
        figure = drawn[kind](result)
        figure.dpi = 100
    figure._repr_png_ = lambda: _png(figure)  # what a notebook shows of it
    return figure


def _png(figure):
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)
    return stream.getvalue()


def _draws(draws):
    from sim.experiments.draws import judge

    return _judgement(judge(draws))


def _judgement(judgement):

    from sim.figures import files
    from sim.records.folder import Run

    verdicts = [verdict.record() for verdict in judgement.verdicts]
    return files.draw(Run(judgement.columns, verdicts, {"experiment": judgement.experiment, "config": {}}))


def _run(run):
    from sim.figures import files
    from sim.records.folder import Run

    return files.draw(Run(run.columns, run.verdicts, run.manifest), run.where)


def _forecast(forecast):
    from sim.calibration import curve
    from sim.figures import calibrate as drawing

    found, table = forecast.found, forecast.table()
    new = forecast.coverage(found.attempts, new=True, problems=len(found.pilot.attempts)).table()
    seen = curve.shown(found.pilot, found.attempts)
    columns = table | {"observed": seen.value, "observed_stderr": seen.stderr}
    columns |= {"new_low90": new["low90"], "new_high90": new["high90"]}
    return drawing.coverage(columns)


def _decision(decision):
    import numpy as np

    from sim.figures import recommend as drawing

    curves, own = decision.found.curves, decision.found.own
    columns = {"attempts": curves.attempts, "price": np.full(len(curves.attempts), curves.price)}
    for name in ("net", "gain"):
        ends = zip((name, f"{name}_low", f"{name}_high"), getattr(curves, name), strict=True)
        columns |= dict(ends)
    return drawing.payoff(columns, own.attempts, (own.low, own.high), "money")
