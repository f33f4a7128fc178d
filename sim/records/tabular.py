"""What a result is in a notebook: columns, a short text, a table in HTML, and the frames of other libraries."""

import html
from typing import Any

import numpy as np

_SHOWN = 8  # rows


class Tabular:
    """A result with `table()`: a dictionary of columns of one length."""

    def table(self) -> dict[str, np.ndarray]:
        """Columns of the result, {name: array}, all of one length."""
        raise NotImplementedError

    def to_pandas(self) -> Any:
        """The table as pandas.DataFrame; ImportError where pandas is not installed."""
        import pandas

        return pandas.DataFrame(self.table())

    def to_xarray(self) -> Any:
        """The table as xarray.Dataset along `row`; ImportError where xarray is not installed."""
        import xarray

        return xarray.Dataset({name: ("row", np.asarray(values)) for name, values in self.table().items()})

    def _repr_html_(self) -> str:
        columns = {name: np.asarray(values) for name, values in self.table().items()}
        length = len(next(iter(columns.values()), ()))
        places = np.unique(np.linspace(0, max(length - 1, 0), min(length, _SHOWN)).round().astype(int))
        head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_cell(values[place]))}</td>" for values in columns.values()) + "</tr>"
            for place in places
        )
        rest = f"<p>{len(places)} of {length} rows</p>" if length > len(places) else ""
        first = html.escape(repr(self))
        return f"<p>{first}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{rest}"


def _cell(value: Any) -> str:
    """A value as a reader takes it in."""
    if isinstance(value, str | None):
        return value or ""
    return "" if value != value else f"{value:.6g}"
