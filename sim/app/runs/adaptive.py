"""How much is drawn where a standard error is wanted: budget.until. Reading this loads no JAX.

A pilot says how much; then so much is drawn as always. The batches of a pilot are numbered from 2^31 on, which no run
reaches: its plan knows nothing of the data that are judged, and stopping there favours no result. 64 jackknife groups
know a standard error to 9 %, so that after a margin of 15 % about one run in ten is not yet as precise as wanted, and
goes on by half of what it has, again and again. That looks at its standard error, never at what it measures. The two
are correlated by some 0.1, runs that go on are moved by 0.2 standard errors at most and keep most of that: over all
runs the mean of an estimate moves by less than 1 % of its standard error.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.draw.budget import BATCH
from sim.experiments import EXPERIMENTS, asking

PILOT = 2**31  # number of a pilot's first batch
_FEWEST_BATCHES, _FEWEST_LEARNERS = 64, 1024  # one for each jackknife group, and 16
_LARGER = 8  # times as large is the next pilot; the last is at most the 8th part of the limit
_SMALLEST = 1 / 64  # share of what it plans for below which a pilot is followed by a larger one
_MARGIN = 1.15  # in the standard error, which 64 jackknife groups know to 9 %
_ON = 1.5  # times as much where the plan was not enough
_LOSSES = ("failure", "error")  # quantities, of which an experiment has one that is meant


class Unmeasured(ValueError):
    """An experiment without the standard error that was asked for."""


class Until(NamedTuple):
    """What is wanted: a standard error, of every exponent (at: None) or of the loss at so many attempts or examples."""

    text: str
    at: float | None
    stderr: float


class Reached(NamedTuple):
    """What was reached: the largest standard error, with how much of the limit, and how large the pilots were."""

    until: Until
    stderr: float
    drawn: int
    limit: int
    pilot: int

    @property
    def met(self):
        """Whether the standard error is as small as wanted."""
        return self.stderr <= self.until.stderr


def record(reached):
    """What was reached, as it stands in a manifest."""
    own = {"wanted": reached.until.text, "stderr": reached.stderr, "met": reached.met}
    return own | {"drawn": reached.drawn, "limit": reached.limit, "pilot": reached.pilot}


# At the door ----------------------------------------------------------------------------------------------------------


def read(text):
    """Until of the text of budget.until; None for None.  ValueError, in one sentence, for anything else."""
    if text is None:
        return None
    what, colon, number = str(text).partition(":")
    kind, at_sign, where = what.partition("@")
    stderr, at = _positive(number), _positive(where)
    if not colon or stderr is None or (kind, at_sign) not in (("exponent", ""), ("loss", "@")) or (at_sign and not at):
        rule = "exponent:STDERR or loss@ATTEMPTS:STDERR with numbers above 0, such as exponent:0.001 or loss@1e4:1e-5"
        raise ValueError(f"budget.until: need {rule}, got {text!r}")
    return Until(str(text), at, stderr)


def _positive(text):
    """A finite number above 0; None for anything else."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


def check(until, name, question):
    """Refuse what an experiment cannot be drawn until."""
    drawn_elsewhere = {"replay": "of recorded attempts", "generative": "of generative.attempts"}
    if name in drawn_elsewhere:
        raise ValueError(f"budget.until: need experiments that simulate, got {name}, {drawn_elsewhere[name]}")
    if until.at is None:
        return
    if _loss(name) is None:
        able = ", ".join(other for other in EXPERIMENTS if _loss(other))
        raise ValueError(f"budget.until: need an experiment with a loss for {until.text} ({able}), got {name}")
    column, grid = _along(name), _grid(name, question)
    if not 1 <= until.at <= grid[-1]:
        raise ValueError(f"budget.until: need 1 <= {column} <= {column}.max={grid[-1]:g} in {name}, got {until.at:g}")


def _loss(name):
    """The quantity of an experiment that is its loss; None where it has none."""
    return next((quantity for quantity in _LOSSES if quantity in EXPERIMENTS[name].quantities), None)


def _along(name):
    """Column that the loss is a curve over: attempts, or examples of an experiment that makes no attempts."""
    return EXPERIMENTS[name].quantities[_loss(name)].column


def _grid(name, question):
    return question.tries if _along(name) == "attempts" else question.examples


# The run --------------------------------------------------------------------------------------------------------------


def answer(name, question, until, take):
    """(Answer, Reached) of an experiment drawn until a standard error is as wanted, or all of its budget is drawn.

    take: gives the counts of all batches of Steps.  The answer is that of the same question with a budget of `drawn`,
    bit for bit: a function of the question alone, however the work is cut.  Unmeasured where there is no such standard
    error.
    """
    limit = _limit(name, question)
    drawn, pilot = _planned(name, question, until)
    while True:
        found = asking.answer(name, asked(name, question, drawn), take)
        errors = _errors(name, found, until)
        if drawn >= limit or (errors and max(errors)[0] <= until.stderr):
            break
        drawn = _whole(name, question, _ON * drawn)
    if not errors:
        key = "learners" if _of_learners(name, question) else "problems"
        raise Unmeasured(f"budget.until: need a measured exponent, got none from {name} with budget.{key}={limit}")
    return found, Reached(until, max(errors)[0], drawn, limit, pilot)


def _planned(name, question, until):
    """(how much to draw, how large the last pilot was): from pilots, each larger than the one before.

    All of the limit where even the largest pilot measures nothing, or says so.
    """
    limit = _limit(name, question)
    size = least = min(limit, _FEWEST_LEARNERS if _of_learners(name, question) else _FEWEST_BATCHES * BATCH)
    while True:
        errors = _errors(name, asking.answer(name, asked(name, question, size, PILOT)), until)  # short: not saved
        needed = [size * (_MARGIN * stderr / until.stderr) ** slowness for stderr, slowness in errors]
        plan = min(limit, max(needed, default=limit))
        if (errors and size >= _SMALLEST * plan) or _LARGER * _LARGER * size > limit:
            return _whole(name, question, max(least, plan)), size
        size *= _LARGER


def _errors(name, found, until):
    """[(standard error, slowness)] of what is wanted: the standard error falls as draws^(-1 / slowness).

    The window of an exponent starts later as data grow, as in verdict.verdict_of, and its error falls more slowly.
    """
    if until.at is None:
        return [(each.stderr, 2 + each.predicted / 2) for each in found.verdicts if each.stderr is not None]
    columns, along = found.columns, found.columns[_along(name)]
    rows = np.flatnonzero(columns["quantity"] == _loss(name))
    examples = columns["examples"][rows]
    if _along(name) == "attempts" and np.isfinite(examples).all():  # a grid: its last learner
        rows = rows[examples == examples.max()]
    nearest = rows[np.argmin(np.abs(np.log(along[rows] / until.at)))]
    return [(float(columns["stderr"][nearest]), 2.0)]


def _of_learners(name, question):
    """Whether budget.learners says how much is drawn."""
    return EXPERIMENTS[name].learners or (name == "learning_curve" and question.memory.learners)


def _limit(name, question):
    return question.learners if _of_learners(name, question) else question.budget.problems


def _whole(name, question, amount):
    """So much, in whole batches of problems or single learners, and no more than the limit."""
    unit = 1 if _of_learners(name, question) else BATCH
    return min(_limit(name, question), unit * math.ceil(amount / unit))


def asked(name, question, amount, first=0):
    """The question with so many problems or learners, from a batch on."""
    if _of_learners(name, question):
        return question._replace(learners=amount, budget=replace(question.budget, first=first))
    return question._replace(budget=replace(question.budget, problems=amount, first=first))
