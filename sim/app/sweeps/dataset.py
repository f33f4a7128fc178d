"""The labelled dataset of a sweep: dataset.nc, netCDF that xarray opens, with dimensions, units and provenance.

Along points. Where the points are all combinations of the parameters that were swept, each parameter is a dimension of
its name (features.exponent, memory.depth) with its values as coordinate; else there is one dimension, point, along
which they lie. What else differs between points lies beside them, as do point (the number), state, and the verdicts:
EXPERIMENT.QUANTITY.measured, .measured.stderr, .predicted, .p_value, .verdict and .verdict.law; QUANTITY_over_k and
QUANTITY_over_n where there is a verdict along either axis.

Along rows. EXPERIMENT.QUANTITY is the estimate, with .stderr, .law and .sigmas beside it, and the columns of the table
that say where it was made, examples, attempts and depth, in one of three ways:
- one row a point (an optimum): along the points alone, EXPERIMENT.QUANTITY.attempts beside it
- the same grid in all points: dimensions examples and attempts; a grid that another quantity does not share is named
  EXPERIMENT.attempts or EXPERIMENT.QUANTITY.attempts
- a grid of its own in each point (attempts.max was swept): a dimension EXPERIMENT.QUANTITY.row, and
  EXPERIMENT.QUANTITY.attempts along points and rows
A column that is the same in all rows of a point (depth) lies along the points alone. What is missing is NaN, or empty.
"""

from typing import NamedTuple

import numpy as np

from sim.app.sweeps import netcdf, parameters, provenance
from sim.app.sweeps.netcdf import Variable
from sim.experiments import EXPERIMENTS, Heading
from sim.records import folder
from sim.records.writing import whole

AXES = ("examples", "attempts")
_BESIDE = (*AXES, "depth")
_OF_VERDICTS = {"measured": "measured", "measured.stderr": "stderr", "predicted": "predicted", "p_value": "p_value"}
_OF_VERDICTS |= {"verdict": "verdict", "verdict.law": "law"}  # what is kept of an entry of verdict.json
_WORDS = {  # long names of what every dataset has
    "examples": "examples seen n",
    "attempts": "attempts per problem k",
    "depth": "copies of an example that are to be seen",
    "row": "row of the point's table",
    "measured": "exponent measured",
    "measured.stderr": "exponent measured: standard error",
    "predicted": "exponent predicted",
    "p_value": "p-value of chi-square and exponent together",
    "verdict": "verdict",
    "verdict.law": "law that the verdict is on",
}
_UNITS = {"examples": "examples", "attempts": "attempts"}


class Table(NamedTuple):
    """The table of an experiment of a point. position: of the point among all.  lines: of table.csv, as they stand."""

    position: int
    experiment: str
    run: folder.Run
    lines: list


def write(path, sweep, tables, varied):
    """Write the dataset of a sweep, whole or not at all. varied: parameters.Parameters."""
    made = Dataset(sweep, varied)
    for experiment in dict.fromkeys(table.experiment for table in tables):
        own = [table for table in tables if table.experiment == experiment]
        made.add_quantities(experiment, own)
        made.add_verdicts(experiment, own)
    whole(path, netcdf.content(made.variables, provenance.attributes(sweep, tables, varied)))


class Dataset:
    """Variables by name, as they are added, along the points of a sweep."""

    def __init__(self, sweep, varied):
        self.variables, self.count = {}, len(sweep.points)
        self.grid = parameters.grid(varied, self.count)
        self.along, beside = ("point",), list(varied.values)
        if self.grid is not None:
            self.along, beside = varied.swept, [name for name in varied.values if name not in varied.swept]
            for name, values in self.grid.coordinates.items():
                self.variables[name] = Variable((name,), values, _named(name, "1"))
        self.beside = [*beside, *([] if self.grid is None else ["point"])]
        self._put("point", np.array([point.number for point in sweep.points], np.int32), _named("number of the point"))
        for name in beside:
            self._put(name, parameters.column(varied.values[name]), _named(name, "1"))
        self._put("state", np.array([point.state for point in sweep.points], object), _named("state of the point"))

    def _put(self, name, values, attributes, more=(), beside=()):
        """Add values [points, more]."""
        if self.grid is not None:
            sizes = [len(own) for own in self.grid.coordinates.values()]
            values = values[self.grid.order].reshape(*sizes, *values.shape[1:])
        coordinates = [other for other in (*self.beside, *beside) if other != name]
        if coordinates and name not in self.beside and name != "point":
            attributes = attributes | {"coordinates": " ".join(coordinates)}
        self.variables[name] = Variable((*self.along, *more), values, attributes)

    # Quantities -------------------------------------------------------------------------------------------------------

    def add_quantities(self, experiment, tables):
        """Add what the tables of an experiment hold."""
        blocks = {}
        for table in tables:
            columns = table.run.table
            for quantity in dict.fromkeys(columns["quantity"]):
                rows = columns["quantity"] == quantity
                block = {name: own[rows] for name, own in columns.items() if own.dtype == float}
                blocks.setdefault(quantity, {})[table.position] = block
        for quantity, own in blocks.items():
            heading = EXPERIMENTS[experiment].quantities.get(quantity, Heading("", "", quantity))
            self._add_quantity(f"{experiment}.{quantity}", heading, own)

    def _add_quantity(self, name, heading, blocks):
        axes = _shared_grid(list(blocks.values()))
        if axes is not None:
            more = tuple(self._dimension(name, axis, values) for axis, values in axes.items())
            size, rows = [len(values) for values in axes.values()], _index(next(iter(blocks.values())), axes)
        else:
            length = max(len(block["estimate"]) for block in blocks.values())
            more, size, rows = ((f"{name}.row",), [length], None) if length > 1 else ((), [], None)
        known = (heading.column, *_BESIDE, *_quantity_words(heading))
        further = dict.fromkeys(column for block in blocks.values() for column in block if column not in known)
        beside = [
            self._add_place(f"{name}.{column}", column, heading, blocks, more, size, rows)
            for column in (*_BESIDE, *further)
            if column not in (axes or {}) and any(not np.isnan(block[column]).all() for block in blocks.values())
        ]
        for column, (words, unit) in _quantity_words(heading).items():
            own = name if column == "estimate" else f"{name}.{column}"
            attributes = _named(words, unit)
            if column == "estimate":
                attributes |= {"ancillary_variables": f"{name}.stderr"}
                attributes |= {"comment": f"against {heading.axis}"} if heading.axis else {}
            self._put(own, self._spread(blocks, column, size, rows), attributes, more, beside)

    def _add_place(self, name, column, heading, blocks, more, size, rows):
        """Add a column that says where the rows were made; its name."""
        words = heading.axis if column == heading.column else _WORDS.get(column, column)
        attributes = _named(words, _UNITS.get(column, "1"))
        if all(_constant(block[column]) for block in blocks.values()):
            more, size, rows = (), [], None
            blocks = {position: {column: block[column][:1]} for position, block in blocks.items()}
        self._put(name, self._spread(blocks, column, size, rows), attributes, more)
        return name

    def _spread(self, blocks, column, size, rows):
        """[points, *size] of a column; rows: where each row goes, None: one after the other."""
        values = np.full((self.count, int(np.prod(size))), np.nan)
        for position, block in blocks.items():
            values[position, slice(len(block[column])) if rows is None else rows] = block[column]
        return values.reshape(self.count, *size)

    def _dimension(self, name, axis, values):
        """Name of a dimension with these values: one that is there, or a new one."""
        for own in (axis, f"{name.split('.')[0]}.{axis}", f"{name}.{axis}"):
            if own not in self.variables:
                self.variables[own] = Variable((own,), values, _named(_WORDS[axis], _UNITS[axis]))
            if np.array_equal(self.variables[own].values, values):
                return own
        raise AssertionError(f"{name}: added twice")

    # Verdicts ---------------------------------------------------------------------------------------------------------

    def add_verdicts(self, experiment, tables):
        """Add what the verdicts of an experiment say of each point."""
        found = {}
        for table in tables:
            for label, entry in _labelled(table.run.verdicts).items():
                found.setdefault(f"{experiment}.{label}", {})[table.position] = entry
        for name, entries in found.items():
            for own, field in _OF_VERDICTS.items():
                text = field in ("verdict", "law")
                values = np.full(self.count, "", object) if text else np.full(self.count, np.nan)
                for position, entry in entries.items():
                    values[position] = values[position] if entry[field] is None else entry[field]
                self._put(f"{name}.{own}", values, _named(_WORDS[own], None if text else "1"))


def _named(words, unit=None):
    return {"long_name": words} | ({} if unit is None else {"units": unit})


def _quantity_words(heading):
    """{column: (long name, unit)} of what a quantity consists of."""
    return {
        "estimate": (heading.words, heading.unit),
        "stderr": (f"{heading.words}: standard error", heading.unit),
        "law": (f"{heading.words}: {heading.law}", heading.unit),
        "sigmas": (f"{heading.words}: deviation from the law in standard errors", "1"),
    }


def _shared_grid(blocks):
    """{axis: its values} of a grid that the rows of all blocks make up; None where they do not, or are single rows."""
    first = blocks[0]
    if len(first["estimate"]) == 1 or not all(_same_rows(first, block) for block in blocks[1:]):
        return None
    axes = {axis: np.unique(first[axis]) for axis in AXES if not np.isnan(first[axis]).all()}
    sizes = [len(values) for values in axes.values()]
    if any(np.isnan(values).any() for values in axes.values()) or np.prod(sizes) != len(first["estimate"]):
        return None
    return axes if len(np.unique(_index(first, axes))) == len(first["estimate"]) else None


def _same_rows(one, other):
    return all(np.array_equal(one[axis], other[axis], equal_nan=True) for axis in AXES)


def _index(block, axes):
    """Where in the grid each row is, the last axis fastest."""
    places = [np.searchsorted(values, block[axis]) for axis, values in axes.items()]
    return np.ravel_multi_index(places, [len(values) for values in axes.values()])


def _constant(values):
    return np.array_equal(values, np.full_like(values, values[0]), equal_nan=True)


def _labelled(verdicts):
    """{label: verdict}: the quantity, with the axis where the law names one; numbered where that is not enough."""
    labelled = {}
    for entry in verdicts:
        axis = entry["law"].partition(", over ")[2]
        label = f"{entry['quantity']}_over_{axis}" if axis.isidentifier() else entry["quantity"]
        number = sum(other == label or other.startswith(f"{label}_number_") for other in labelled) + 1
        labelled[label if number == 1 else f"{label}_number_{number}"] = entry
    return labelled
