"""What a run or a sweep is at: status.json and sweep.json, written whole or not at all, and who holds a folder."""

import contextlib
import getpass
import json
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from sim.records import folder

if os.name == "posix":
    import fcntl

STATES = ("waiting", "running", "interrupted", "stopped", "failed", "done")
STATUS, SWEEP, LOCK = "status.json", "sweep.json", ".lock"
_SILENT = 300  # seconds after which a run on a file system without locks is taken for dead
_TOLD = 2.0  # seconds between two words on the progress
_TRIES, _PAUSE = 5, 0.1  # seconds: who only looks at a lock holds it for a moment


class Held(ValueError):
    """A folder that another process is at work in."""


def now():
    """The time, as it stands in files."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def owner():
    """Who this process is: user, host, process number, since when, and its job if Slurm started it."""
    job = os.environ.get("SLURM_JOB_ID")
    array = os.environ.get("SLURM_ARRAY_JOB_ID")
    if array:
        job = f"{array}_{os.environ.get('SLURM_ARRAY_TASK_ID')}"
    restarts = int(os.environ.get("SLURM_RESTART_COUNT", "0"))
    slurm = {"job": job, "restarts": restarts} if job else None
    return {"user": _user(), "host": socket.gethostname(), "pid": os.getpid(), "since": now(), "slurm": slurm}


def _user():
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may not name its user
        return str(os.getuid())


# status.json ----------------------------------------------------------------------------------------------------------


def read_status(where):
    """What status.json of a run folder says, or None where there is none; ValueError where it is damaged.

    A state of "running" is told as "stopped" where nobody holds the folder any more: killed, or its machine lost.
    """
    path = Path(where) / STATUS
    if _absent(path):
        return None
    status = folder.read_json(path)
    needed = (("state", str), ("experiments", dict), ("config", dict), ("overrides", list), ("updated", str))
    for field, kind in needed:
        if not isinstance(status, dict) or not isinstance(status.get(field), kind):
            raise ValueError(f"{path}: need an object with the field {field} ({kind.__name__})")
    if status["state"] not in STATES:
        raise ValueError(f"{path}: state must be one of {', '.join(STATES)}, got {status['state']!r}")
    if status["state"] == "running" and not _alive(where, status["updated"]):
        status["state"] = "stopped"
    return status


def _absent(path):
    """Whether there is nothing of that name; what is there but cannot be read is said by whoever reads it."""
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        pass
    return False


def write_status(where, status):
    """Write status.json of a run folder; it says when."""
    folder.write_json(Path(where) / STATUS, status | {"updated": now()})


class Record:
    """status.json of a run that goes on."""

    def __init__(self, where, status):
        self.where, self.status = where, status
        self.update()

    def update(self, **changes):
        """Change entries at the top, and write all that has changed."""
        self.status |= changes
        write_status(self.where, self.status)
        self.written = time.monotonic()

    def note(self, name, **changes):
        """Change entries of an experiment, to be written with the next update."""
        self.status["experiments"][name] |= changes

    def tell(self, name, **progress):
        """As `note`, written if nothing has been for a while."""
        self.note(name, **progress)
        if time.monotonic() - self.written >= _TOLD:
            self.update()


# sweep.json -----------------------------------------------------------------------------------------------------------


def read_sweep(where):
    """What sweep.json of a sweep folder says; ValueError where it is missing or damaged."""
    path = Path(where) / SWEEP
    sweep = folder.read_json(path)
    for field, kind in (("points", list), ("launcher", str), ("command", list)):
        if not isinstance(sweep, dict) or not isinstance(sweep.get(field), kind):
            raise ValueError(f"{path}: need an object with the field {field} ({kind.__name__})")
    return sweep


def write_sweep(where, points, launcher, command):
    """Write sweep.json: the overrides of every point, in order, how they are launched, and the command.

    To be called by way of place.begin_sweep, which knows the command. Where there is one, its points must be the same:
    ValueError names the first that is not.
    """
    where = Path(where)
    where.mkdir(parents=True, exist_ok=True)
    if (where / SWEEP).is_file():
        before = read_sweep(where)["points"]
        for number, (one, other) in enumerate(zip(before, points, strict=False)):
            if one != other:
                both = f"point {number} is {' '.join(one)} there and {' '.join(other)} here"
                raise ValueError(f"{where}: holds another sweep ({both}); need another folder")
        if len(before) != len(points):
            raise ValueError(f"{where}: holds a sweep of {len(before)} points, got {len(points)}; need another folder")
    content = {"points": points, "launcher": launcher, "command": command, "since": now(), "owner": owner()}
    folder.write_json(where / SWEEP, content)


# The lock -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def holding(where):
    """Hold a folder for as long as this lasts; Held, which names the holder, where another process does.

    The lock goes with the process, however it ends. Where the file system has no locks, nobody is kept out.
    """
    path = Path(where) / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as stream:
        stream.truncate(0)
        json.dump(owner(), stream)
        stream.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


def _locked(path):
    """The lock file, opened and locked."""
    for _ in range(_TRIES):
        stream = path.open("a+", encoding="utf-8")
        if _lock(stream) is not False and path.exists() and path.stat().st_ino == os.fstat(stream.fileno()).st_ino:
            return stream
        stream.close()  # held, be it by someone who only looks, or removed by the holder before us
        time.sleep(_PAUSE)
    raise Held(f"{path.parent}: in use by {_holder(path)}; wait for its end, or choose another output folder")


def held(where):
    """Whether a process holds the folder; None where the file system has no locks."""
    path = Path(where) / LOCK
    try:
        with path.open(encoding="utf-8") as stream:  # whoever may read may look
            had = _lock(stream, shared=True)
    except OSError:  # there is none, or it is not ours to touch
        return False
    return None if had is None else not had


def _lock(stream, shared=False):
    """Whether the lock of an open file could be had, alone or shared with others who look; None where are no locks."""
    if os.name != "posix":
        return None
    try:
        fcntl.flock(stream, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _holder(path):
    try:
        own = json.loads(path.read_text(encoding="utf-8"))
        return f"{own['user']} on {own['host']} (process {own['pid']}, since {own['since']})"
    except (OSError, ValueError, KeyError, TypeError):  # it is just about to say
        return "another process"


def _alive(where, updated):
    alive = held(where)
    if alive is None:
        return (datetime.now(UTC) - datetime.fromisoformat(updated)).total_seconds() < _SILENT
    return alive
