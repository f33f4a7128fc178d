"""Small bugs, by the part of the house that they are planted in (tests/planted.py)."""

from typing import NamedTuple


class Bug(NamedTuple):
    """What stands once in a file and what takes its place; tests: files, or FILE::TEST, that should
    notice it, the quick ones first."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple
