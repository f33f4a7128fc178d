"""Which members and experiments go together; those that do not are refused."""

import math

from sim.app.door.values import MOST_COUNTS
from sim.draw.budget import BATCH
from sim.experiments import EXPERIMENTS, USUAL
from sim.model import LEARNERS, MEMBERS
from sim.model.memory import choice


def memory_of(experiment, config, memory, features, examples):
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
            _need("features", config, able, f"memory={name}")
            memory.check_reach(name, features, examples[-1])
    return name, memory


def _either(names):
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def sampling_of(experiment, config, memory, drawn):
    """How an experiment's problems are drawn; what a lattice cannot draw is refused."""
    name = config["sampling"]["name"]
    if name == "random" or experiment == "replay":  # which puts recorded attempts in a random order, whatever is asked
        return "random"
    if experiment != "learning_curve":
        for group in ("difficulty", "dependence", "verifier"):
            able = [other for other, kind in MEMBERS[group].items() if kind.lattice]
            _need(group, config, able, f"sampling={name}")
        _need("attempts", config, ["first_success"], f"sampling={name}")
    if "examples" in EXPERIMENTS[experiment].grids and not memory.lattice:
        raise ValueError(f"sampling={name}: need memory=arrival or automatic, got {config['memory']['name']}")
    fewest = MEMBERS["sampling"][name].fewest
    if drawn.batches < fewest:
        rule = f"at least {fewest} independent shifts (budget.problems={fewest * BATCH})"
        raise ValueError(f"sampling={name}: need {rule}, got {drawn.batches}")
    return name


def _need(group, config, able, what):
    if config[group]["name"] not in able:
        raise ValueError(f"{what}: need {group}={' or '.join(able)}, got {config[group]['name']}")


def check_attempts(config, dependence):
    """Refuse attempts that can be neither made nor verified one by one."""
    if not dependence.exchangeable:
        _need("attempts", config, ["first_success"], f"dependence={config['dependence']['name']}")
    if config["verifier"]["name"] != "perfect":
        able = [name for name, kind in MEMBERS["dependence"].items() if kind.exchangeable]
        _need("dependence", config, able, f"verifier={config['verifier']['name']}")
        _need("attempts", config, ["first_success"], f"verifier={config['verifier']['name']}")


def check_members(experiment, config):
    """Refuse members of an axis that an experiment does not know of."""
    for group in EXPERIMENTS[experiment].usual:
        _need(group, config, USUAL[group], f"experiment={experiment}")


def check_room(experiment, memory_name, batches, examples, tries):
    """Refuse counts that do not fit, over the grids that an experiment has."""
    of_problems = experiment != "learning_curve" or memory_name not in LEARNERS
    lengths = {"examples": len(examples), "attempts": len(tries)}
    points = math.prod(lengths[grid] for grid in EXPERIMENTS[experiment].grids)
    if of_problems and batches * points > MOST_COUNTS:
        raise ValueError(
            f"budget.problems: need counts that fit in 1 GiB (batches x points of the grid <= {MOST_COUNTS}), "
            f"got {batches} x {points}"
        )
