"""What calibrate and recommend say and write of two models: which one solves more, and from how many attempts on."""

import numpy as np

from sim.app.reports import page, pilots
from sim.app.reports.words.against import WORDS
from sim.records import folder

NAME = "difference"  # of the table and of the figure
MODELS = "first", "second"


def columns(told):
    """Columns of difference.csv, a row for each k."""
    leads = np.full(len(told.attempts), "", object)
    for lead in told.leads:
        leads[(told.attempts >= lead.low) & (told.attempts <= lead.high)] = MODELS[lead.model]
    return {
        "attempts": told.attempts,
        "first": told.first,
        "second": told.second,
        "difference": told.middle,
        "low90": told.low,
        "high90": told.high,
        "leads": leads,
    }


def section(told, other):
    """What verdict.json has of it.  other: pilot of the second model."""
    return {
        "source": other.source,
        "paired": told.paired,
        "problems": list(told.problems),
        "attempts": told.attempts[-1],
        "leads": [lead._asdict() | {"model": MODELS[lead.model]} for lead in told.leads],
        "turns": [_turn(turn) for turn in told.turns],
        "chance": None if told.chance is None else _turn(told.chance),
    }


def _turn(turn):
    return turn._asdict() | {"to": MODELS[turn.to]}


def sentence(told, language):
    """What is said of it on the terminal."""
    return WORDS[language]["sentence"](told)


def write(where, told):
    """Write difference.csv."""
    folder.write_columns(where / f"{NAME}.csv", columns(told))


def figure(told):
    """The figure (matplotlib)."""
    from sim.figures import calibrate as drawing

    return drawing.difference(columns(told), told.leads, told.turns)


def part(told, language, drawn):
    """The part of the report.  drawn: the figure as SVG, or None."""
    words = WORDS[language]
    own = columns(told)
    near = [pilots.near_round(k, 0.04) for k in told.attempts]
    named = dict(zip(MODELS, words["models"], strict=True)) | {"": ""}
    own["leads"] = np.array([named[name] for name in own["leads"]], object)
    shown = {words["headings"][name]: values[near].tolist() for name, values in own.items()}
    return page.Part(words["heading"], (sentence(told, language), *words["text"](told)), shown, drawn)
