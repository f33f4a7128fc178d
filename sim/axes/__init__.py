"""The axes of a model, and who can stand on each: a group of the configuration an axis, a name a member.

`register` adds a member from outside the package; it is then chosen like any other, GROUP=NAME.
"""

from dataclasses import fields, is_dataclass

from sim import model
from sim.axes import dependence, difficulty, spread, verifier

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
    "verifier": {"perfect": verifier.Perfect, "noisy": verifier.Noisy},
    "attempts": model.ATTEMPTS,
    "sampling": model.SAMPLING,
}

_METHODS = {
    "difficulty": ("sampler", "failure"),
    "dependence": ("samplers", "failure"),
    "verifier": ("sampler", "failure", "tail", "plateau"),
}


def register(group, name, member):
    """Add a member to an axis.

    group: difficulty, dependence or verifier.  name: as it is chosen by, new in the group.  member: a subclass of
    sim.axes.difficulty.Difficulty, sim.axes.dependence.Dependence or sim.axes.verifier.Verifier with the methods of
    the members there; the fields of a dataclass are its keys.
    """
    kinds = {
        "difficulty": difficulty.Difficulty,
        "dependence": dependence.Dependence,
        "verifier": verifier.Verifier,
    }
    if group not in kinds or not (isinstance(member, type) and issubclass(member, kinds[group])):
        raise ValueError(
            f"{name}: need a subclass of Difficulty, Dependence or Verifier for its own group, got {member!r}"
        )
    for method in ("check", *_METHODS[group]):
        if not callable(getattr(member, method, None)):
            raise ValueError(f"{group}={name}: need a method {method}, {member.__name__} has none")
    if MEMBERS[group].get(name, member) is not member:
        raise ValueError(f"{group}={name}: there is such a member already")
    MEMBERS[group][name] = member


def member_fields(member):
    """Names and types of what a member is set by."""
    return {f.name: f.type for f in fields(member) if f.repr} if is_dataclass(member) else {}


def law_keys():
    """Numbers by which the law of a difficulty, a dependence and a verifier may differ from the model's."""
    kinds = [kind for group in ("difficulty", "dependence", "verifier") for kind in MEMBERS[group].values()]
    return list(dict.fromkeys(key for kind in kinds for key, type_ in member_fields(kind).items() if type_ is float))
