"""python -m sim judge: the counts of a run against another law, without drawing them again."""

import json
import sys
import time
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sim.app import door
from sim.app.configuring.configuration import refused
from sim.app.host import cache, machine
from sim.app.runs import adaptive, experiment, learning, terminal
from sim.draw.budget import Unanswerable
from sim.experiments import asking, windows
from sim.judging.verdict import LEVELS, REFUTED_BELOW
from sim.records import folder, kept

HELP = """\
python -m sim judge: test the counts of a run against another law. No random numbers are drawn.

usage: python -m sim judge RUN [law.KEY=VALUE ...] [level=P] [attempts=LOW:HIGH] [examples=LOW:HIGH]
                           [output=FOLDER] [figure=true]

  RUN       folder of a run (outputs/DATE_TIME), or of one of its experiments (outputs/DATE_TIME/coverage)
  law.KEY   a parameter of the law, as for `python -m sim run`: law.beta=0.36; null for the model's own value
  level     p-value below which a law is refuted (default: 1e-4)
  attempts, examples   test these numbers of attempts, or of examples, only (coverage, learning_curve, joint)
  output    folder for the results (default: outputs/judge_DATE_TIME)
  figure    true: plot the figure too

  python -m sim judge outputs/2026-01-31_12-00-00 law.beta=0.357
  python -m sim judge outputs/2026-01-31_12-00-00/learning_curve law.normalisation=continuous
  python -m sim judge outputs/2026-01-31_12-00-00/coverage attempts=100:1e5 level=0.01

A run keeps counts.npz beside table.csv for this purpose; the points of a sweep keep it with counts=true. In a run with
several experiments, those that have all the given keys are judged. For each, table.csv, verdict.json and
manifest.json are written.
Exit code 2 for bad input, in one sentence.
"""
_KEYS = "level", "attempts", "examples", "output", "figure"


class Asked(NamedTuple):
    """What is asked: the folder of a run; law: {key: value}; level and windows as asking.judged has them."""

    where: Path
    law: dict
    level: float
    windows: dict
    output: Path | None
    figure: bool


def main(arguments):
    """Run the command; the exit code."""
    if any(argument in ("-h", "--help", "help") for argument in arguments):
        print(HELP, end="")
        return 0
    try:
        _judge(_asked(arguments))
    except BrokenPipeError:  # whoever read it has gone
        return 0
    except (ValueError, OSError, Unanswerable) as error:
        print(f"sim judge: {refused(error).replace('sim run --help', 'sim judge --help')}", file=sys.stderr)
        return 2
    return 0


def _asked(arguments):
    """Asked, of the arguments."""
    folders = [argument for argument in arguments if "=" not in argument]
    wrong = [argument for argument in folders if argument.startswith("-")]
    if wrong:
        raise ValueError(f"{wrong[0]}: no such option; need RUN and KEY=VALUE (python -m sim judge --help)")
    if len(folders) != 1 or not folders[0]:
        raise ValueError(f"need the folder of one run, got {' '.join(map(repr, folders)) or 'none'}")
    law, others = {}, dict.fromkeys(_KEYS)
    for argument in arguments:
        key, equal, value = argument.partition("=")
        if not equal:
            continue
        section, dot, name = key.partition(".")
        if (section, dot) == ("law", ".") and name:
            law[name] = _value(value)
        elif key in _KEYS:
            others[key] = value
        else:
            *keys, last = _KEYS
            rest = f"need law.KEY, {', '.join(keys)} or {last}; the simulation itself cannot be changed here"
            raise ValueError(f"{key}: {rest}")
    if others["figure"] not in (None, "true", "false"):
        raise ValueError(f"figure: need true or false, got {others['figure']!r}")
    if others["output"] == "":
        raise ValueError("output: need the name of a folder, got ''")
    output, figure = others["output"] and Path(others["output"]), others["figure"] == "true"
    return Asked(Path(folders[0]), law, _level(others["level"]), _windows(others), output, figure)


def _level(text):
    if text is None:
        return REFUTED_BELOW
    level = _value(text)
    if not isinstance(level, int | float) or isinstance(level, bool) or not LEVELS[0] <= level <= LEVELS[1]:
        raise ValueError(f"level: need a number from {LEVELS[0]:g} to {LEVELS[1]:g}, got {text!r}")
    return float(level)


def _windows(given):
    """{attempts or examples: (lowest, highest)} of LOW:HIGH."""
    found = {}
    for axis in ("attempts", "examples"):
        if given[axis] is None:
            continue
        try:
            low, high = (float(part) for part in given[axis].split(":"))
        except ValueError:
            low, high = 1.0, 0.0
        if not 0 <= low < high:
            raise ValueError(f"{axis}: need LOW:HIGH, two numbers, the lower one first, got {given[axis]!r}")
        found[axis] = low, high
    return found


def _value(text):
    """A value as it stands behind a key: null, a number, or a word."""
    try:
        return None if text == "null" else json.loads(text)
    except json.JSONDecodeError:
        try:
            return float(text)
        except ValueError:
            return text


def _judge(given):
    runs = _runs(given.where)
    asked, sentences = [], []
    for path, manifest in runs:
        try:
            config, question = _question(manifest, given.law)
            windows.points(manifest["experiment"], question, given.windows)
            asked.append((path, manifest, config, question))
        except ValueError as error:  # of several, some may have no such law
            sentences.append(error)
    if not asked:
        raise sentences[0]
    output = given.output or Path("outputs") / f"judge_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    for path, manifest, *_ in asked:
        target = output / manifest["experiment"]
        if target.exists() and target.resolve() == path.resolve():
            raise ValueError(f"output: need a folder in which no run is overwritten, got {output}")
    for path, manifest, config, question in asked:
        _judge_one(path, manifest, config, question, output / manifest["experiment"], given)


def _runs(where):
    """[(folder, manifest)] of the experiments of a run."""
    if not where.is_dir():
        raise ValueError(f"{where}: no such folder; need the folder of a run")
    if (where / "manifest.json").is_file():
        paths = [where]
    else:
        paths = sorted(path.parent for path in where.glob("*/manifest.json"))
    runs = [(path, folder.read_json(path / "manifest.json")) for path in paths]
    for path, manifest in runs:
        parts = manifest if isinstance(manifest, dict) else {}
        if not isinstance(parts.get("experiment"), str) or not isinstance(parts.get("config"), dict):
            raise ValueError(f"{path}: need the folder of a run, got one of {parts.get('command', 'something else')}")
        if not all(isinstance(parts["config"].get(section), dict) for section in ("law", "budget")):
            raise ValueError(f"{path / 'manifest.json'}: need the configuration of a run, with sections law and budget")
    if not runs:
        rest = ", one folder for each point" if (where / "sweep.json").is_file() else ""
        raise ValueError(f"{where}: need a folder with manifest.json, or of a run that has finished{rest}")
    return runs


def _question(manifest, law):
    """(configuration of one experiment with numbers of the law replaced, its Question)."""
    config, name = deepcopy(manifest["config"]), manifest["experiment"]
    config["experiments"] = [name]
    for key, value in law.items():
        if key not in config["law"]:
            raise ValueError(f"law.{key}: no such key; need one of {', '.join(config['law'])}")
        config["law"][key] = value
    config["budget"] |= {"devices": 0, "chunk": 0, "memory": 1.0}  # of this machine, on which nothing is drawn
    machine.start_jax(0)
    [(_, question)] = door.questions(config)
    if "until" in manifest:
        question = adaptive.asked(name, question, manifest["until"]["drawn"])
    return config, question


def _judge_one(where, manifest, config, question, target, given):
    """Judge the counts of one experiment; say what came of it, and write it."""
    name, began = manifest["experiment"], time.monotonic()
    question = asking.prepared(name, question, learning.Learner(cache.models, machine.kind(), print))
    own = experiment.identity(manifest["config"], name)

    def counts(steps):
        found, needed = kept.read(where, own, steps.digest), steps.cut.batches
        if len(found) != needed:
            raise ValueError(f"{where / kept.NAME}: need {needed} batches, as manifest.json says, got {len(found)}")
        return found

    found = asking.answer(name, question, counts, given.level, given.windows)
    print(terminal.question_line(name, question))
    print("\n".join(terminal.answer_lines(name, found)))
    record = {key: manifest[key] for key in manifest if key not in ("config", "seconds", "versions", "commit")}
    record |= {"config": config, "seconds": round(time.monotonic() - began, 3), "judged": str(where)}
    record |= {"level": given.level, "windows": given.windows}
    folder.write_run(target, found.columns, found.verdicts, record | {"versions": machine.versions()})
    if given.figure:
        from sim.figures import files  # loads matplotlib

        files.save(files.draw(folder.read_run(target), where), target / "figure")
    print(f"  written to {target}\n", flush=True)
