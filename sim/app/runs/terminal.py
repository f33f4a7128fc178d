"""What a run says on the terminal: for a reader who has not read the paper."""

import numpy as np

from sim.draw.budget import BATCH, LARGEST_BUDGET
from sim.draw.cutting import units
from sim.experiments import EXPERIMENTS
from sim.model import LEARNERS

_ROWS = 6
DRY = "dry=true: nothing was drawn or written; verdicts and figures take a few seconds more\n"
LIMIT = "  this is the limit: budget.until may draw less, and a pilot of at most a seventh of it is drawn in addition\n"


def question_line(name, question):
    """Headline of an experiment."""
    source = "" if question.table is None else f"({question.table.source}, {len(question.table.attempts)} problems)"
    asked = f"{name}: {EXPERIMENTS[name].question.format(source=source).strip()}"
    return f"{asked}\n{_memory_line(question)}" if name in ("learning_curve", "joint", "capacity") else asked


def _memory_line(question):
    return (
        f"  memory={question.memory_name}, for {question.examples[-1]:g} examples of {question.features.words} "
        "(memory=... selects another)"
    )


def answer_lines(name, answer, seconds=None):
    """The table in a few rows, the verdicts in words, and the time where it was drawn now."""
    lines = []
    for quantity in dict.fromkeys(answer.columns["quantity"]):
        lines += _table(EXPERIMENTS[name].quantities[quantity], quantity, answer.columns)
    for verdict in answer.verdicts:
        lines += verdict_lines(verdict, answer.unit)
    if not answer.verdicts:
        lines.append("  simulation only: no closed form is known, so there is no verdict")
    took = "" if seconds is None else f" in {seconds:.1f} s ({answer.draws / seconds:,.0f} a second)"
    lines.append(
        f"  {answer.draws:,} {answer.unit}{took}, representing "
        f"{answer.represented:.1e} {'attempts' if 'attempts' in EXPERIMENTS[name].grids else 'examples'}"
    )
    return lines


def until_line(reached, unit):
    """Whether the wanted standard error was reached, and with how many problems or learners."""
    word, than = ("MET", "at most") if reached.met else ("LIMIT REACHED", "still above")
    return (
        f"  budget.until={reached.until.text} {word}: standard error {reached.stderr:.3g}, {than} "
        f"{reached.until.stderr:.3g}, with {reached.drawn:,} {unit} of the limit of {reached.limit:,} "
        f"(planned from {reached.pilot:,} others)"
    )


def written_line(target, figure):
    """Where the results are, and how they are drawn if they were not."""
    drawn = "" if figure else f"; to plot it: python -m sim plot {target}"
    return f"  written to {target}{drawn}"


def estimate_lines(name, question, estimate, devices):
    """What an experiment would take: draws, memory, time."""
    cut = estimate.cut
    learners = EXPERIMENTS[name].learners or (name == "learning_curve" and question.memory_name in LEARNERS)
    drawn = f"{question.learners:,} learners" if learners else f"{cut.batches * BATCH:,} problems"
    if name == "generative":
        own = question.settings
        drawn = f"models are trained first, then {own.attempts:,} attempts at each of {own.images:,} images"
    part = f" (timed on {estimate.part})" if estimate.part else ""
    whole, besides = estimate.compiling + estimate.drawing, ", without the training" if name == "generative" else ""
    return [
        f"  {drawn} in {cut.batches:,} batches: {estimate.numbers:.2g} random numbers",
        f"  {units(cut.device_bytes)} on each device, of {units(cut.allowed_bytes)} allowed; "
        f"{units(cut.host_bytes)} on the host",
        f"  about {_seconds(whole)}: {_seconds(estimate.compiling)} to compile and {_seconds(estimate.drawing)} to "
        f"draw{part}{besides}, on {devices}\n",
    ]


def _seconds(number):
    """A time to two digits, in the unit that suits it."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if number >= 2 * length:
            return f"{number / length:.{0 if number >= 10 * length else 1}f} {unit}"
    return f"{number:.{0 if number >= 10 else 1}f} s"


def _table(head, quantity, columns):
    heading = head.words
    chosen = np.flatnonzero(columns["quantity"] == quantity)
    if quantity == "failure" and np.isfinite(columns["examples"][chosen]).all():  # a grid: its last learner with a law
        lawful = chosen[np.isfinite(columns["law"][chosen])]
        chosen = chosen[columns["examples"][chosen] == columns["examples"][lawful if len(lawful) else chosen].max()]
        heading = f"unsolved, n = {columns['examples'][chosen[0]]:.3g}"
    chosen = chosen[np.unique(np.linspace(0, len(chosen) - 1, _ROWS).round().astype(int))]
    lines = [f"  {head.axis:>12}  {heading:>20}  {'standard error':>14}  {head.law:>10}  deviation in standard errors"]
    for i in chosen:
        row = {name: columns[name][i] for name in columns}
        law = f"{row['law']:>10.6g}  {row['sigmas']:>+8.2f}" if np.isfinite(row["law"]) else f"{'none':>10}"
        lines.append(f"  {row[head.column]:>12,.0f}  {row['estimate']:>20.6g}  {row['stderr']:>14.2g}  {law}")
    return lines


def verdict_lines(verdict, unit):
    """A verdict in words, and what would decide it where it is open."""
    lines = [f"  law: {verdict.law}"]
    if verdict.measured is not None:
        lines.append(
            f"    exponent {_with_error(verdict.measured, verdict.stderr)} measured, {verdict.predicted:.5g} "
            f"predicted; prefactor {_with_error(verdict.prefactor_measured, verdict.prefactor_stderr)} measured, "
            f"{verdict.prefactor_predicted:.5g} predicted"
        )
    of = f"chi-square {verdict.chi_square:.1f} for {verdict.degrees} degrees of freedom"
    if not verdict.degrees:
        of = f"statistic {verdict.chi_square:.1f}"
    test = f"{of}, p = {verdict.p_value:.2g}" if verdict.p_value >= 0 else "too few events to test anything"  # NaN
    lines.append(f"    {verdict.verdict.upper()}: {test}, largest deviation {verdict.max_sigmas:.1f} standard errors")
    if verdict.beyond and verdict.verdict == "undecided":
        lines.append(
            "    a point deviates by more than its standard error allows, and the test of all points does not see it"
        )
    if verdict.batches_needed is not None:
        lines.append(f"    a law 2 % off would not have been detected either; {_would_decide(verdict, unit)}")
    return lines


def _would_decide(verdict, unit):
    if unit == "learners":
        return (
            f"about {verdict.batches_needed:,} learners would decide (there are {verdict.batches:,}): "
            f"budget.learners={verdict.batches_needed}"
        )
    if verdict.quantity == "coverage_beta":
        return f"about {verdict.batches_needed:,} problems in the table would decide (there are {verdict.batches:,})"
    problems = verdict.batches_needed * BATCH
    if problems > LARGEST_BUDGET:
        return f"about {problems:.0e} problems would decide, more than any budget allows"
    return (
        f"about {verdict.batches_needed:,} batches would decide (there are {verdict.batches:,}): "
        f"budget.problems={problems}"
    )


def _with_error(value, stderr):
    decimals = int(np.clip(1 - np.floor(np.log10(stderr)), 0, 12)) if stderr > 0 else 6  # two digits of the error
    return f"{value:.{decimals}f} +- {stderr:.{decimals}f}"


def summary_lines(entries):
    """All verdicts of a run in one table: [(experiment, Verdict)]."""
    lines = ["", f"  {'experiment':<15} {'law tested':<62} {'predicted':>9} {'measured':>20}  verdict"]
    for name, verdict in entries:
        predicted = "" if verdict.predicted is None else f"{verdict.predicted:.4f}"
        measured = "" if verdict.measured is None else _with_error(verdict.measured, verdict.stderr)
        lines.append(f"  {name:<15} {verdict.law:<62} {predicted:>9} {measured:>20}  {verdict.verdict}")
    return lines
