"""What members of all axes have in common: frozen, and checked when they are made."""

import math
from dataclasses import Field, fields, is_dataclass
from numbers import Real
from typing import Any


class Member:
    """One choice on an axis of the model. Subclasses are frozen dataclasses; their numbers are what a user sets.

    axis: the group of the configuration.  ValueError, in one sentence, where a number is none or is out of range.
    """

    axis = ""

    def __post_init__(self) -> None:
        of_own: tuple[Field, ...] = fields(self) if is_dataclass(self) else ()
        for one in of_own:
            if one.type in (int, float):
                object.__setattr__(
                    self, one.name, _number(f"{self.axis}.{one.name}", getattr(self, one.name), one.type)
                )
        self.check()

    def check(self):
        """Raise ValueError, in one sentence, where the numbers are no model."""

    def read(self):
        """The same with what is read from the files that it names."""
        return self

    def physics(self):
        """Text that names every number the draws depend on."""
        return str(self)


def _number(name: str, value: Any, kind: type) -> float | int:
    """A value as the kind that a field is of, int or float."""
    own: Any = value.item() if getattr(value, "shape", None) == () else value  # a NumPy or JAX scalar
    if isinstance(own, bool) or not isinstance(own, Real):
        raise ValueError(f"{name}: need a number, got {value!r}")
    try:
        whole = float(own)
    except OverflowError:  # a whole number beyond 1e308
        whole = math.inf if str(own)[0] != "-" else -math.inf
    if kind is float:
        return whole
    if not (math.isfinite(whole) and whole == int(whole)):
        raise ValueError(f"{name}: need a whole number, got {value!r}")
    return int(whole)
