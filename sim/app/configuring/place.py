"""Where a run is written: a folder of its own, or that of the same command given before, to go on in."""

import json
import os
import sys
from datetime import datetime
from itertools import count
from pathlib import Path

from omegaconf import OmegaConf

from sim.experiments import NAMES
from sim.records import state

# What may change between two commands of which the second goes on with the first: how the work is done, not what.
_FREE = (
    *("resume", "output", "figure", "counts", "dry", "together", "judges"),
    *("distributed", "cluster", "hydra.launcher", "hydra/launcher"),
)
_CUT = ("budget.chunk", "budget.devices", "budget.memory")
_OF_COMMANDS = (*_FREE, *_CUT, "hydra.run", "hydra.sweep", "hydra.mode", "hydra.searchpath")
_AMOUNT = ("budget.problems", "budget.replays", "budget.learners", "budget.until", "experiments")
_SHOWING = ("--cfg", "-c", "--info", "-i", "--help", "-h", "--hydra-help")  # nothing is run


def register():
    """Make ${folder:...} known to OmegaConf, for hydra.run.dir and hydra.sweep.dir."""
    OmegaConf.register_new_resolver("folder", folder, use_cache=True, replace=True)


def folder(output, resume, prefix=""):
    """A folder of its own below `output`, made here; to resume, that of the same command before, if any."""
    if any(argument.split("=")[0] in _SHOWING for argument in sys.argv) or not is_writer(sys.argv):
        return str(output)
    if not isinstance(output, str):
        raise ValueError(f"output: need the name of a folder, got {output!r}")
    if Path(output).exists() and not Path(output).is_dir():
        raise ValueError(f"output: need the name of a folder, got {output!r}, which is a file")
    found = _before(Path(output), prefix) if resume is True else None
    return str(found or _fresh(Path(output), prefix + datetime.now().strftime("%Y-%m-%d_%H-%M-%S")))


def is_writer(arguments):
    """Whether this process is the one that writes: of several at one run, the first."""
    given = {_key(argument): argument.partition("=")[2] for argument in arguments}
    shared = given.get("distributed", "").lower() == "true"
    return not shared or given.get("cluster.process", os.environ.get("SLURM_PROCID", "0")) in ("0", "null")


def _fresh(output, name):
    output.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = output / (name if number == 1 else f"{name}_{number}")
        try:
            path.mkdir()
        except FileExistsError:  # another command of this second
            continue
        return path


def _before(output, prefix):
    """The newest folder of the same command; None where there is none."""
    name = state.SWEEP if prefix else state.STATUS
    mine = command(sys.argv[1:])
    for path in sorted(output.glob(f"{prefix}*/{name}"), key=lambda path: path.parent.name, reverse=True):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # being written, or damaged: not to go on in
            continue
        theirs = content.get("command") or command(content.get("overrides", [])) if isinstance(content, dict) else None
        if theirs == mine:
            return path.parent
    return None


def begin_sweep(where, points, launcher):
    """Write sweep.json before anything is launched: the overrides of every point, how they are launched, the command.

    ValueError where the folder holds another sweep.
    """
    points = [[each for each in point if not _begins(_key(each), _OF_COMMANDS)] for point in points]
    state.write_sweep(where, points, launcher, command(sys.argv[1:]))


def command(arguments):
    """The overrides on which the results depend, sorted: two commands with the same ask for the same."""
    overrides = [argument for argument in arguments if not argument.startswith("-")]
    return sorted(each for each in overrides if not _begins(_key(each), _OF_COMMANDS))


def _key(override):
    return override.lstrip("+~").partition("=")[0]


def _begins(key, names):
    if key in names:
        return True
    above = key.rpartition(".")[0]
    return bool(above) and _begins(above, names)


def flat(config, prefix=""):
    """{dotted key: value} of a nested configuration."""
    record = {}
    for key, value in config.items():
        record |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return record


def physics(config, experiment=None):
    """Flat record of all that the draws depend on, of one experiment or of all: not how many, nor the law."""
    others = [name for name in NAMES if experiment is not None and name != experiment]
    free = {*_FREE, *_CUT, *_AMOUNT, *others, "law"}
    return {key: value for key, value in flat(config).items() if not _begins(key, free)}


def results(config):
    """Flat record of all that the tables depend on."""
    return {key: value for key, value in flat(config).items() if not _begins(key, (*_FREE, *_CUT))}
