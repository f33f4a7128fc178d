"""Run folders: table.csv, verdict.json, manifest.json, written at once and read back with every rule checked."""

import csv
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.records.writing import whole

COLUMNS = ("quantity", "examples", "attempts", "depth", "estimate", "stderr", "law", "sigmas")
VERDICT_FIELDS = ("law", "quantity", "predicted", "measured", "stderr", "max_sigmas", "p_value", "verdict")
SUMMARY_COLUMNS = ("point", "experiment", *VERDICT_FIELDS)
VERDICTS = ("confirmed", "undecided", "refuted")


class Run(NamedTuple):
    """What a run folder holds: the table by column, the verdicts, the manifest."""

    table: dict
    verdicts: list
    manifest: dict


# Reading ------------------------------------------------------------------------------------------------------------


def read_run(folder) -> Run:
    """The three files of a run folder; ValueError, in one sentence, names the file and the rule that is broken."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder, need a run folder with table.csv, verdict.json and manifest.json")
    table = read_columns(folder / "table.csv", COLUMNS, COLUMNS[1:])
    for column in ("examples", "attempts", "depth", "stderr"):
        lowest = np.nanmin(table[column], initial=np.inf)
        if lowest < 0 or (lowest == 0 and column != "stderr"):
            rule = "at least 0" if column == "stderr" else "above 0 on a log axis"
            raise ValueError(f"{folder / 'table.csv'}: column {column} must be {rule}, got {lowest:g}")
    verdicts, manifest = read_json(folder / "verdict.json"), read_json(folder / "manifest.json")
    _check_verdicts(folder / "verdict.json", verdicts)
    for field, kind in (("experiment", str), ("config", dict)):
        if not isinstance(manifest, dict) or not isinstance(manifest.get(field), kind):
            raise ValueError(f"{folder / 'manifest.json'}: need an object with the field {field} ({kind.__name__})")
    return Run(table, verdicts, manifest)


def read_summary(folder) -> dict:
    """The columns of a sweep's summary.csv; ValueError, in one sentence, when it is missing or damaged."""
    path = Path(folder) / "summary.csv"
    summary = read_columns(path, SUMMARY_COLUMNS, ("predicted", "measured", "stderr"))
    for line, word in enumerate(summary["verdict"], start=2):
        if word not in VERDICTS:
            raise ValueError(f"{path}, line {line}: verdict must be one of {', '.join(VERDICTS)}, got {word!r}")
    return summary


def _read_text(path):
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}), is this the folder of a finished run?") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: need UTF-8 text, got other bytes at position {error.start}") from error


def read_json(path):
    """What a JSON file says; ValueError, in one sentence, where it cannot be read."""
    try:
        return json.loads(_read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: not valid JSON ({error.msg})") from error


def read_columns(path, needed, numeric):
    """Columns of a CSV file, `numeric` ones float64; ValueError, in one sentence, where one of `needed` is absent."""
    try:
        header, *rows = list(csv.reader(_read_text(path).splitlines())) or [[]]
    except csv.Error as error:
        raise ValueError(f"{path}: need comma-separated values, got a cell that breaks them ({error})") from error
    absent = [column for column in needed if column not in header]
    if absent:
        raise ValueError(f"{path}, line 1: column {absent[0]} is missing, need {', '.join(needed)}")
    if not rows:
        raise ValueError(f"{path}: need at least one row below the header, got none")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ValueError(f"{path}, line {line}: need {len(header)} cells as in the header, got {len(row)}")
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    return {
        name: numbers(path, name, cells) if name in numeric else np.array(cells, dtype=object)
        for name, cells in columns.items()
    }


def numbers(path, name, cells):
    """Cells of a column as float64; ValueError, in one sentence, where one is neither a number nor empty."""
    found = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        try:
            found[row] = float(cell or "nan")
        except ValueError:
            raise ValueError(f"{path}, line {row + 2}: column {name} needs a number or nothing, got {cell!r}") from None
    return found


def _check_verdicts(path, verdicts):
    if not isinstance(verdicts, list) or not all(isinstance(entry, dict) for entry in verdicts):
        raise ValueError(f"{path}: need a list of objects, one a verdict, got {type(verdicts).__name__}")
    for position, entry in enumerate(verdicts, start=1):
        absent = [field for field in VERDICT_FIELDS if field not in entry]
        if absent:
            raise ValueError(
                f"{path}, entry {position}: field {absent[0]} is missing, need {', '.join(VERDICT_FIELDS)}"
            )
        if entry["verdict"] not in VERDICTS:
            raise ValueError(f"{path}, entry {position}: verdict must be one of {', '.join(VERDICTS)}")
        for field in ("predicted", "measured", "stderr", "max_sigmas", "p_value"):
            if not isinstance(entry[field], int | float | None):
                raise ValueError(f"{path}, entry {position}: {field} must be a number or null, got {entry[field]!r}")
        window = entry.get("window") or [1, 1]
        if not isinstance(window, list) or [isinstance(end, int | float) and end > 0 for end in window] != [True, True]:
            raise ValueError(f"{path}, entry {position}: window must be two numbers above 0 or null, got {window!r}")


# Writing ------------------------------------------------------------------------------------------------------------


def write_run(folder, columns, verdicts, manifest):
    """Write the three files of a run folder, made if need be; each appears whole or not at all."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_columns(folder / "table.csv", {name: columns[name] for name in COLUMNS} | columns)
    write_json(folder / "verdict.json", [verdict.record() for verdict in verdicts])
    write_json(folder / "manifest.json", manifest)


def write_columns(path, columns):
    """A CSV of columns; NaN and None become empty cells, numbers keep all their digits."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    whole(path, stream.getvalue().encode())


def cell(value):
    """A value as a CSV has it: nothing for NaN and None, whole numbers without a point, all digits of others."""
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value == np.rint(value) and abs(value) < 1e15 else repr(float(value))
    return str(value)


def finite(content):
    """The same with null for NaN and infinities, which JSON does not have."""
    if isinstance(content, dict):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    return None if isinstance(content, float) and not np.isfinite(content) else content


def write_json(path, content):
    """Write a JSON file, whole or not at all; null for NaN and infinities."""
    try:
        text = json.dumps(content, indent=2, allow_nan=False)
    except ValueError:
        text = json.dumps(finite(content), indent=2, allow_nan=False)
    whole(path, f"{text}\n".encode())
