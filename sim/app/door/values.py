"""Values of a configuration, each checked: numbers, members, grids, budgets."""

import math

from sim.draw.budget import FEWEST_LEARNERS, MOST_LEARNERS, Budget, grid
from sim.experiments import EXPERIMENTS
from sim.model import MEMBERS, member_fields

AXES = {"attempts": ("max", "points"), "examples": ("max", "points")}
MOST_COUNTS = 2**27  # integers of 8 bytes: 1 GiB
SETTINGS = tuple(name for name, experiment in EXPERIMENTS.items() if experiment.settings)  # that have some
_BUDGET = ("problems", "replays", "learners", "chunk", "devices", "memory")


def number(name, value, whole=False):
    """A finite number (or inf where it stands) from a configuration value; ValueError for text, NaN, true and false."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{name}: need a number, got {value!r}")
    try:
        parsed = float(value)
    except ValueError:
        raise ValueError(f"{name}: need a number, got {value!r}") from None
    except OverflowError:  # a whole number beyond 1e308
        parsed = math.inf if value > 0 else -math.inf
    if math.isnan(parsed):
        raise ValueError(f"{name}: need a number, got nan")
    if not whole:
        return parsed
    if isinstance(value, int):
        return value
    if math.isinf(parsed) or parsed != int(parsed):
        raise ValueError(f"{name}: need a whole number, got {value}")
    return int(parsed)


def known(name, node, allowed):
    if not isinstance(node, dict):
        raise ValueError(f"{name}: need keys {', '.join(allowed)}, got {node!r}")
    for key in node:
        if key not in allowed:
            raise ValueError(f"{name}.{key}: no such key; {name} has {', '.join(allowed)}")
    for key in allowed:
        if key not in node:
            raise ValueError(f"{name}.{key}: need a value, got none")


def member(group, node):
    """The checked member of a group from its part of the configuration."""
    if not isinstance(node, dict):
        raise ValueError(f"{group}: need a member, one of {', '.join(MEMBERS[group])}, got {node!r}")
    name = node.get("name")
    if not isinstance(name, str) or name not in MEMBERS[group]:
        raise ValueError(f"{group}.name: need one of {', '.join(MEMBERS[group])}, got {name!r}")
    return _built(group, node, MEMBERS[group][name], ("name",), AXES.get(group, ()))


def _built(section, node, kind, before=(), behind=()):
    """A checked `kind` from a section of the configuration; before, behind: other keys that stand there."""
    types = member_fields(kind)
    known(section, node, (*before, *types, *behind))
    built = kind(**{key: _value(f"{section}.{key}", node[key], type_) for key, type_ in types.items()})
    if types:
        built.check()
    return built


def settings(name, node):
    """What an experiment alone is set by, checked; None where it has no section of its own."""
    kind = EXPERIMENTS[name].settings
    built = kind and _built(name, node, kind)
    return built.read() if hasattr(built, "read") else built


def _value(name, value, type_):
    if type_ is str:
        return "" if value is None else str(value)
    if type_ is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{name}: need a list of numbers such as [1, 2], got {value!r}")
        return tuple(number(name, each) for each in value)
    return number(name, value, whole=type_ is int)


def axis(name, node, limit):
    largest, points = number(f"{name}.max", node["max"]), number(f"{name}.points", node["points"], whole=True)
    if not 1 <= largest <= limit:
        raise ValueError(f"{name}.max: need a number from 1 to {limit:g}, got {largest:g}")
    if not 2 <= points <= 200:
        raise ValueError(f"{name}.points: need a whole number from 2 to 200, got {points}")
    made = grid(largest, points)
    if len(made) < 2:
        raise ValueError(f"{name}.max: need at least 2 to have a curve, got {largest:g}")
    return made


def budget(node, drawn="problems"):
    """The checked Budget; drawn: the key that says how much, "replays" for a replay of recorded attempts."""
    known("budget", node, (*_BUDGET, "until"))
    numbers = {key: number(f"budget.{key}", node[key], whole=key != "memory") for key in _BUDGET}
    made = Budget(numbers[drawn], numbers["chunk"], numbers["devices"], numbers["memory"])
    made.check(f"budget.{drawn}")
    return made


def learners(node, points):
    """Number of learners, checked."""
    learners = number("budget.learners", node["learners"], whole=True)
    if not FEWEST_LEARNERS <= learners <= MOST_LEARNERS:
        rule = f"a number from {FEWEST_LEARNERS} (for a standard error) to {MOST_LEARNERS:g}"
        raise ValueError(f"budget.learners: need {rule}, got {learners}")
    if learners * points > MOST_COUNTS:
        raise ValueError(
            f"budget.learners: need curves that fit in 1 GiB (learners x examples.points <= {MOST_COUNTS}), "
            f"got {learners} x {points}"
        )
    return learners
