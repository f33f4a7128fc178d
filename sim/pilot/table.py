"""CSV files as people have them, line by line."""

import csv


def numbered_rows(path, columns, what):
    """(line number, cells by column) of a CSV file with a header; lines that start with # are comments.

    path: Path.  columns: needed ones, others may stand beside them.  what: a line is one of, in words: a problem.
    ValueError, in one sentence with file, line, rule and value, for whatever is no such table.
    """
    names = ", ".join(columns)
    if path.is_dir():
        raise ValueError(f"{path}: need a file, a CSV with columns {names}, got a folder")
    if not path.is_file():
        raise ValueError(f"{path}: no such file; need a CSV with columns {names}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise ValueError(f"{path}: need readable UTF-8 text, got {error}") from None
    numbered = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    if not numbered:
        raise ValueError(f"{path}: need a header line {','.join(columns)} and one line {what}, got an empty file")
    first, line = numbered[0]
    header = [name.strip() for name in next(csv.reader([line]))]
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise ValueError(f"{path}, line {first}: need each column once, got {twice[0]} twice")
    missing = [name for name in columns if name not in header]
    if missing:
        got = f"{', '.join(header)} (no {', '.join(missing)})"
        raise ValueError(f"{path}, line {first}: need columns {names}, got {got}")
    return [(number, _cells(path, number, line, header)) for number, line in numbered[1:]]


def _cells(path, number, line, header):
    try:
        cells = next(csv.reader([line]))
    except csv.Error as error:
        raise ValueError(
            f"{path}, line {number}: need comma-separated cells, got one that breaks them ({error})"
        ) from None
    if len(cells) != len(header):
        raise ValueError(f"{path}, line {number}: need {len(header)} cells as in the header, got {len(cells)}")
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True)}


def whole(cell):
    """int(cell), but for Python's own 1_000."""
    if "_" in cell:
        raise ValueError(cell)
    return int(cell)
