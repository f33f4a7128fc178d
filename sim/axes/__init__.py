"""The axes of a model, and who can stand on each: a group of the configuration an axis, a name a member.

`register` adds a member from outside the package; it is then chosen like any other, GROUP=NAME.
"""

from dataclasses import fields, is_dataclass

from sim import model
from sim.axes import dependence, difficulty, spread

MEMBERS = {
    "features": model.FEATURES,
    "memory": model.MEMORY,
    "difficulty": {
        "beta": difficulty.Beta,
        "gamma_ratio": difficulty.GammaRatio,
        "scaled_beta": spread.ScaledBeta,
        "scaled_kumaraswamy": spread.ScaledKumaraswamy,
        "continuous_bernoulli": spread.ContinuousBernoulli,
        "uniform": spread.Uniform,
        "reciprocal": spread.Reciprocal,
        "latent_precision": spread.LatentPrecision,
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
    "attempts": model.ATTEMPTS,
    "sampling": model.SAMPLING,
}


def register(group, name, member):
    """Add a member to an axis.

    group: difficulty or dependence.  name: as it is chosen by, new in the group.  member: a class with the methods of
    sim.axes.difficulty.Difficulty or sim.axes.dependence.Dependence; the fields of a dataclass are its keys.
    """
    kinds = {"difficulty": difficulty.Difficulty, "dependence": dependence.Dependence}
    if group not in kinds or not (isinstance(member, type) and issubclass(member, kinds[group])):
        raise ValueError(f"{name}: need a subclass of Difficulty or Dependence for its own group, got {member!r}")
    if MEMBERS[group].get(name, member) is not member:
        raise ValueError(f"{group}={name}: there is such a member already")
    MEMBERS[group][name] = member


def member_fields(member):
    """Names and types of what a member is set by."""
    return {f.name: f.type for f in fields(member) if f.repr} if is_dataclass(member) else {}


def law_keys():
    """Numbers by which the law of a difficulty and a dependence may differ from the model's."""
    kinds = [*MEMBERS["difficulty"].values(), *MEMBERS["dependence"].values()]
    return list(dict.fromkeys(key for kind in kinds for key, type_ in member_fields(kind).items() if type_ is float))
