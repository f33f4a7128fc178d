"""What distinguishes the points of a sweep: the parameters that were swept, and all else that differs with them."""

from typing import NamedTuple

import numpy as np

from sim.app.configuring import place

_SETS = {"experiment": "experiments"}  # the key that a group sets, where a table has a column named like the group


class Parameters(NamedTuple):
    """Values of the parameters that differ between points.

    values: by name, one a point, None where a point has none or it is not known; those that were swept come first.
    swept: the names that tell the points apart.  shared: {dotted key: value} that all points have.
    """

    values: dict
    swept: tuple
    shared: dict


class Grid(NamedTuple):
    """A full grid of points. coordinates: values by name.  order: positions of the points, the last name fastest."""

    coordinates: dict
    order: np.ndarray


def read(overrides, configs):
    """Parameters of points, from the overrides of each (None where it is not known) and the configuration of each.

    Only that counts on which tables depend, not how they were made.  A group that is swept (difficulty=uniform) is told
    by the name of its member, difficulty.name.  Where overrides are not known, those parameters were swept that follow
    from no others.
    """
    flat = [place.results(config) for config in configs]
    names = dict.fromkeys(name for own in flat for name in own)
    present = [own for own in flat if own]
    varied = [name for name in names if len({repr(own.get(name)) for own in present}) > 1]
    values = {name: [own.get(name) for own in flat] for name in varied}
    if all(own is not None for own in overrides):
        swept = _swept(overrides, flat)
    else:
        swept = {name: values[name] for name in _independent(values)}
    alike = [name for name in names if name not in varied and name not in swept]
    shared = {name: next(own[name] for own in present if name in own) for name in alike}
    return Parameters(swept | {name: own for name, own in values.items() if name not in swept}, tuple(swept), shared)


def _swept(overrides, flat):
    """{name: values} of what the overrides of the points set differently."""
    given = [dict(_parted(each) for each in own) for own in overrides]
    swept = {}
    for key in dict.fromkeys(key for own in given for key in own):
        if len({own.get(key) for own in given}) > 1 and place.results({key: 0}):
            name = f"{key}.name" if any(f"{key}.name" in own for own in flat) else _SETS.get(key, key)
            swept[name.replace("/", ".")] = [_typed(own.get(key, "null")) for own in given]
    return swept


def _parted(override):
    key, _, text = override.lstrip("+~").partition("=")
    return key, text.strip("'\"")


def _typed(text):
    """The value of an override."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return {"null": None, "true": True, "false": False}.get(text.lower(), text)


def _independent(values):
    """Names of those that do not follow from the ones before."""
    chosen = []
    for name, own in values.items():
        before = list(zip(*(map(repr, values[each]) for each in chosen), strict=True)) or [()] * len(own)
        if len(set(zip(before, map(repr, own), strict=True))) > len(set(before)):
            chosen.append(name)
    return chosen


def grid(parameters, count):
    """Grid of `count` points, None where they are not all combinations of the values of what was swept, once each."""
    coordinates, codes = {}, []
    for name in parameters.swept:
        own = column(parameters.values[name])
        distinct = np.unique(own) if own.dtype == float else np.array(list(dict.fromkeys(own)), object)
        place_of = {_key(value): i for i, value in enumerate(distinct)}
        coordinates[name] = distinct
        codes.append([place_of[_key(value)] for value in own])
    sizes = [len(own) for own in coordinates.values()]
    if not sizes or np.prod(sizes) != count:
        return None
    index = np.ravel_multi_index(codes, sizes)
    return Grid(coordinates, np.argsort(index)) if len(set(index)) == count else None


def _key(value):
    return "nan" if value != value else value


def column(values):
    """Numbers, NaN for None, where all values are numbers or read like one; text otherwise, empty for None."""
    try:
        numbers = [_number(value) for value in values]
    except ValueError:
        return np.array(["" if value is None else str(value) for value in values], object)
    return np.array(numbers, float)


def _number(value):
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no number")
    number = float(value)
    if isinstance(value, int) and number != value:
        raise ValueError(f"{value!r} is longer than a float")
    return number
