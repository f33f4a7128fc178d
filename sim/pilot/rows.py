"""Tables, whatever the file they stand in: the columns that are needed, and where each row stands."""

import csv
import importlib.util
import itertools
import json
import re
from pathlib import Path
from typing import NamedTuple

from sim.pilot import files

_CHUNK = 300  # rows taken at a time: fewer than what makes Python look for garbage among all cells
_decode = json.JSONDecoder().raw_decode


class Table(NamedTuple):
    """Cells by role, [rows] each, and the place of each row: `unit` ("line") and its number or name in the file."""

    path: Path
    unit: str
    places: list
    cells: dict[str, list]

    def where(self, row):
        """File and line of a row, for errors."""
        return f"{self.path}, {self.unit} {self.places[row]}"


def delimited(path, choose):
    """Table of a CSV or TSV; lines that start with # are comments.

    choose: where, header, first row if known -> {role: column}.
    """
    with files.text(path) as file:
        delimiter = _delimiter(path)
        lines = _Lines(file, delimiter)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = [name.strip() for name in next(rows)]
            chunk = list(itertools.islice(rows, _CHUNK))
            first = dict(zip(header, chunk[0], strict=False)) if chunk else {}
            roles = choose(f"{path}, line {lines.starts[0]}", header, first)
            take = {role: header.index(name) for role, name in roles.items()}
            cells = {role: [] for role in roles}
            while chunk:
                if set(map(len, chunk)) != {len(header)}:
                    _refuse_width(path, lines.starts[1 + len(cells["problem"]) :], chunk, len(header))
                for role, place in take.items():
                    cells[role] += [row[place].strip() for row in chunk]
                chunk = list(itertools.islice(rows, _CHUNK))
        except csv.Error as error:
            raise ValueError(
                f"{path}, line {lines.starts[-1]}: need cells with their quotes closed, got a row that breaks them "
                f"({error})"
            ) from None
    return Table(path, "line", lines.starts[1:], cells)


class _Lines:
    """Lines of a file but comments and empty ones; starts: numbers of those at which a row starts."""

    def __init__(self, file, delimiter):
        self.file, self.starts = file, []
        self.quoted = re.compile(rf'(?:^|{re.escape(delimiter)})"(?:[^"]|"")*("?)')

    def __iter__(self):
        inside = False  # a quoted cell goes on in the next line
        for number, line in enumerate(self.file, 1):
            if not inside:
                if line[0] <= "#" and (line[0] == "#" or line.isspace()):  # most lines cost one comparison
                    continue
                self.starts.append(number)
            if '"' in line:
                inside = not all(closed[1] for closed in self.quoted.finditer('"' * inside + line))
            yield line


def _delimiter(path):
    with files.text(path) as file:
        header = next(iter(_Lines(file, ",")))
    return next((mark for mark in ("\t", ",", ";") if mark in header), ",")


def _refuse_width(path, starts, chunk, width):
    for number, row in zip(starts, chunk, strict=False):
        if len(row) != width:
            raise ValueError(f"{path}, line {number}: need {width} cells as in the header, got {len(row)}")


def records(path, form):
    """(number, record) one after the other: of lines of JSON, or of a list in JSON."""
    with files.text(path) as file:
        if form == "lines":
            for number, line in enumerate(file, 1):
                if line := line.strip():
                    yield number, _record(path, number, line)
            return
        try:
            listed = json.load(file)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {error.lineno}: need JSON, got none ({error.msg})") from None
    for number, record in enumerate(listed, 1):
        if not isinstance(record, dict):
            raise ValueError(f"{path}, record {number}: need a JSON object, got {files.shortened(record)}")
        yield number, record


def _record(path, number, line):
    try:
        record, end = _decode(line)
    except (json.JSONDecodeError, RecursionError):
        record, end = None, 0
    if end != len(line) or not isinstance(record, dict):
        raise ValueError(f"{path}, line {number}: need one JSON object a line, got {files.shortened(line)}")
    return record


def of_records(path, form, choose):
    """Table of records, which all have the needed columns of the first one."""
    unit, places, cells, read = "line" if form == "lines" else "record", [], {}, records(path, form)
    while chunk := list(itertools.islice(read, _CHUNK)):
        if not places:
            number, first = chunk[0]
            roles = choose(f"{path}, {unit} {number}", list(first), first)
            cells = {role: [] for role in roles}
        try:
            for role, name in roles.items():
                cells[role] += [record[name] for _, record in chunk]
        except KeyError as error:
            name = error.args[0]
            number, record = next(row for row in chunk if name not in row[1])
            raise ValueError(
                f"{path}, {unit} {number}: need {name} as in the first {unit}, got {files.listed(record)}"
            ) from None
        places += [number for number, _ in chunk]
    if not places:
        raise ValueError(f"{path}: need at least one problem, got an empty list")
    return Table(path, unit, places, cells)


def parquet(path, choose):
    """Table of a parquet file, read with pyarrow."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ValueError(f"{path}: need pyarrow to read parquet, got none; pip install pyarrow")
    import pyarrow
    from pyarrow import parquet

    try:
        header = parquet.read_schema(path).names
        head = next(parquet.ParquetFile(path).iter_batches(1), None)
        first = head.to_pylist()[0] if head else {}
        roles = choose(str(path), header, first)
        read = parquet.read_table(path, columns=list(roles.values()))
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path}: need a parquet file, got {str(error).splitlines()[0]}") from None
    cells = {role: read.column(name).to_pylist() for role, name in roles.items()}
    return Table(path, "row", range(1, read.num_rows + 1), cells)
