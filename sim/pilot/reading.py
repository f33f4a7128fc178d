"""Pilots from what people have: tables of counts or of single attempts, and logs of evaluation harnesses."""

from functools import partial
from pathlib import Path

from sim.pilot import columns as named_columns
from sim.pilot import files, gather, harness, inspection, rows
from sim.pilot import stopping as rules


def read(path, columns=None, stopping=None):
    """Pilots of a file, one for each suite and model in it, in the order in which they come.

    Tables are CSV, TSV, lines of JSON, a list in JSON, or parquet, with a line for each problem (problem, attempts,
    successes; or problem and the list of its outcomes) or for each attempt (problem, outcome, and order if it is
    known); logs are those of human-eval, lm-evaluation-harness and Inspect.
    columns: {problem, attempts, successes, outcome, order, model or suite: column}, where names do not tell.
    stopping: fixed, first_success, batches or batches:SIZE:CAP, what ended the attempts; None: told by the data.
    ValueError, in one sentence with file, line, rule and value, for whatever is no pilot; StoppingUnclear, one of
    them, where the data do not tell what ended the attempts.
    """
    path, given = Path(path), named_columns.named(columns)
    rules.parsed(stopping)
    return rules.settled(path, gather.pilots(_table(path, given)), stopping)


def _table(path, given):
    form = files.form(path)
    if form == "inspect":
        return inspection.table(path, given)
    if form in ("lines", "json") and harness.recognised(next((record for _, record in rows.records(path, form)), {})):
        return harness.table(path, form, given)
    choose = partial(named_columns.chosen, given=given)
    if form == "parquet":
        return rows.parquet(path, choose)
    return rows.delimited(path, choose) if form == "delimited" else rows.of_records(path, form, choose)
