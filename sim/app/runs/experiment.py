"""One experiment of a point: continued from its checkpoint, reported, written and plotted."""

import hashlib
import sys
import time
from pathlib import Path

from sim.app.configuring import place
from sim.app.host import cache, machine
from sim.app.runs import adaptive, learning, taking, terminal
from sim.experiments import asking
from sim.records import checkpoint, folder, kept

CHECKPOINT = "checkpoint"


def answer(point, name, question, record, source):
    """Answer of an experiment, written to its folder, its checkpoint removed.

    record: state.Record of the point, to be written.  source: where counts come from (sim.app.runs.taking.Taker).
    """
    target, began = point.where / name, time.monotonic()
    earlier = record.status["experiments"][name]["seconds"]  # before it was interrupted
    spent = lambda: round(earlier + time.monotonic() - began, 3)  # noqa: E731
    until, reached = adaptive.read(point.config["budget"]["until"]), None
    taker = taking.Taker(
        target / CHECKPOINT,
        kept_by(point.config, name),
        lambda there, of: record.tell(name, state="running", batches=there, of=of, seconds=spent()),
        lambda sentence: print(f"sim run: {sentence}", file=sys.stderr, flush=True),
        lambda starts: _progress(starts, name),
        source,
        until is not None,
    )
    question = asking.prepared(name, question, learning.Learner(cache.models, machine.kind(), taker.say))
    last = {}

    def take(steps):
        last.update(digest=steps.digest, counts=taker(steps))
        return last["counts"]

    if until is None:
        found = asking.answer(name, question, take)
    else:
        found, reached = adaptive.answer(name, question, until, take)
    seconds = spent()
    print("\n".join(terminal.answer_lines(name, found, seconds)))
    manifest = _manifest(point.config, name, question, found, seconds)
    if reached is not None:
        print(terminal.until_line(reached, found.unit))
        manifest["until"] = adaptive.record(reached)
    folder.write_run(target, found.columns, found.verdicts, manifest)
    if point.config["counts"] or (point.config["counts"] is None and point.number is None):
        kept.write(target, identity(point.config, name), **last)
    for file, columns in found.files.items():
        folder.write_columns(target / file, columns)
    if point.config["figure"]:
        _draw(target)
    checkpoint.remove(taker.folder)
    record.note(name, state="done", seconds=seconds, inputs=inputs(place.physics(point.config)))
    print(terminal.written_line(target, point.config["figure"]) + "\n", flush=True)
    return found


def identity(config, name):
    """Flat record of what the counts of an experiment depend on, besides the machine."""
    own = folder.finite(place.physics(config, name))
    return {"experiment": name, **own, **inputs(own)}


def kept_by(config, name):
    """As `identity`, with the machine, whose rounding counts may have: what a checkpoint is known by."""
    return identity(config, name) | machine.kind()


def inputs(record):
    """Digests of the files that a flat record names."""
    paths = {key: Path(value) for key, value in record.items() if key.endswith(".path") and value}
    return {f"contents of {key}": _digest(path) for key, path in paths.items()}


def _digest(path):
    """Of a file, or of all files of a folder."""
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(hashlib.sha256(each.read_bytes()).digest() for each in files)).hexdigest()


def finished(where, own, contents):
    """Whether an experiment is done, by its entry in status.json, from the same files, and its tables can be read."""
    if own["state"] != "done" or own.get("inputs", contents) != contents:
        return False
    try:
        folder.read_run(where)
    except ValueError:
        return False
    return True


def _progress(starts, name):
    if not (sys.stderr and sys.stderr.isatty()):
        return starts
    from tqdm import tqdm

    return tqdm(starts, desc=f"  {name}", unit="step", leave=False, delay=2)


def _draw(target):
    from sim.figures import files  # loads matplotlib

    files.save(files.draw(folder.read_run(target), target), target / "figure")


def _manifest(config, name, question, answer, seconds):
    return {
        "experiment": name,
        "source": None if question.table is None else question.table.source,
        "config": config,
        "seed": question.seed,
        answer.unit: answer.draws,
        "represented": answer.represented,
        "seconds": seconds,
        "device": machine.devices(question),
        "versions": machine.versions(),
        "commit": machine.commit(),
    }
