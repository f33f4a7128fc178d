"""Logs of Inspect (.eval and .json), read with its own library: a sample in an epoch is an attempt."""

import importlib.util

from sim.pilot import columns, rows
from sim.pilot.files import shortened

_LOG = "a log of Inspect"


def table(path, given):
    """rows.Table of a log; pilot.columns.outcome is the name of the scorer."""
    columns.only(path, given, ("outcome",), _LOG)
    if importlib.util.find_spec("inspect_ai") is None:
        raise ValueError(f"{path}: need inspect_ai to read {_LOG}, got none; pip install inspect-ai")
    from inspect_ai.log import read_eval_log

    try:
        samples = read_eval_log(str(path)).samples
    except Exception as error:  # whatever the library meets in a file that is none of its own
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"{path}: need {_LOG}, got {said}") from None
    if not samples:
        raise ValueError(f"{path}: need at least one sample in {_LOG}, got none")
    places = [f"{sample.id!r}, epoch {sample.epoch}" for sample in samples]
    scorer = _scorer(path, samples, given.get("outcome"))
    outcome = [
        _outcome(f"{path}, sample {place}", sample, scorer) for place, sample in zip(places, samples, strict=True)
    ]
    cells = {"problem": [s.id for s in samples], "outcome": outcome, "order": [s.epoch for s in samples]}
    return rows.Table(path, "sample", places, cells)


def _scorer(path, samples, given):
    scorers = list(dict.fromkeys(name for sample in samples for name in sample.scores or {}))
    if given is not None and given not in scorers:
        raise ValueError(
            f"{path}: need one of its scorers as pilot.columns.outcome ({', '.join(scorers)}), got {given!r}"
        )
    if given is None and len(scorers) > 1:
        raise ValueError(f"{path}: need one scorer, got {' and '.join(scorers)}; set pilot.columns.outcome")
    return given or next(iter(scorers), None)


def _outcome(where, sample, scorer):
    """Value of the score, where "N", no answer, is a failure; a list or an object is no outcome."""
    score = (sample.scores or {}).get(scorer)
    if score is None:
        message = getattr(sample.error, "message", None)
        got = f"the error {shortened(message)}" if message else "none"
        raise ValueError(f"{where}: need a score, got {got}")
    if isinstance(score.value, (list, dict)) or score.value == "P":
        raise ValueError(f"{where}: need a score that is right or wrong (C or I, 1 or 0), got {shortened(score.value)}")
    return score.value
