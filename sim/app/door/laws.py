"""The law that a simulation is tested against: the model's own, or with numbers of its own."""

import math
import re
from dataclasses import replace

from sim.app.door.values import SETTINGS, known, number
from sim.experiments import EXPERIMENTS
from sim.experiments.question import Law
from sim.model import MEMBERS, law_keys, member_fields
from sim.model.difficulty import Beta, Empirical
from sim.model.model import AXES

_KEYS = law_keys()


def numbers(node, chosen):
    """The numbers of a law other than the model's own; None where the model's own is meant."""
    keys = (*law_keys(), "normalisation")
    if isinstance(node, dict):  # a member registered from outside may bring keys of its own
        node = dict.fromkeys(key for key in keys if key not in (*_KEYS, "normalisation")) | node
    known("law", node, keys)
    if node["normalisation"] not in ("discrete", "continuous"):
        raise ValueError(f"law.normalisation: need discrete or continuous, got {node['normalisation']!r}")
    whole = {key for kind in map(type, chosen.values()) for key, type_ in member_fields(kind).items() if type_ is int}
    given = {k: None if node[k] is None else number(f"law.{k}", node[k], whole=k in whole) for k in law_keys()}
    _check_law(given)
    return given


def _inference_keys(chosen, groups=("difficulty", "dependence", "verifier")):
    """Numbers of the law of coverage: of a table of problems, which has none, those of the Beta that may replace it."""
    kinds = [type(chosen[group]) for group in groups]
    return [key for kind in kinds for key in member_fields(Beta if kind is Empirical else kind)]


def check_used(given, normalisation, names, chosen):
    """A number of a law that no requested experiment is tested against is a mistake, not a confirmation."""
    asked = [key for key, value in given.items() if value is not None]
    asked += ["normalisation"] if normalisation != "discrete" else []
    learning = [key for group in ("features", "memory") for key in member_fields(type(chosen[group]))]
    normed = ["normalisation"] if chosen["features"].zipf else []
    sides = {
        "features": learning,
        "learning": learning + normed,
        "inference": _inference_keys(chosen),
        "difficulty": _inference_keys(chosen, ("difficulty",)),
        "beta": ("alpha", "beta"),
    }
    used = {key for name in names for side in EXPERIMENTS[name].laws for key in sides[side]}
    used |= {key for name in names for key in member_fields(EXPERIMENTS[name].settings)}
    for key in asked:
        if key not in used:
            raise ValueError(f"law.{key}: no law of the experiments {', '.join(names)} has it")


def _given_beta(given):
    """Beta of the law where the model has none; None where neither alpha nor beta is given."""
    if (given["alpha"] is None) != (given["beta"] is None):
        both = f"{given['alpha']} and {given['beta']}"
        raise ValueError(f"law.alpha, law.beta: need both or neither where the model has no Beta, got {both}")
    if given["alpha"] is None:
        return None
    return Beta(given["alpha"], given["beta"], 1.0 if given["ceiling"] is None else given["ceiling"])


def replaced(member, given):
    """The member with the numbers given, checked as the law's."""
    if not member_fields(type(member)):
        return member
    changes = {key: given[key] for key in member_fields(type(member)) if given.get(key) is not None}
    try:
        changed = replace(member, **changes)
        if changed != member:
            changed.check()
    except ValueError as error:
        raise ValueError(re.sub(rf"\b({'|'.join((*MEMBERS, *SETTINGS))})\.", "law.", str(error))) from None
    return changed


def law(given, normalisation, chosen, settings, replay=False):
    """Law with its nulls filled from the model.

    chosen: {axis: member}.  settings: of the experiment alone.  replay: whether its law is the given Beta or its own.
    """
    own = _given_beta(given) if replay or chosen["difficulty"].listed else None
    kept = chosen["difficulty"] if replay else own
    members = {axis: replaced(chosen[axis], given) for axis in AXES if axis != "difficulty"}
    members["difficulty"] = kept or replaced(chosen["difficulty"], given)
    settings = own if replay else replaced(settings, given)
    found = Law(**members, normalisation=normalisation, settings=settings)
    found.check()
    return found


def _check_law(given):
    """Refuse a Beta that a table of problems is tested against."""
    for key in ("alpha", "beta"):
        if given[key] is not None and not 0 < given[key] < math.inf:
            raise ValueError(f"law.{key}: need {key} > 0, got {given[key]:g}")
    if given["ceiling"] is not None and not 0 < given["ceiling"] <= 1:
        raise ValueError(f"law.ceiling: need 0 < ceiling <= 1, got {given['ceiling']:g}")
