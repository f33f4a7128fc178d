"""The door: a configuration becomes checked members and questions; whatever is wrong is said here in one sentence."""

import importlib

from sim.app.door import laws, members, values
from sim.app.runs import adaptive
from sim.experiments import NAMES
from sim.experiments.question import Question
from sim.model import MEMBERS
from sim.pilot import counts

_SWITCHES = ("figure", "dry", "resume", "distributed", "together", "counts")
_TOP = (
    *(*MEMBERS, "examples", "budget", "experiments", *values.SETTINGS),
    *("seed", "output", *_SWITCHES, "judges", "cluster", "law", "plugins"),
)


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
                raise ValueError(f"plugins: need modules that Python can import (PYTHONPATH), got {name!r}") from None
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
        rest = ", or null" if key in ("together", "counts") else ""
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
    chosen = {group: values.member(group, config[group]) for group in MEMBERS}
    chosen = {group: one.read() if hasattr(one, "read") else one for group, one in chosen.items()}
    memory = chosen["memory"]
    members.check_attempts(config, chosen["dependence"])
    tries = values.axis("attempts", config["attempts"], MEMBERS["attempts"][config["attempts"]["name"]].limit)
    values.known("examples", config["examples"], values.AXES["examples"])
    examples = values.axis("examples", config["examples"], memory.limit)
    drawn, learners = values.budget(config["budget"]), values.learners(config["budget"], len(examples))
    until = adaptive.read(config["budget"]["until"])
    seed = values.number("seed", config["seed"], whole=True)
    experiments(config)
    given = laws.numbers(config["law"], chosen)
    laws.check_used(given, config["law"]["normalisation"], config["experiments"], chosen)
    recorded = getattr(chosen["difficulty"], "table", None)
    asked = []
    for name in config["experiments"]:
        members.check_members(name, config)
        replay = name == "replay"
        # Beside other experiments law.alpha and law.beta mean the model's; a replay then fits its own.
        used = given | {"alpha": None, "beta": None} if replay and len(config["experiments"]) > 1 else given
        memory_name, memory_drawn = members.memory_of(name, config, memory, chosen["features"], examples)
        members.check_room(name, memory_name, drawn.batches, examples, tries)
        sampling = members.sampling_of(name, config, memory_drawn, drawn)
        settings = values.settings(name, config.get(name))
        if hasattr(settings, "check_beside"):
            settings.check_beside(chosen["difficulty"])
        own = chosen | {"memory": memory_drawn}
        law = laws.law(used, config["law"]["normalisation"], own, settings, replay)
        table = counts.read(counts.SHIPPED) if replay and recorded is None else recorded
        question = Question(
            seed, chosen["features"], memory_drawn, memory_name, chosen["difficulty"], chosen["dependence"],
            chosen["verifier"], config["attempts"]["name"], sampling, examples, tries, table,
            values.budget(config["budget"], "replays") if replay else drawn, learners, law, settings,
        )  # fmt: skip
        if until is not None:
            adaptive.check(until, name, question)
        asked.append((name, question))
    return asked
