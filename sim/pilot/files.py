"""Files as people have them: plain or compressed text, and what is in it."""

import gzip
import re
import zlib
from contextlib import contextmanager

FORMS = "CSV, TSV, JSON lines, JSON, parquet or a log of Inspect"
_HEAD = 65_536  # characters that tell the form: more than any header


def form(path):
    """What a file is, told by what it holds: parquet, inspect, json (a list), lines (of JSON) or delimited."""
    if path.is_dir():
        raise ValueError(f"{path}: need a file ({FORMS}), got a folder")
    if not path.is_file():
        raise ValueError(f"{path}: {'not a file' if path.exists() else 'no such file'}; need {FORMS}")
    with _readable(path), path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1":
        return "parquet"
    if start == b"PK\x03\x04":
        if path.suffix != ".eval":
            raise ValueError(f"{path}: need {FORMS}, got a zip archive")
        return "inspect"
    with text(path) as file:
        head = file.read(_HEAD)
    if not (content := re.sub(r"^(#.*|\s*)$\n?", "", head, flags=re.M).lstrip()):
        raise ValueError(f"{path}: need a header line and one line a problem or an attempt, got an empty file")
    if content[0] == "[":
        return "json"
    if content[0] == "{":
        return "inspect" if '"version"' in head and re.search(r'"eval"\s*:\s*\{', head) else "lines"
    return "delimited"


@contextmanager
def text(path):
    """A text file, opened; any line ends, a byte order mark or none, compressed by gzip or not."""
    with _readable(path):
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with (gzip.open if zipped else open)(path, "rt", encoding="utf-8-sig") as file:
            yield file


@contextmanager
def _readable(path):
    try:
        yield
    except (UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: need readable UTF-8 text, got {error}") from None


def shortened(value):
    """repr of a cell, cut where it is long."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def listed(names):
    """Names of columns in a sentence, each on one line and none long."""
    return ", ".join(" ".join(str(name).split())[:60] for name in names)
