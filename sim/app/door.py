"""The door: a configuration becomes checked members and questions; whatever is wrong is said here in one sentence."""

import math

from sim import experiments
from sim.experiments.question import Law, Question
from sim.model import (
    BATCH,
    DEEPEST,
    FEWEST_LEARNERS,
    LEARNERS,
    MEMBERS,
    MOST_LEARNERS,
    Beta,
    Budget,
    Empirical,
    choice,
    grid,
    member_fields,
)
from sim.pilot import counts

_AXES = {"attempts": ("max", "points"), "examples": ("max", "points")}
_BUDGET = ("problems", "replays", "learners", "chunk", "devices", "memory")
_LAW = ("exponent", "depth", "normalisation", "alpha", "beta", "ceiling")
_LEARNING, _INFERENCE = ("exponent", "depth", "normalisation"), ("alpha", "beta", "ceiling")
_USED = {
    "learning_curve": _LEARNING,
    "coverage": _INFERENCE,
    "joint": _LEARNING + _INFERENCE,
    "replay": ("alpha", "beta"),
}
_SWITCHES = ("figure", "dry")
_TOP = (*MEMBERS, "examples", "budget", "experiments", "seed", "output", *_SWITCHES, "law")
_MOST_COUNTS = 2**27  # integers of 8 bytes: 1 GiB


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


def _known(name, node, allowed):
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
    kind = MEMBERS[group][name]
    types = member_fields(kind)
    _known(group, node, ("name", *types, *_AXES.get(group, ())))
    built = kind(**{key: _value(f"{group}.{key}", node[key], type_) for key, type_ in types.items()})
    if types:
        built.check()
    return built


def _value(name, value, type_):
    if type_ is str:
        return str(counts.SHIPPED if value is None else value)
    return number(name, value, whole=type_ is int)


def _grid(name, node, limit):
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
    _known("budget", node, _BUDGET)
    numbers = {key: number(f"budget.{key}", node[key], whole=key != "memory") for key in _BUDGET}
    made = Budget(numbers[drawn], numbers["chunk"], numbers["devices"], numbers["memory"])
    made.check(f"budget.{drawn}")
    return made


def _learners(node, points):
    """Number of learners, checked."""
    learners = number("budget.learners", node["learners"], whole=True)
    if not FEWEST_LEARNERS <= learners <= MOST_LEARNERS:
        rule = f"a number from {FEWEST_LEARNERS} (for a standard error) to {MOST_LEARNERS:g}"
        raise ValueError(f"budget.learners: need {rule}, got {learners}")
    if learners * points > _MOST_COUNTS:
        raise ValueError(
            f"budget.learners: need curves that fit in 1 GiB (learners x examples.points <= {_MOST_COUNTS}), "
            f"got {learners} x {points}"
        )
    return learners


def _memory_of(experiment, config, memory, features, examples):
    """(name, member) that an experiment draws memory by: as asked for, or what suits n and N if that is left open."""
    name, of_problems = config["memory"]["name"], ("arrival", "training_set")
    if name == "automatic":
        learners = experiment == "learning_curve" and config["sampling"]["name"] == "random"
        name = choice(features, examples[-1]) if learners else "arrival"
    if experiment == "joint" and name not in of_problems:
        raise ValueError(
            f"memory.name: joint draws single problems and needs automatic, {' or '.join(of_problems)}, got {name}"
        )
    member = MEMBERS["memory"][name](memory.depth)
    if experiment == "learning_curve" and name in LEARNERS:
        member.check_reach(name, features, examples[-1])
    return name, member


def _sampling_of(experiment, config, memory_name, drawn):
    """How an experiment's problems are drawn; what a lattice cannot draw is refused."""
    name = config["sampling"]["name"]
    if (
        name == "random" or experiment == "replay"
    ):  # a replay puts recorded attempts in a random order, whatever is asked
        return "random"
    inference = {"difficulty": ("beta", "empirical"), "attempts": ("first_success",)}
    for group, drawable in inference.items() if experiment != "learning_curve" else ():
        if config[group]["name"] not in drawable:
            raise ValueError(f"sampling={name}: need {group}={' or '.join(drawable)}, got {config[group]['name']}")
    if experiment != "coverage" and memory_name != "arrival":
        raise ValueError(f"sampling={name}: need memory=arrival or automatic, got {memory_name}")
    fewest = MEMBERS["sampling"][name].fewest
    if drawn.batches < fewest:
        rule = f"at least {fewest} independent shifts (budget.problems={fewest * BATCH})"
        raise ValueError(f"sampling={name}: need {rule}, got {drawn.batches}")
    return name


def _need_room(experiment, memory_name, batches, examples, tries):
    """Refuse counts that do not fit, over the axes that an experiment has."""
    of_problems = experiment in ("coverage", "joint") or memory_name not in LEARNERS
    points = {"learning_curve": len(examples), "joint": len(examples) * len(tries)}.get(experiment, len(tries))
    if of_problems and batches * points > _MOST_COUNTS:
        raise ValueError(
            f"budget.problems: need counts that fit in 1 GiB (batches x points of the grid <= {_MOST_COUNTS}), "
            f"got {batches} x {points}"
        )


def _given_law(node, features):
    """The numbers of a law other than the model's own, checked; None where the model's own is meant."""
    _known("law", node, _LAW)
    if node["normalisation"] not in ("discrete", "continuous"):
        raise ValueError(f"law.normalisation: need discrete or continuous, got {node['normalisation']!r}")
    numeric = [key for key in _LAW if key != "normalisation"]
    given = {k: None if node[k] is None else number(f"law.{k}", node[k], whole=k == "depth") for k in numeric}
    _check_law(given, node["normalisation"], features)
    return given


def _refuse_idle_law(given, normalisation, names):
    """A number of a law that no experiment asked for would be held against is a mistake, not a confirmation."""
    asked = {key for key, value in given.items() if value is not None}
    asked |= {"normalisation"} if normalisation != "discrete" else set()
    used = {key for name in names for key in _USED.get(name, ())}
    for key in _LAW:
        if key in asked - used:
            raise ValueError(f"law.{key}: no law of the experiments {', '.join(names)} has it")


def _law(given, normalisation, features, memory, own, table):
    """Law with its nulls filled from the model.

    own: the model's Beta difficulty, or None if it has none.  table: what stands in its place, None if it is fitted.
    """
    if own is None and (given["alpha"] is None) != (given["beta"] is None):
        both = f"{given['alpha']} and {given['beta']}"
        raise ValueError(f"law.alpha, law.beta: need both or neither where the model has no Beta, got {both}")
    pick = lambda key, default: default if given[key] is None else given[key]  # noqa: E731
    alpha, beta = (pick(key, own and getattr(own, key)) for key in ("alpha", "beta"))
    return Law(
        exponent=pick("exponent", features.exponent),
        size=features.size,
        depth=pick("depth", memory.depth),
        normalisation=normalisation,
        alpha=alpha,
        beta=beta,
        ceiling=pick("ceiling", own.ceiling if own else 1.0),
        success=None if alpha is not None or table is None else table.successes / table.attempts,
    )


def _check_law(given, normalisation, features):
    for key in ("alpha", "beta"):
        if given[key] is not None and not 0 < given[key] < math.inf:
            raise ValueError(f"law.{key}: need {key} > 0, got {given[key]:g}")
    if given["ceiling"] is not None and not 0 < given["ceiling"] <= 1:
        raise ValueError(f"law.ceiling: need 0 < ceiling <= 1, got {given['ceiling']:g}")
    if given["depth"] is not None and not 1 <= given["depth"] <= DEEPEST:
        raise ValueError(f"law.depth: need a whole number from 1 to {DEEPEST}, got {given['depth']}")
    exponent = features.exponent if given["exponent"] is None else given["exponent"]
    if not 0 < exponent < math.inf or (exponent <= 1 and math.isinf(features.size)):
        raise ValueError(f"law.exponent: need an exponent > 0, and > 1 for infinitely many features, got {exponent:g}")
    if normalisation == "continuous" and not (exponent > 1 and math.isinf(features.size)):
        raise ValueError(f"law.normalisation: need features.size=inf for continuous, got {features.size:g}")


def _check_top(config):
    for key in config:
        if key not in _TOP:
            raise ValueError(f"{key}: no such key; the top level has {', '.join(_TOP)}")
    for key in _TOP:
        if key not in config:
            raise ValueError(f"{key}: need a value, got none")


def _check_switches(config):
    for key in _SWITCHES:
        if not isinstance(config[key], bool):
            raise ValueError(f"{key}: need true or false, got {config[key]!r}")


def _check_experiments(names):
    if not isinstance(names, list) or not names:
        raise ValueError(f"experiments: need a list such as [coverage], got {names!r}")
    for name in names:
        if name not in experiments.NAMES:
            raise ValueError(f"experiments: need some of {', '.join(experiments.NAMES)}, got {name!r}")


def questions(config):
    """One Question for each experiment asked for, in order: [(name, Question)].

    config: plain nested dictionary.  ValueError, in one sentence, for the first thing that is wrong.
    """
    _check_top(config)
    _check_switches(config)
    features, memory, difficulty, _, _ = (member(group, config[group]) for group in MEMBERS)
    tries = _grid("attempts", config["attempts"], MEMBERS["attempts"][config["attempts"]["name"]].limit)
    _known("examples", config["examples"], _AXES["examples"])
    examples = _grid("examples", config["examples"], memory.limit)
    drawn, learners = budget(config["budget"]), _learners(config["budget"], len(examples))
    seed = number("seed", config["seed"], whole=True)
    _check_experiments(config["experiments"])
    given = _given_law(config["law"], features)
    _refuse_idle_law(given, config["law"]["normalisation"], config["experiments"])
    path = difficulty.path if isinstance(difficulty, Empirical) else counts.SHIPPED
    asked = []
    for name in config["experiments"]:
        replay = name == "replay"
        table = counts.read(path) if replay or isinstance(difficulty, Empirical) else None
        own = difficulty if isinstance(difficulty, Beta) and not replay else None
        # Beside other experiments law.alpha and law.beta mean the model's; a replay then fits its own.
        used = given | {"alpha": None, "beta": None} if replay and len(config["experiments"]) > 1 else given
        law = _law(used, config["law"]["normalisation"], features, memory, own, None if replay else table)
        memory_name, own_memory = _memory_of(name, config, memory, features, examples)
        _need_room(name, memory_name, drawn.batches, examples, tries)
        sampling = _sampling_of(name, config, memory_name, drawn)
        question = Question(
            seed, features, own_memory, memory_name, difficulty, config["attempts"]["name"], sampling,
            examples, tries, table, budget(config["budget"], "replays") if replay else drawn, learners, law,
        )  # fmt: skip
        asked.append((name, question))
    return asked
