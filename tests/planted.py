"""Small bugs, planted one at a time: how many of them does the default suite notice?

    python tests/planted.py [--only NAME ...] [--list] [--follow] [--workers 2]

Each bug (tests/bugs) replaces a text that occurs once in a file of the package. It is planted in a copy of the tracked
files, and the few test files, or tests FILE::NAME, that should notice it are run there. A bug is noticed if pytest
exits 1: a test fails, not an import.

--only: bugs whose names, or files, contain one of these texts.  --list: check that every text occurs once, and run
nothing.  --follow: run the whole suite where the few notice nothing.  --workers: copies that are tested side by side.
Exit code 0 if at least 90 % are noticed, and 80 % of those in each room; 1 if fewer; 2 where a text does not occur
once, or a test fails without a bug.
"""

import argparse
import contextlib
import importlib.util
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from bugs import asking, deciding, drawing, running

BUGS = *deciding.BUGS, *drawing.BUGS, *asking.BUGS, *running.BUGS
ROOT = Path(__file__).resolve().parents[1]
ENOUGH, IN_EACH_ROOM = 0.9, 0.8  # of the bugs
_LEAST, _TIMES = 120, 4  # seconds, and times the seconds without a bug, after which a bug has made the tests hang
_ENDED = threading.Event()  # set where the script is interrupted: no test goes on then
_COMMAND = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")


class Run(NamedTuple):
    """Of pytest: its exit code, None where it ran out of time; what it printed; seconds it took."""

    code: int | None
    output: str
    seconds: float


def named(bug, part):
    """Whether part of a name is that of a bug or of its file."""
    return part.lower() in f"{bug.name} {bug.file}".lower()


def room(bug):
    """The folder that a bug is in, below the package; of those in app/, the one below that."""
    parts = Path(bug.file).parent.parts
    return "/".join(parts[: 3 if "app" in parts else 2])


def wrong(bugs):
    """What is wrong with bugs, a sentence each."""
    found = []
    for bug in bugs:
        path = ROOT / bug.file
        number = path.read_text(encoding="utf-8").count(bug.old) if path.is_file() else 0
        if number != 1:
            found.append(f"{bug.name}: need a text that occurs once in {bug.file}, got {number} times {bug.old!r}")
        else:
            _checked(bug, found)
        found += [
            f"{bug.name}: no such file: {test}" for test in bug.tests if not (ROOT / test.split("::")[0]).is_file()
        ]
    names = [bug.name for bug in bugs]
    return found + [f"{name}: need one bug of a name" for name in sorted(set(names)) if names.count(name) > 1]


def _checked(bug, found):
    if not bug.file.endswith(".py"):
        return
    changed = (ROOT / bug.file).read_text(encoding="utf-8").replace(bug.old, bug.new)
    try:
        compile(changed, bug.file, "exec")
    except SyntaxError as error:
        found.append(f"{bug.name}: need Python, got {error}")


def copied(folder):
    """Copy the tracked files, as they are in the working tree, into a folder."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():  # else it is deleted, and the deletion not yet recorded
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@contextlib.contextmanager
def planted(bug, folder):
    """A copy with a bug in it, put back at the end."""
    path = folder / bug.file
    before = path.read_bytes()
    try:
        _written(path, before.decode("utf-8").replace(bug.old, bug.new).encode("utf-8"))
        yield
    finally:
        _written(path, before)


def _written(path, content):
    """Write a file and forget what was compiled of it, which is known by its second and size alone."""
    path.write_bytes(content)
    Path(importlib.util.cache_from_source(path)).unlink(missing_ok=True)


def tested(folder, tests, limit=math.inf):
    """Run of test files in a copy, ended after so many seconds."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
    start = time.monotonic()
    with tempfile.TemporaryFile() as printed:
        own = subprocess.Popen(
            [*_COMMAND, *tests], cwd=folder, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT,
        )  # fmt: skip
        while own.poll() is None and time.monotonic() < start + limit and not _ENDED.wait(0.2):
            pass
        if late := own.poll() is None:
            os.killpg(own.pid, signal.SIGKILL)  # it, and what its tests have started
            own.wait()
        printed.seek(0)
        output = printed.read().decode("utf-8", "replace")
    return Run(None if late else own.returncode, output, time.monotonic() - start)


def every(of, items, copies):
    """(item, of(item, a copy that nothing else uses)) for each item, as they end."""
    free = queue.Queue()
    for folder in copies:
        free.put(folder)

    def one(item):
        folder = free.get()
        try:
            return of(item, folder)
        finally:
            free.put(folder)

    with ThreadPoolExecutor(len(copies)) as pool:
        running = {pool.submit(one, item): item for item in items}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BaseException:
            _ENDED.set()
            pool.shutdown(cancel_futures=True)
            raise


def seconds_without(tests, copies):
    """{test file: seconds} without a bug; ValueError where one fails."""
    took = {}
    with contextlib.closing(every(lambda test, folder: tested(folder, [test]), tests, copies)) as runs:
        for test, run in runs:
            if run.code != 0:
                print(run.output, file=sys.stderr)
                raise ValueError(f"{test}: need a test file that passes without a bug, got exit code {run.code}")
            took[test] = run.seconds
            print(f"passes without a bug  {run.seconds:6.0f} s  {test}", flush=True)
    return took


def noticed(bug, folder, took, rest):
    """(whether a bug is noticed, the line about it). rest: files that are run where the few notice nothing."""
    started = time.monotonic()
    with planted(bug, folder):
        for tests in (bug.tests, [test for test in rest if test not in bug.tests]):
            if not tests:
                continue
            run = tested(folder, tests, _LEAST + _TIMES * sum(took[test] for test in tests))
            if run.code != 0:
                break
    failed = [line.split(" - ")[0] for line in run.output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    other = {0: "no test fails", None: "out of time"}.get(run.code, f"exit code {run.code}")
    by = failed[-1].partition(" ")[2] if failed else other
    word = "noticed" if run.code == 1 else "not noticed"
    return run.code == 1, f"{word:20}  {time.monotonic() - started:6.0f} s  {bug.name}: {by}"


def main(arguments=None):
    """Run the bugs that are asked for; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="part of the name of a bug")
    parser.add_argument("--list", action="store_true", help="check that every text occurs once, and run nothing")
    parser.add_argument("--follow", action="store_true", help="run all test files where the few notice nothing")
    parser.add_argument("--workers", type=int, default=2, help="copies that are tested side by side")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that copies and tests do not outlive it
    bugs = [bug for bug in BUGS if not asked.only or any(named(bug, part) for part in asked.only)]
    unknown = [part for part in asked.only or () if not any(named(bug, part) for bug in BUGS)]
    problems = [f"{part}: no such bug; --list names them" for part in unknown] + wrong(bugs)
    if problems or asked.list:
        print("\n".join(problems or [f"{bug.name}  ({bug.file})" for bug in bugs]))
        return 2 if problems else 0
    rest = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py")) if asked.follow else []
    with tempfile.TemporaryDirectory(prefix="planted_") as folder:
        copies = [copied(Path(folder) / str(number)) for number in range(max(asked.workers, 1))]
        try:
            took = seconds_without(dict.fromkeys([*(test for bug in bugs for test in bug.tests), *rest]), copies)
        except ValueError as failure:
            print(failure, file=sys.stderr)
            return 2
        seen, rooms = [], {}
        with contextlib.closing(every(lambda bug, own: noticed(bug, own, took, rest), bugs, copies)) as runs:
            for bug, (own, line) in runs:
                seen.append(own)
                rooms.setdefault(room(bug), []).append(own)
                print(line, flush=True)
    for name, own in sorted(rooms.items()):
        print(f"{sum(own):4d} of {len(own):3d} in {name}")
    print(f"{sum(seen)} of {len(bugs)} bugs are noticed")
    enough = all(sum(own) >= IN_EACH_ROOM * len(own) for own in rooms.values())
    return 0 if enough and sum(seen) >= ENOUGH * len(bugs) else 1


if __name__ == "__main__":
    sys.exit(main())
