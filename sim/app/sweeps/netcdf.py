"""netCDF files, of labelled arrays, that xarray and others open."""

import io
from typing import NamedTuple

import numpy as np


class Variable(NamedTuple):
    """A labelled array: numbers, or text as an array of objects."""

    dimensions: tuple
    values: np.ndarray
    attributes: dict


def content(variables, attributes):
    """The bytes of a netCDF file (classic format with 64-bit offsets): text is UTF-8 in arrays of characters."""
    from scipy.io import netcdf_file  # no package more: SciPy comes with JAX

    stream = io.BytesIO()
    made = netcdf_file(stream, "w", version=2)
    for name, text in attributes.items():
        setattr(made, name, text.encode())
    for name, variable in variables.items():
        _add(made, name, variable)
    made.flush()
    written = stream.getvalue()
    made.close()
    return written


def _add(made, name, variable):
    values, dimensions, attributes = variable.values, variable.dimensions, variable.attributes
    if values.dtype == object:
        text = [value.encode() for value in values.ravel()]
        longest = max([1, *map(len, text)])
        values = np.array(text, f"S{longest}").reshape(*values.shape, 1).view("S1")
        dimensions, attributes = (*dimensions, f"string{longest}"), attributes | {"_Encoding": "utf-8"}
    elif values.dtype == float and dimensions != (name,):
        attributes = attributes | {"_FillValue": np.nan}
    for dimension, size in zip(dimensions, values.shape, strict=True):
        if dimension not in made.dimensions:
            made.createDimension(dimension, size)
    added = made.createVariable(name, values.dtype, dimensions)
    added[:] = values
    for key, value in attributes.items():
        setattr(added, key, value.encode() if isinstance(value, str) else value)
