"""The door: a configuration becomes checked members and questions; whatever is wrong is said here in one sentence."""

import importlib
import math
import re
from dataclasses import replace

from sim.app import adaptive
from sim.axes import LEARNERS, MEMBERS, law_keys, member_fields
from sim.axes.difficulty import Beta, Empirical
from sim.axes.memory import choice
from sim.experiments import EXPERIMENTS, NAMES, USUAL
from sim.experiments.question import Law, Question
from sim.model import BATCH, FEWEST_LEARNERS, MOST_LEARNERS, Budget, grid
from sim.pilot import counts

_AXES = {"attempts": ("max", "points"), "examples": ("max", "points")}
_BUDGET = ("problems", "replays", "learners", "chunk", "devices", "memory")
_LAW = law_keys()
_SWITCHES = ("figure", "dry", "resume", "distributed", "together")
_SETTINGS = tuple(name for name, experiment in EXPERIMENTS.items() if experiment.settings)
_TOP = (
    *(*MEMBERS, "examples", "budget", "experiments", *_SETTINGS),
    *("seed", "output", *_SWITCHES, "judges", "cluster", "law", "plugins"),
)
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
    return _built(group, node, MEMBERS[group][name], ("name",), _AXES.get(group, ()))


def _built(section, node, kind, before=(), behind=()):
    """A checked `kind` from a section of the configuration; before, behind: other keys that stand there."""
    types = member_fields(kind)
    _known(section, node, (*before, *types, *behind))
    built = kind(**{key: _value(f"{section}.{key}", node[key], type_) for key, type_ in types.items()})
    if types:
        built.check()
    return built


def _settings(name, node):
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
    _known("budget", node, (*_BUDGET, "until"))
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
    name = config["memory"]["name"]
    if name == "automatic":
        learners = experiment == "learning_curve" and config["sampling"]["name"] == "random"
        name = choice(features, examples[-1]) if learners else "arrival"
        memory = MEMBERS["memory"][name](memory.depth)
    if memory.learners:
        if experiment == "joint":
            able = [other for other, kind in MEMBERS["memory"].items() if not kind.learners]
            raise ValueError(f"memory.name: joint draws single problems and needs {_either(able)}, got {name}")
        if experiment == "learning_curve":
            able = [other for other, kind in MEMBERS["features"].items() if kind.zipf]
            _need_drawable("features", config, able, f"memory={name}")
            memory.check_reach(name, features, examples[-1])
    return name, memory


def _either(names):
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _sampling_of(experiment, config, memory, drawn):
    """How an experiment's problems are drawn; what a lattice cannot draw is refused."""
    name = config["sampling"]["name"]
    if name == "random" or experiment == "replay":  # which puts recorded attempts in a random order, whatever is asked
        return "random"
    if experiment != "learning_curve":
        for group in ("difficulty", "dependence", "verifier"):
            able = [other for other, kind in MEMBERS[group].items() if kind.lattice]
            _need_drawable(group, config, able, f"sampling={name}")
        _need_drawable("attempts", config, ["first_success"], f"sampling={name}")
    if "examples" in EXPERIMENTS[experiment].grids and not memory.lattice:
        raise ValueError(f"sampling={name}: need memory=arrival or automatic, got {config['memory']['name']}")
    fewest = MEMBERS["sampling"][name].fewest
    if drawn.batches < fewest:
        rule = f"at least {fewest} independent shifts (budget.problems={fewest * BATCH})"
        raise ValueError(f"sampling={name}: need {rule}, got {drawn.batches}")
    return name


def _need_drawable(group, config, able, what):
    if config[group]["name"] not in able:
        raise ValueError(f"{what}: need {group}={' or '.join(able)}, got {config[group]['name']}")


def _need_composable(config, dependence):
    """Refuse attempts that can be neither made nor verified one by one."""
    if not dependence.exchangeable:
        _need_drawable("attempts", config, ["first_success"], f"dependence={config['dependence']['name']}")
    if config["verifier"]["name"] != "perfect":
        able = [name for name, kind in MEMBERS["dependence"].items() if kind.exchangeable]
        _need_drawable("dependence", config, able, f"verifier={config['verifier']['name']}")
        _need_drawable("attempts", config, ["first_success"], f"verifier={config['verifier']['name']}")


def _need_usual(experiment, config):
    """Refuse members of an axis that an experiment does not know of."""
    for group in EXPERIMENTS[experiment].usual:
        _need_drawable(group, config, USUAL[group], f"experiment={experiment}")


def _need_room(experiment, memory_name, batches, examples, tries):
    """Refuse counts that do not fit, over the grids that an experiment has."""
    of_problems = experiment != "learning_curve" or memory_name not in LEARNERS
    lengths = {"examples": len(examples), "attempts": len(tries)}
    points = math.prod(lengths[grid] for grid in EXPERIMENTS[experiment].grids)
    if of_problems and batches * points > _MOST_COUNTS:
        raise ValueError(
            f"budget.problems: need counts that fit in 1 GiB (batches x points of the grid <= {_MOST_COUNTS}), "
            f"got {batches} x {points}"
        )


def _given_law(node, chosen):
    """The numbers of a law other than the model's own; None where the model's own is meant."""
    keys = (*law_keys(), "normalisation")
    if isinstance(node, dict):  # a member registered from outside may bring keys of its own
        node = dict.fromkeys(key for key in keys if key not in (*_LAW, "normalisation")) | node
    _known("law", node, keys)
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


def _refuse_idle_law(given, normalisation, names, chosen):
    """A number of a law that no experiment asked for would be held against is a mistake, not a confirmation."""
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


def _replaced(member, given):
    """The member with the numbers given, checked as the law's."""
    if not member_fields(type(member)):
        return member
    changed = replace(member, **{key: given[key] for key in member_fields(type(member)) if given.get(key) is not None})
    if changed != member:
        try:
            changed.check()
        except ValueError as error:
            raise ValueError(re.sub(rf"\b({'|'.join((*MEMBERS, *_SETTINGS))})\.", "law.", str(error))) from None
    return changed


def _law(name, given, normalisation, chosen):
    """Law with its nulls filled from the model; of a replay, its Beta or None."""
    if name == "replay":
        difficulty = _given_beta(given)
    elif isinstance(chosen["difficulty"], Empirical):
        difficulty = _given_beta(given) or chosen["difficulty"]
    else:
        difficulty = _replaced(chosen["difficulty"], given)
    features = _replaced(chosen["features"], given)
    if normalisation == "continuous" and not (features.zipf and features.exponent > 1 and math.isinf(features.size)):
        raise ValueError(f"law.normalisation: need infinitely many Zipf features for continuous, got {features.words}")
    if normalisation == "continuous" and not chosen["memory"].continuous:
        words = type(chosen["memory"]).__name__.lower()
        raise ValueError(f"law.normalisation: need a memory that has no more than a depth for continuous, got {words}")
    others = (_replaced(chosen[group], given) for group in ("dependence", "verifier"))
    return Law(features, _replaced(chosen["memory"], given), normalisation, difficulty, *others)


def _check_law(given):
    """Refuse a Beta that a table of problems is held against."""
    for key in ("alpha", "beta"):
        if given[key] is not None and not 0 < given[key] < math.inf:
            raise ValueError(f"law.{key}: need {key} > 0, got {given[key]:g}")
    if given["ceiling"] is not None and not 0 < given["ceiling"] <= 1:
        raise ValueError(f"law.ceiling: need 0 < ceiling <= 1, got {given['ceiling']:g}")


def _load_plugins(names):
    """Import the modules that register members of their own."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"plugins: need a list of modules such as [my_members], got {names!r}")
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"plugins: need names of modules such as my_members, got {name!r}")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name == name:
                raise ValueError(f"plugins: need modules that Python finds (PYTHONPATH), got {name!r}") from None
            raise ValueError(f"plugins: {name} needs a module that Python does not find, {error.name}") from None
        except (Exception, SystemExit) as error:  # whatever is wrong in it
            what = f"{type(error).__name__}: {error}"
            raise ValueError(f"plugins: {name} cannot be imported ({what})") from error


def _check_top(config):
    for key in config:
        if key not in _TOP:
            raise ValueError(f"{key}: no such key; the top level has {', '.join(_TOP)}")
    for key in _TOP:
        if key not in config:
            raise ValueError(f"{key}: need a value, got none")


def _check_switches(config):
    for key in _SWITCHES:
        rest = ", or null" if key == "together" else ""
        if not isinstance(config[key], bool) and not (rest and config[key] is None):
            raise ValueError(f"{key}: need true or false{rest}, got {config[key]!r}")
    judges = config["judges"]
    if judges is not None and (isinstance(judges, bool) or not isinstance(judges, int) or judges < 0):
        raise ValueError(f"judges: need a whole number >= 0, or null, got {judges!r}")


def experiments(config):
    """The names of the experiments asked for, checked."""
    names = config.get("experiments")
    if not isinstance(names, list) or not names:
        raise ValueError(f"experiments: need a list such as [coverage], got {names!r}")
    for name in names:
        if name not in NAMES:
            raise ValueError(f"experiments: need some of {', '.join(NAMES)}, got {name!r}")
    return names


def questions(config):
    """One Question for each experiment asked for, in order: [(name, Question)].

    config: plain nested dictionary.  ValueError, in one sentence, for the first thing that is wrong.
    """
    _check_top(config)
    _check_switches(config)
    _load_plugins(config["plugins"])
    chosen = {group: member(group, config[group]) for group in MEMBERS}
    chosen = {group: one.read() if hasattr(one, "read") else one for group, one in chosen.items()}
    memory = chosen["memory"]
    _need_composable(config, chosen["dependence"])
    tries = _grid("attempts", config["attempts"], MEMBERS["attempts"][config["attempts"]["name"]].limit)
    _known("examples", config["examples"], _AXES["examples"])
    examples = _grid("examples", config["examples"], memory.limit)
    drawn, learners = budget(config["budget"]), _learners(config["budget"], len(examples))
    until = adaptive.read(config["budget"]["until"])
    seed = number("seed", config["seed"], whole=True)
    experiments(config)
    given = _given_law(config["law"], chosen)
    _refuse_idle_law(given, config["law"]["normalisation"], config["experiments"], chosen)
    recorded = getattr(chosen["difficulty"], "table", None)
    asked = []
    for name in config["experiments"]:
        _need_usual(name, config)
        replay = name == "replay"
        # Beside other experiments law.alpha and law.beta mean the model's; a replay then fits its own.
        used = given | {"alpha": None, "beta": None} if replay and len(config["experiments"]) > 1 else given
        memory_name, memory_drawn = _memory_of(name, config, memory, chosen["features"], examples)
        law = _law(name, used, config["law"]["normalisation"], chosen | {"memory": memory_drawn})
        _need_room(name, memory_name, drawn.batches, examples, tries)
        sampling = _sampling_of(name, config, memory_drawn, drawn)
        settings = _settings(name, config.get(name))
        if hasattr(settings, "check_beside"):
            settings.check_beside(chosen["difficulty"])
        law = replace(law, settings=_replaced(settings, given))
        table = counts.read(counts.SHIPPED) if replay and recorded is None else recorded
        question = Question(
            seed, chosen["features"], memory_drawn, memory_name, chosen["difficulty"], chosen["dependence"],
            chosen["verifier"], config["attempts"]["name"], sampling, examples, tries, table,
            budget(config["budget"], "replays") if replay else drawn, learners, law, settings,
        )  # fmt: skip
        if until is not None:
            adaptive.check(until, name, question)
        asked.append((name, question))
    return asked
