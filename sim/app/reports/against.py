"""What calibrate and recommend say and write of two models: which one solves more, and from how many attempts on."""

import numpy as np

from sim.app.reports import page, pilots
from sim.app.reports.words.against import WORDS
from sim.records import folder

NAME = "difference"  # of the table and of the figure
MODELS = "first", "second"


def columns(found):
    """Columns of difference.csv, a row for each k."""
    leads = np.full(len(found.attempts), "", object)
    for lead in found.leads:
        leads[(found.attempts >= lead.low) & (found.attempts <= lead.high)] = MODELS[lead.model]
    return {
        "attempts": found.attempts,
        "first": found.first,
        "second": found.second,
        "difference": found.middle,
        "low90": found.low,
        "high90": found.high,
        "leads": leads,
    }


def section(found, other):
    """What verdict.json has of it.  other: pilot of the second model."""
    return {
        "source": other.source,
        "paired": found.paired,
        "problems": list(found.problems),
        "attempts": found.attempts[-1],
        "leads": [lead._asdict() | {"model": MODELS[lead.model]} for lead in found.leads],
        "turns": [_turn(turn) for turn in found.turns],
        "chance": None if found.chance is None else _turn(found.chance),
    }


def _turn(turn):
    return turn._asdict() | {"to": MODELS[turn.to]}


def sentence(found, language):
    """What is said of it on the terminal."""
    return WORDS[language]["sentence"](found)


def write(where, found):
    """Write difference.csv."""
    folder.write_columns(where / f"{NAME}.csv", columns(found))


def figure(found):
    """The figure (matplotlib)."""
    from sim.figures import calibrate as drawing

    return drawing.difference(columns(found), found.leads, found.turns)


def part(found, language, drawn):
    """The part of the report.  drawn: the figure as SVG, or None."""
    words = WORDS[language]
    own = columns(found)
    near = [pilots.near_round(k, 0.04) for k in found.attempts]
    named = dict(zip(MODELS, words["models"], strict=True)) | {"": ""}
    own["leads"] = np.array([named[name] for name in own["leads"]], object)
    shown = {words["headings"][name]: values[near].tolist() for name, values in own.items()}
    return page.Part(words["heading"], (sentence(found, language), *words["text"](found)), shown, drawn)
