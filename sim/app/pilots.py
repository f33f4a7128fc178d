"""What the commands about a pilot have in common: a configuration, a folder, one sentence about what is bad."""

import sys
from datetime import datetime
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim import __version__
from sim.app.configuration import CONF, VERSION_BASE, refused

_HELP = ("-h", "--help", "help")
_FILES = {"pilot": "pilot.path", "against": "against.path"}


def answered(name, words, arguments, work, short=None):
    """Run a command about a pilot; the exit code, 2 for bad input.

    name: of the command, and of its conf/NAME.yaml.  words: of --help.  work: configuration (a plain dict) -> what is
    said, in lines.  short: {what may be typed: the key that it stands for}, besides pilot=FILE and against=FILE.
    """
    if any(argument in _HELP for argument in arguments):
        keys = (CONF / f"{name}.yaml").read_text(encoding="utf-8")
        print(f"{words}\nkeys (conf/{name}.yaml):\n{keys}", end="")
        return 0
    try:
        print("\n".join(work(_composed(name, arguments, _FILES | (short or {})))), flush=True)
    except BrokenPipeError:  # whoever read it has gone
        return 0
    except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
        print(f"sim {name}: {refused(error).replace('sim run --help', f'sim {name} --help')}", file=sys.stderr)
        return 2
    return 0


def _composed(name, arguments, short):
    for argument in arguments:
        if argument.startswith("-") or "=" not in argument:
            raise ValueError(f"{argument}: no such option; need KEY=VALUE (python -m sim {name} --help)")
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        config = compose(name, overrides=[_spelled(argument, short) for argument in arguments])
    return OmegaConf.to_container(config, resolve=True)


def _spelled(argument, short):
    """With the key that a short one stands for, and names of files in quotes: they may hold what Hydra would read."""
    key, _, value = argument.partition("=")
    key = short.get(key, key)
    if key in (*_FILES.values(), "output") and value not in ("", "null"):
        value = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return f"{key}={value}"


def folder_of(config, name):
    """The folder of a command's answer: as asked for, or outputs/NAME_DATE_TIME, with a number where that is taken."""
    if config["output"] is not None:
        if not isinstance(config["output"], str) or not config["output"]:
            raise ValueError(f"output: need the name of a folder, got {config['output']!r}")
        return Path(config["output"])
    stem = Path("outputs") / f"{name}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    found, number = stem, 1
    while found.exists():
        number += 1
        found = stem.with_name(f"{stem.name}_{number}")
    return found


def number(config, key, low, high, whole=False):
    """The number at a dotted key; ValueError, in one sentence, where it is none or not within low ... high."""
    value = config
    for part in key.split("."):
        value = value[part]
    kind = "a whole number" if whole else "a number"
    right = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not right or (whole and value != int(value)):
        raise ValueError(f"{key}: need {kind} from {low:g} to {high:g}, got {value!r}")
    return int(value) if whole else float(value)


def language(config):
    """report.language, en or ja."""
    asked = config["report"]["language"]
    if asked not in ("en", "ja"):
        raise ValueError(f"report.language: need en or ja, got {asked!r}")
    return asked


def flag(config, key):
    """true or false at a key."""
    if not isinstance(config[key], bool):
        raise ValueError(f"{key}: need true or false, got {config[key]!r}")
    return config[key]


def one_of(config, key, words):
    """One of some words at a key."""
    if config[key] not in words:
        raise ValueError(f"{key}: need {' or '.join(words)}, got {config[key]!r}")
    return config[key]


def read(config):
    """The pilots of the file that a configuration names (list of sim.pilot.pilot.Pilot)."""
    from sim.pilot.reading import read as read_file

    own = config["pilot"]
    if own["path"] is None:
        raise ValueError("pilot: need a file of problems, attempts and successes: pilot=FILE")
    return read_file(own["path"], own["columns"], own["stopping"])


def attempts_grid(most, per_decade):
    """Whole numbers of attempts from 1 to the most, even on a log scale."""
    count = int(np.ceil(per_decade * np.log10(most))) + 1
    return np.unique(np.round(np.geomspace(1, most, max(count, 2))))


def near_round(k, close):
    """Whether k is close, in log10, to 1, 2, 5, 10, ...: rows enough for a reader of a report."""
    return any(abs(np.log10(k) % 1 - place) < close for place in (0, np.log10(2), np.log10(5), 1))


def manifest(command, read, config):
    """manifest.json of an answer about these pilots."""
    told = [
        {
            "model": pilot.name,
            "problems": len(pilot.attempts),
            "attempts": [float(pilot.attempts.min()), float(pilot.attempts.max())],
            "successes": float(pilot.successes.sum()),
            "solved": int(np.count_nonzero(pilot.successes)),
            "stopping": pilot.stopping._asdict(),
        }
        for pilot in read
    ]
    return {"command": command, "source": read[0].source, "pilots": told, "config": config, "sim": __version__}
