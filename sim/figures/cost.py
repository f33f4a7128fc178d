"""Figure of what attempts cost: net value with its best number of attempts, attempts and time spent, and FLOPs."""

from matplotlib.figure import Figure

from sim.figures.panels import (
    ATTEMPTS,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    Pen,
    curve_of,
    finish,
    law_line,
    log_limits,
    panels,
    points,
    residuals,
)
from sim.figures.words import inference, number, setting, title, with_error

PENS = {
    "value_parallel": Pen(BLUE, "o", "-"),
    "value_sequential": Pen(VERMILLION, "s", "--"),
    "attempts_made": Pen(VERMILLION, "s", "--"),
    "latency_slots": Pen(GREEN, "D", "-."),
    "flops_exponent": Pen(BLUE, "o", "-"),
}
WAYS = {"parallel": "all k paid", "sequential": "to the first success"}
ABOVE = {"loc": "lower left", "bbox_to_anchor": (-0.06, 1), "borderaxespad": 0.1}


def draw(run) -> Figure:
    """Net value, attempts made, and the slope of what is unsolved against FLOPs, over attempts."""
    parameters = (("value", "cost.value"), ("price", "cost.price"), *inference(run))
    sloped = (run.table["quantity"] == "flops_exponent").any()  # not where all is solved at once
    heights = (2.8, 2.2, 1.6) if sloped else (2.8, 2.2)
    figure, [[value, spent, *slope, foot]] = panels(title(run, "What attempts cost", parameters), heights, (ATTEMPTS,))
    foot.set_xscale("log")
    _value(value, run)
    _spent(spent, run)
    for axis in slope:
        _slope(axis, run)
    for quantity in ("value_parallel", "attempts_made", "latency_slots", *(["flops_exponent"] if sloped else [])):
        hollow = {"markerfacecolor": "none"} if quantity == "flops_exponent" else {}
        residuals(foot, curve_of(run, quantity, "attempts"), PENS[quantity], markersize=4, **hollow)
    return figure


def _value(axis, run):
    worth, top, first = setting(run, "cost.value"), 0.0, 0.0
    axis.axhline(0, color=BLACK, linewidth=0.8)
    for way, words in WAYS.items():
        curve, pen = curve_of(run, f"value_{way}", "attempts"), PENS[f"value_{way}"]
        top, first = max(top, curve.estimate.max()), min(first, curve.estimate[0])
        if (run.table["quantity"] == f"best_{way}").any():
            best = curve_of(run, f"best_{way}", "attempts")
            words += f": best k {number(float(best.law[0]))}"
            words += f" (simulated {with_error(float(best.estimate[0]), float(best.stderr[0]))})"
            axis.axvline(best.law[0], color=pen.colour, linestyle=":")
        points(axis, curve, pen, f"{words}; {_verdict(run, f'value_{way}')}")
        law_line(axis, curve, pen, None)
    axis.set(ylabel="net value of a problem", ylim=(min(-0.25 * worth, 3 * first), max(1.15 * top, 0.1 * worth)))
    finish(axis, **ABOVE)


def _spent(axis, run):
    """Attempts and waves on the left, the seconds they take on the right."""
    seconds, slots = setting(run, "cost.seconds"), setting(run, "cost.slots")
    axis.set(yscale="log", ylabel="attempts,\nor waves of them")
    made, latency = (curve_of(run, quantity, "attempts") for quantity in ("attempts_made", "latency_slots"))
    waves = latency._replace(**{x: getattr(latency, x) / seconds for x in ("estimate", "stderr", "law")})
    drawn = []
    for quantity, curve, words in (
        ("attempts_made", made, "one by one, to the first success"),
        ("latency_slots", waves, f"{number(slots)} at a time, to the first wave with one"),
    ):
        drawn.append(points(axis, curve, PENS[quantity], f"{words}; {_verdict(run, quantity)}"))
        law_line(axis, curve, PENS[quantity], None)
    log_limits(axis, drawn, [made.law, waves.law])
    axis.set_ylim(0.7, max(10, axis.get_ylim()[1]))
    axis.plot(made.grid, made.grid, color=GREY, linewidth=1, label="all k attempts, one by one", scaley=False)
    other = axis.secondary_yaxis("right", functions=(lambda x: x * seconds, lambda x: x / seconds))
    other.set_ylabel("seconds")
    axis.spines["right"].set_visible(True)
    finish(axis, **ABOVE)


def _slope(axis, run):
    """Local exponent, and the one it comes down or rises to."""
    curve = curve_of(run, "flops_exponent", "attempts")
    law_line(axis, curve, PENS["flops_exponent"], None)
    words = f"slope of what is unsolved, prompt included; {_verdict(run, 'flops_exponent')}"
    points(axis, curve, PENS["flops_exponent"], words)
    for entry in run.verdicts:
        if entry["quantity"] == "excess" and entry["predicted"] is not None:
            measured = "none" if entry["measured"] is None else with_error(entry["measured"], entry["stderr"])
            label = f"in the end {entry['predicted']:.4g}, measured {measured}; {_verdict(run, 'excess')}"
            axis.axhline(entry["predicted"], color=BLACK, linestyle=":", label=label)
    axis.set_ylabel("exponent\nof FLOPs")
    axis.set_ylim(0, 1.15 * max(curve.law.max(), curve.estimate.max()))
    finish(axis, **ABOVE)


def _verdict(run, quantity):
    """Largest residual and verdict."""
    for entry in run.verdicts:
        if entry["quantity"] == quantity:
            return f"{entry['max_sigmas'] or 0:.1f} sigma, {entry['verdict']}"
    return "not judged"
