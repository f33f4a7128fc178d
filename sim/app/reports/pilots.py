"""What the commands about a pilot have in common: a configuration, a folder, one sentence about what is bad."""

import contextlib
import json
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim import __version__
from sim.app.configuring.configuration import CONF, VERSION_BASE, refused

_HELP = ("-h", "--help", "help")
_FILES = {"pilot": "pilot.path", "against": "against.path"}
_WRITTEN = (
    *("table.csv", "shares.csv", "stages.csv", "problems.csv", "models.csv", "difference.csv"),
    *("verdict.json", "manifest.json", "report.html"),
)


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
        print("\n".join(work(composed(name, arguments, short))), flush=True)
    except BrokenPipeError:  # whoever read it has gone
        return 0
    except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
        print(f"sim {name}: {refused(error).replace('sim run --help', f'sim {name} --help')}", file=sys.stderr)
        return 2
    return 0


def composed(name, arguments, short=None):
    sections = _sections(OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml")))
    overrides = [_spelled(argument, name, _FILES | (short or {}), sections) for argument in arguments]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        config = compose(name, overrides=overrides)
    return OmegaConf.to_container(config, resolve=True)


def _sections(config, prefix=""):
    """{dotted key: the keys below it} of a configuration, wherever there are any."""
    below = {f"{prefix}{key}": value for key, value in config.items() if isinstance(value, dict)}
    found = {key: tuple(value) for key, value in below.items()}
    for key, value in below.items():
        found |= _sections(value, f"{key}.")
    return found


def _spelled(argument, command, short, sections):
    """An override as Hydra reads it: with the key that a short one stands for, names of files in quotes.

    ValueError for what is none, or is one of several values, or of a whole section.
    """
    key, equal, value = argument.partition("=")
    if argument.startswith("-") or not equal:
        raise ValueError(f"{argument}: no such option; need KEY=VALUE (python -m sim {command} --help)")
    key = short.get(key, key)
    if key in sections and not value.startswith("{"):
        raise ValueError(f"{key}: need a value for one of its keys ({', '.join(sections[key])}), got {value!r}")
    if key in (*_FILES.values(), "output") and value not in ("", "null"):  # they may hold what Hydra would read
        value = "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${") + "'"
    try:
        parsed = OverridesParser.create().parse_override(f"{key}={value}")
    except HydraException:
        rest = "need KEY=VALUE, with quotes around a value that has special characters"
        raise ValueError(f"{argument}: cannot be read; {rest}") from None
    if parsed.is_sweep_override():
        raise ValueError(f"{key}: need one value, a number with a decimal point, got {value!r}")
    return f"{key}={value}"


def folder_of(config, name):
    """The folder of a command's answer: as asked for, or outputs/NAME_DATE_TIME, with a number where that is taken."""
    if config["output"] is not None:
        if not isinstance(config["output"], str) or not config["output"]:
            raise ValueError(f"output: need the name of a folder, got {config['output']!r}")
        return _spared(Path(config["output"]), config)
    stem = Path("outputs") / f"{name}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    found, number = stem, 1
    while found.exists():
        number += 1
        found = stem.with_name(f"{stem.name}_{number}")
    return found


def _spared(where, config):
    """A folder; ValueError where what is written there would be written over what is read."""
    for key, dotted in _FILES.items():
        section = config.get(dotted.split(".")[0])
        for name in _WRITTEN if section and section["path"] else ():
            target = where / name
            if target.exists() and Path(section["path"]).exists() and target.samefile(section["path"]):
                raise ValueError(
                    f"output: need a folder where {key}={section['path']} is not written over, got {where}"
                )
    return where


def without_figures(where, command, names):
    """A folder to write into, made if need be, without figures of these names, or one for each model, and without
    difference.csv, left there by an earlier answer of the same command."""
    where.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no earlier answer, or none to be read
        if json.loads((where / "manifest.json").read_text(encoding="utf-8")).get("command") == command:
            for path in [path for name in names for own in (name, f"{name}_*") for path in where.glob(f"{own}.*")]:
                if path.suffix in (".png", ".svg", ".pdf") or path.name == "difference.csv":
                    path.unlink()
    return where


def language(config):
    """report.language, en or ja."""
    asked = config["report"]["language"]
    if asked not in ("en", "ja"):
        raise ValueError(f"report.language: need en or ja, got {asked!r}")
    return asked


def read(config):
    """The pilots of the file that a configuration names (list of sim.pilot.pilot.Pilot)."""
    from sim.pilot.reading import read as read_file

    own = config["pilot"]
    if not own["path"]:
        raise ValueError("pilot: need a file of problems, attempts and successes: pilot=FILE")
    return read_file(own["path"], own["columns"], own["stopping"])


def other(config, first):
    """The pilot of the second model, against=FILE, or None; ValueError where one of the files has several.

    first: pilots of the first file.
    """
    if config["against"]["path"] is None:
        return None
    if not config["against"]["path"]:
        raise ValueError("against: need a file of problems, attempts and successes: against=FILE")
    others = read({"pilot": config["against"]})
    for key, several in (("pilot", first), ("against", others)):
        if len(several) > 1:
            names = ", ".join(one.name for one in several)
            raise ValueError(f"{key}: need one suite and model to compare, got {names}")
    return others[0]


def near_round(k, close):
    """Whether k is close, in log10, to 1, 2, 5, 10, ...: rows enough for a reader of a report."""
    return any(abs(np.log10(k) % 1 - place) < close for place in (0, np.log10(2), np.log10(5), 1))


def manifest(command, read, config):
    """manifest.json of an answer about these pilots."""
    records = [
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
    return {"command": command, "source": read[0].source, "pilots": records, "config": config, "sim": __version__}
