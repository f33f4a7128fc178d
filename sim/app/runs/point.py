"""One point: every experiment that a configuration asks for, in a folder of its own, with its status recorded."""

import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

from omegaconf.errors import OmegaConfBaseException

from sim.app import door
from sim.app.configuring import place
from sim.app.configuring.configuration import refused
from sim.app.host import machine, processes
from sim.app.runs import adaptive, experiment, taking, terminal
from sim.draw.budget import TooLarge, Unanswerable
from sim.draw.plan import Steps
from sim.records import checkpoint, folder, state

FAILED, REFUSED = "failed", "refused"


class Point(NamedTuple):
    """A plain configuration, the folder of its results, the overrides it was made from, its number in a sweep."""

    config: dict
    where: Path
    overrides: list
    number: int | None


class Outcome(NamedTuple):
    """How a point ended: a state of sim.records.state, and what was wrong, kind (FAILED or REFUSED) and in words."""

    state: str
    kind: str | None = None
    sentence: str | None = None


def run(point, source=None):
    """Outcome of a point. Progress and verdicts on the terminal; what goes wrong, in one sentence and in status.json.

    source: name of an experiment -> where its counts come from; None: from its own steps, one after the other.
    Only a signal is raised on: taking.Interrupted.
    """
    try:
        asked = door.questions(point.config)
        cluster = processes.read(point.config)
        machine.start_jax(asked[0][1].budget.devices, cluster)
    except (ValueError, OmegaConfBaseException) as error:
        return refuse(point, error)
    if point.config["dry"]:
        return _dry_run(point, asked)
    if cluster is not None:
        return _run_together(point, asked)
    return _run_alone(point, asked, source or (lambda name: Steps.drawn))


def _run_alone(point, asked, source):
    """Outcome of a point, its folder held.  source: name of an experiment -> where its counts come from."""
    try:
        with state.holding(point.where):
            return _run(point, asked, source)
    except (ValueError, OSError) as error:  # held, of another run, damaged: not for us to write there
        return _reported(REFUSED, refused(error))


def _run_together(point, asked):
    """Outcome of a point that several processes run; this one ends at once where another has ended before its time."""
    try:
        record = folder.finite({"experiments": [name for name, _ in asked], **place.results(point.config)})
        record |= experiment.inputs(record)
        first = processes.differing(record)
        if first is not None:
            own = checkpoint.difference(first, record)
            rest = f"got {own}" if own else "got a different one in another process"
            return _reported(REFUSED, f"distributed: need the same configuration in all processes, {rest}")
        if processes.index() > 0:
            with taking.heeding():
                processes.serve(asked)
            return Outcome("done")
        outcome = _run_alone(point, asked, processes.Driver)
        processes.end()
        return outcome
    except processes.Lost as error:
        print(
            f"sim run: {error}; what was drawn is kept, and the same command with resume=true continues it, "
            "in any number of processes",
            file=sys.stderr,
            flush=True,
        )
        processes.abandon(1)
    except taking.Interrupted as error:
        print(
            "sim run: interrupted; the same command with resume=true continues from here", file=sys.stderr, flush=True
        )
        processes.abandon(128 + error.number)


def refuse(point, error):
    """Outcome of a point that is not run for what is wrong with its configuration."""
    sentence = refused(error)
    if point.number is None or point.config.get("dry") is True:
        remove_empty(point.where)
    elif not (point.where / state.STATUS).is_file():
        failed = {"state": "failed", "error": _error(REFUSED, sentence)}
        state.write_status(point.where, _status(point, {}, None) | failed)
    return _reported(REFUSED, sentence)


class Different(ValueError):
    """A folder that holds something else."""


def _run(point, asked, source):
    before = state.read_status(point.where)
    if before is not None:
        _check_same(point, before)
    done = _done(point, asked, before) if before is not None and _resumed(point) else {}
    if len(done) == len(asked) and before["state"] == "done":
        print(f"  already done: {point.where}\n", flush=True)
        return Outcome("done")
    record = state.Record(point.where, _first_status(point, asked, before, done))
    try:
        with taking.heeding():
            try:
                return _experiments(point, asked, record, source)
            except (taking.Interrupted, processes.Lost) as error:
                record.update(state="interrupted", error=_error(FAILED, f"interrupted: {error}"))
                raise
    except (TooLarge, checkpoint.Different, OSError) as error:
        if isinstance(error, OSError) and error.filename is None:  # a full disk does not say of which file
            error.filename = str(point.where)
        return _ended(record, REFUSED, refused(error))
    except processes.Lost:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {refused(error)}; traceback in {point.where / state.STATUS}"
        return _ended(record, FAILED, what, traceback.format_exc())


def _check_same(point, before):
    """Refuse a folder of other physics, and one of an unfinished run that nobody asked to go on with."""
    there, here = (place.physics(folder.finite(config)) for config in (before["config"], point.config))
    if there != here:
        differ = checkpoint.difference(there, here)
        raise Different(f"{point.where}: holds another run ({differ}); need another folder")
    if before["state"] != "done" and not _resumed(point) and any(point.where.glob(f"*/{experiment.CHECKPOINT}/*")):
        raise Different(f"{point.where}: holds an unfinished run; need resume=true to continue it, or another folder")


def _same_results(point, before):
    return place.results(folder.finite(point.config)) == place.results(before["config"])


def _resumed(point):
    """Whether to go on with what is there: asked for, or because the scheduler has started the job again."""
    return point.config["resume"] or os.environ.get("SLURM_RESTART_COUNT", "0") != "0"


def _first_status(point, asked, before, done):
    """status.json of a run that begins; of one that goes on, experiments that are done stay so."""
    there = before["experiments"] if before and _resumed(point) else {}
    begun = {
        name: done.get(name)
        or {"state": "waiting", "batches": 0, "of": None, "seconds": there.get(name, {}).get("seconds", 0.0)}
        for name, _ in asked
    }
    return _status(point, begun, machine.devices(asked[0][1]))


def _done(point, asked, before):
    """Entries of status.json of the experiments that need not be run again."""
    if not _same_results(point, before):
        return {}
    contents = experiment.inputs(place.physics(point.config))
    entries = ((name, before["experiments"].get(name)) for name, _ in asked)
    return {name: own for name, own in entries if own and experiment.finished(point.where / name, own, contents)}


def _status(point, experiments, device):
    return {
        "state": "running",
        "experiments": experiments,
        "overrides": point.overrides,
        "config": point.config,
        "owner": state.owner(),
        "device": device,
        "started": state.now(),
        "error": None,
    }


# How it ends ----------------------------------------------------------------------------------------------------------


def _ended(record, kind, sentence, trace=None):
    """Outcome of a point that failed, said on the terminal and in status.json."""
    with contextlib.suppress(OSError):  # the disk is full, and what is there stays
        record.update(state="failed", error=_error(kind, sentence, trace))
    return _reported(kind, sentence)


def _error(kind, sentence, trace=None):
    """What status.json says of what went wrong."""
    return {"kind": kind, "sentence": sentence, "traceback": trace}


def remove_empty(where):
    """Remove a folder in which nothing was written, and the one it is in."""
    with contextlib.suppress(OSError):  # not empty, or never made
        where.rmdir()
        where.parent.rmdir()


def _reported(kind, sentence):
    print(f"sim run: {sentence}", file=sys.stderr, flush=True)
    return Outcome("failed", kind, sentence)


# Its experiments ------------------------------------------------------------------------------------------------------


def _experiments(point, asked, record, source):
    """Outcome of all experiments that are not done; one that does not fit in memory is refused, the others go on."""
    entries, outcome = [], Outcome("done")
    for name, question in asked:
        print(terminal.question_line(name, question), flush=True)
        if record.status["experiments"][name]["state"] == "done":
            print(f"  already done: {point.where / name}\n", flush=True)
            continue
        try:
            answer = experiment.answer(point, name, question, record, source(name))
        except (TooLarge, Unanswerable, adaptive.Unmeasured) as error:
            record.note(name, state="failed")
            outcome = _ended(record, REFUSED, f"{name}: {refused(error)}")
            continue
        entries += [(name, verdict) for verdict in answer.verdicts]
        if name != asked[-1][0]:
            record.update()
    if len(asked) > 1 and entries:
        print("\n".join(terminal.summary_lines(entries)), flush=True)
    record.update(**({"state": "done"} if outcome.state == "done" else {}))
    return outcome


def _dry_run(point, asked):
    """Say of every question what answering it would take; nothing is drawn but what is timed, nothing is left."""
    from sim.app.runs import dry

    outcome = Outcome("done")
    for name, question in asked:
        print(terminal.question_line(name, question), flush=True)
        try:
            estimate = dry.estimate(name, question)
        except TooLarge as error:
            outcome = _reported(REFUSED, f"{name}: {refused(error)}")
            continue
        print("\n".join(terminal.estimate_lines(name, question, estimate, machine.devices(question))))
        if point.config["budget"]["until"] is not None:
            print(terminal.LIMIT)
    print(terminal.DRY, flush=True)
    remove_empty(point.where)
    return outcome
