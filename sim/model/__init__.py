"""The axes of a model, and who can stand on each: a group of the configuration an axis, a name a member.

`register` adds a member from outside the package; it is then chosen like any other, GROUP=NAME.
"""

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from sim.model import dependence, difficulty, features, memory, spread, verifier
from sim.model.sampling import ATTEMPTS, SAMPLING

MEMBERS: dict[str, dict[str, Any]] = {
    "features": {
        "zipf": features.Zipf,
        "uniform": features.Uniform,
        "exponential": features.Exponential,
        "empirical": features.Empirical,
    },
    "memory": {
        "automatic": memory.Automatic,
        "arrival": memory.Arrival,
        "training_set": memory.TrainingSet,
        "capacity": memory.Capacity,
        "guessing": memory.Guessing,
        "multi_trace": memory.MultiTrace,
        "direct": memory.Direct,
        "feature_arrivals": memory.FeatureArrivals,
        "block_chain": memory.BlockChain,
        "jump_chain": memory.JumpChain,
    },
    "difficulty": {
        "beta": difficulty.Beta,
        "gamma_ratio": difficulty.GammaRatio,
        "scaled_beta": spread.ScaledBeta,
        "scaled_kumaraswamy": spread.ScaledKumaraswamy,
        "continuous_bernoulli": spread.ContinuousBernoulli,
        "uniform": spread.Uniform,
        "reciprocal": spread.Reciprocal,
        "zipf": spread.ZipfRanks,
        "latent_precision": spread.LatentPrecision,
        "small_ball": spread.SmallBall,
        "certain": difficulty.Certain,
        "empirical": difficulty.Empirical,
    },
    "dependence": {
        "independent": dependence.Independent,
        "zipf": dependence.Zipf,
        "markov": dependence.Markov,
        "sticky": dependence.Sticky,
        "polya": dependence.Polya,
        "copula": dependence.Copula,
    },
    "verifier": {"perfect": verifier.Perfect, "noisy": verifier.Noisy},
    "attempts": ATTEMPTS,
    "sampling": SAMPLING,
}

LEARNERS = tuple(name for name, member in MEMBERS["memory"].items() if member.learners)
_OPEN = {  # axes on which members of one's own may stand: what they derive from, and what they need
    "features": (features.Features, ("sampler", "unmemorised", "tail")),
    "memory": (memory.Memory, ("sampler", "error", "failure", "tail")),
    "difficulty": (difficulty.Difficulty, ("sampler", "failure")),
    "dependence": (dependence.Dependence, ("samplers", "failure")),
    "verifier": (verifier.Verifier, ("sampler", "failure", "tail", "plateau")),
}


def register(group, name, member):
    """Add a member to an axis.

    group: features, memory, difficulty, dependence or verifier.  name: as it is chosen by, new in the group.  member: a
    subclass of Features, Memory, Difficulty, Dependence or Verifier (in sim.model.features and so on) with the methods
    of the members there; the fields of a dataclass are its keys.
    """
    kind, methods = _OPEN.get(group, (None, ()))
    if kind is None or not (isinstance(member, type) and issubclass(member, kind)):
        *kinds, last = (kind.__name__ for kind, _ in _OPEN.values())
        raise ValueError(f"{name}: need a subclass of {', '.join(kinds)} or {last} for its own group, got {member!r}")
    for method in methods:
        if not callable(getattr(member, method, None)):
            raise ValueError(f"{group}={name}: need a method {method}, {member.__name__} has none")
    if MEMBERS[group].get(name, member) is not member:
        raise ValueError(f"{group}={name}: this member already exists")
    MEMBERS[group][name] = member


@cache
def member_fields(member):
    """Names and types of what a member is set by."""
    return {f.name: f.type for f in fields(member) if f.repr} if is_dataclass(member) else {}


def law_keys(groups=tuple(_OPEN)):
    """Numbers by which the law of features, memory, difficulty, dependence and verifier may differ from the model's."""
    kinds = [kind for group in groups for kind in MEMBERS[group].values()]
    return list(dict.fromkeys(key for kind in kinds for key, type_ in member_fields(kind).items() if type_ is not str))
