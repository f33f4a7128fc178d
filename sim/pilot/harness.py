"""Logs of samples of EleutherAI's lm-evaluation-harness (samples_TASK_*.jsonl): one line a document and filter.

A line has the responses of all repeats, but mostly one value for a metric: that of the response its filter keeps, or of
the majority. Single attempts are in it where a document has one response, where a metric lists a value for each, and
as counts in pass@1, which is successes / repeats.
"""

from sim.pilot import columns, files, rows

_FILES = "a log of lm-evaluation-harness"
_OTHERS = {"doc", "target", "arguments", "resps", "filtered_resps"}  # lists and numbers that are no scores
_NO_METRIC = {"doc_id", "filter", "doc_hash", "metrics", "repeats"}


def recognised(record):
    """Whether a record is a line of such a log."""
    return "doc_id" in record and bool({"resps", "filtered_resps"} & record.keys())


def table(path, form, given):
    """rows.Table of a log; pilot.columns.outcome is the metric, or metric and filter with a comma or / between."""
    columns.only(path, given, ("outcome",), _FILES)
    lines = list(_lines(path, form))
    metric, kept = _choice(path, lines, given.get("outcome"))
    lines = [(number, record) for number, record in lines if kept is None or str(record.get("filter")) == kept]
    unit = "line" if form == "lines" else "record"
    read = [_attempts(f"{path}, {unit} {number}", record, metric) for number, record in lines]
    places = [number for number, _ in lines]
    problem = [record["doc_id"] for _, record in lines]
    _refuse_other_documents(path, unit, lines)
    if metric == "pass@1" and any(attempts > 1 for attempts, _ in read):
        attempts, successes = map(list, zip(*read, strict=True))
        return rows.Table(path, unit, places, {"problem": problem, "attempts": attempts, "successes": successes})
    return rows.Table(path, unit, places, {"problem": problem, "outcome": [outcome for _, outcome in read]})


def _lines(path, form):
    """Records without their texts."""
    for number, record in rows.records(path, form):
        if not recognised(record):
            raise ValueError(
                f"{path}, line {number}: need doc_id and resps as {_FILES} has, got {files.listed(record)}"
            )
        responses = record.pop("resps", None) or record.pop("filtered_resps", None)
        listed = isinstance(responses, list) and responses and isinstance(responses[0], list)
        record["repeats"] = len(responses[0]) if listed else 1
        scores = {key for key, cell in record.items() if isinstance(cell, (bool, int, float, list))} - _OTHERS
        keep = scores | _NO_METRIC
        yield number, {key: cell for key, cell in record.items() if key in keep}


def _choice(path, lines, given):
    """Metric and filter whose outcomes are meant."""
    first = lines[0][1]
    metrics = (
        list(map(str, first["metrics"]))
        if isinstance(first.get("metrics"), list)
        else [k for k in first if k not in _NO_METRIC]
    )
    filters = list(dict.fromkeys(str(record.get("filter")) for _, record in lines))
    choices = [f"{m},{f}" if len(filters) > 1 else m for m in metrics for f in filters]
    if not choices:
        raise ValueError(f"{path}: need a metric in {_FILES}, got {_fields(first)}")
    asked = given and given.replace("/", ",")
    if asked is None and len(choices) > 1:
        raise ValueError(f"{path}: need one metric and filter of {_FILES}, got {_listed(choices)}; {_set(choices[0])}")
    metric, _, kept = (asked or choices[0]).partition(",")
    if metric not in metrics or (kept or filters[0]) not in filters or (len(filters) > 1 and not kept):
        raise ValueError(f"{path}: need {_listed(choices, ' or ')} as pilot.columns.outcome, got {given!r}")
    return metric, kept or None


def _fields(record):
    return files.listed(key for key in record if key != "repeats")


def _listed(choices, last=" and "):
    return last.join(choices).replace(",", "/")


def _set(choice):
    return f"set pilot.columns.outcome, as in {choice.replace(',', '/')}"


def _attempts(where, record, metric):
    """(attempts, outcome or successes or list of outcomes) of a line."""
    repeats, value = record["repeats"], record.get(metric)
    if metric not in record:
        raise ValueError(f"{where}: need the metric {metric}, got {_fields(record)}")
    if isinstance(value, list):
        if len(value) != repeats:
            raise ValueError(f"{where}: need the {metric} of each of {repeats} responses, got {len(value)}")
        return repeats, value
    if repeats == 1:
        return 1, value
    if metric != "pass@1":
        raise ValueError(
            f"{where}: need the {metric} of each of {repeats} responses, got one for all of them, as {_FILES} "
            "scores only what its filter keeps; score each response and give a table of problem and outcome"
        )
    successes = value * repeats if isinstance(value, (int, float)) and 0 <= value <= 1 else 0.5
    if abs(successes - round(successes)) > 1e-6 * repeats:
        raise ValueError(f"{where}: need a pass@1 that is a share of {repeats}, got {files.shortened(value)}")
    return repeats, round(successes)


def _refuse_other_documents(path, unit, lines):
    """Logs of two tasks in one file number their documents alike."""
    seen = {}
    for number, record in lines:
        earlier, known = seen.setdefault(str(record["doc_id"]), (number, record.get("doc_hash")))
        if known != record.get("doc_hash"):
            raise ValueError(
                f"{path}, {unit} {number}: need one document for doc_id {record['doc_id']!r}, "
                f"got one that differs from {unit} {earlier}"
            )
