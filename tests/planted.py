"""Forty small bugs, planted one at a time: how many of them do the tests notice?

    python tests/planted.py [--only NAME ...] [--list] [--follow] [--workers 2]

Each bug replaces a text that occurs once in a file of the package. It is planted in a copy of the tracked files, and
the few test files that should notice it are run there. A bug is noticed if pytest exits 1: a test fails, not an import.

--only: bugs whose names contain one of these texts.  --list: check that every text occurs once, and run nothing.
--follow: run all test files of ROOMS where the few notice nothing.  --workers: copies that are tested side by side.
Exit code 0 if at least 36 of 40 are noticed, 1 if fewer; 2 where a text does not occur once, or a test fails without
a bug.
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

ROOT = Path(__file__).resolve().parents[1]
ENOUGH = 0.9  # of the bugs
_LEAST, _TIMES = 120, 4  # seconds, and times the seconds without a bug, after which a bug has made the tests hang
_ENDED = threading.Event()  # set where the script is interrupted: no test goes on then
_COMMAND = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")
ROOMS = (
    *("tests/calibration/test_*.py", "tests/test_optimum.py", "tests/test_weighted.py", "tests/test_design.py"),
    *(f"tests/app/test_{name}.py" for name in ("*calibrate*", "*recommend*", "*design*", "against")),
)


class Bug(NamedTuple):
    """What stands once in a file and what takes its place; tests: files that should notice it, the quick ones first."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple


def _of(folder, *tests):
    """Paths of test files."""
    return tuple(f"tests/{folder}{test}.py" for test in tests)


ANSATZ, CURVE, DIFFERENCE, MIXTURES = (
    _of("calibration/test_", name) for name in ("ansatz", "curve", "difference", "mixtures")
)
EVIDENCE, POSTERIOR, PREDICTION, PRIOR, QUANTITIES, TEMPERING = (
    _of("calibration/test_", name)
    for name in ("evidence", "posterior", "prediction", "prior", "quantities", "tempering")
)
OPTIMUM, DESIGN, AGAINST = _of("test_", "optimum"), _of("test_", "design"), _of("app/test_", "against")
CALIBRATE = _of("app/test_", "said_by_calibrate", "calibrate")
RECOMMEND = _of("app/test_", "said_by_recommend", "recommend")

BUGS = (
    # Calibration ------------------------------------------------------------------------------------------------------
    Bug("runs test: wrong variance", "sim/calibration/ansatz.py",
        "made**2 * (made - 1)", "made**3", ANSATZ),
    Bug("runs test: p-value one-sided", "sim/calibration/ansatz.py",
        "float(2 * special.ndtr(-abs(z)))", "float(special.ndtr(-abs(z)))", ANSATZ),
    Bug("Sidak: one test too few", "sim/calibration/ansatz.py",
        "** len(p_values)", "** (len(p_values) - 1)", ANSATZ),
    Bug("cannot tell: threshold of the factor inverted", "sim/calibration/calibrate.py",
        "if high > asked.most_factor * low:", "if high < asked.most_factor * low:", PREDICTION + CALIBRATE),
    Bug("backtest: quartiles swapped", "sim/calibration/calibrate.py",
        "[0, 4, 1, 3]", "[0, 4, 3, 1]", CALIBRATE),
    Bug("observed: unbiased pass@k at k + 1", "sim/calibration/curve.py",
        "pass_at_k(attempts, pilot",
        "pass_at_k(np.minimum(np.asarray(attempts) + 1, pilot.attempts.min()), pilot", CURVE),
    Bug("observed: Greenwood without the square root", "sim/calibration/curve.py",
        "failure * np.sqrt(greenwood)", "failure * greenwood", CURVE),
    Bug("two models: sign of the median", "sim/calibration/difference.py",
        "np.median(drawn, axis=0),", "-np.median(drawn, axis=0),", DIFFERENCE + AGAINST),
    Bug("two models: band pointwise", "sim/calibration/difference.py",
        "np.minimum(depth, np.minimum(at_most, at_least))", "np.minimum(at_most, at_least)", DIFFERENCE),
    Bug("two models: paired by position", "sim/calibration/difference.py",
        "np.array([name in common for name in one.pilot.problem_id])",
        "np.arange(len(one.pilot.problem_id)) < len(common)", DIFFERENCE + AGAINST),
    Bug("batches counted as single attempts", "sim/calibration/mixtures.py",
        "np.where(won, m - batch, m)", "np.where(won, m - 1, m)", MIXTURES),
    Bug("Beta law: tails on the wrong sides", "sim/calibration/mixtures.py",
        "below, above = special.betainc(own, other, _LOWEST)", "above, below = special.betainc(own, other, _LOWEST)",
        MIXTURES),
    Bug("evidence without the share of the kind", "sim/calibration/posterior.py",
        "one.log_evidence + np.log(one.kind.share)", "one.log_evidence", POSTERIOR + EVIDENCE),
    Bug("evidence without what the bends leave of the kind", "sim/calibration/posterior.py",
        "found.log_evidence - log_size(kind)", "found.log_evidence", EVIDENCE),
    Bug("wider prior: sign of the change of density", "sim/calibration/posterior.py",
        "one.value - ((points**2)", "one.value + ((points**2)", POSTERIOR),
    Bug("shares: problems with the same counts count once", "sim/calibration/prediction.py",
        "np.ones(int(likelihood.problems[row]))", "np.ones(1)", PREDICTION + POSTERIOR),
    Bug("new problems: shares off the lattice by one", "sim/calibration/prediction.py",
        "problems, mean).clip(0, problems) / problems", "problems, mean).clip(0, problems) / (problems + 1)",
        PREDICTION + POSTERIOR),
    Bug("prior: what is below the grid is lost", "sim/calibration/prior.py",
        "never + (1 - never) * below / total", "never", PRIOR),
    Bug("prior: bends from k = 1 on", "sim/calibration/prior.py",
        "10.0 ** np.arange(1, 9)", "10.0 ** np.arange(9)", PRIOR),
    Bug("prior: scale of log beta halved", "sim/calibration/prior.py",
        "kind.beta[1] * points[:, 0]", "kind.beta[1] / 2 * points[:, 0]", PRIOR),
    Bug("quantities: these and new swapped in the record", "sim/calibration/quantities.py",
        "of_these(mixing, likelihood, generator), of_new(mixing, likelihood, generator)",
        "of_new(mixing, likelihood, generator), of_these(mixing, likelihood, generator)", QUANTITIES + CALIBRATE),
    Bug("resampling by sorted weights", "sim/calibration/tempering.py",
        "np.searchsorted(np.cumsum(weight)", "np.searchsorted(np.cumsum(np.sort(weight))", TEMPERING),
    # Optimum ----------------------------------------------------------------------------------------------------------
    Bug("budget: k - 1 told", "sim/optimum/budget.py",
        "total), 0, best) - 1", "total), 0, best) - 2", OPTIMUM),
    Bug("verifier: false_accept and false_reject exchanged", "sim/optimum/outcomes.py",
        "1 - prices.false_reject, prices.false_accept", "1 - prices.false_accept, prices.false_reject", OPTIMUM),
    Bug("latency: slots ignored", "sim/optimum/prices.py",
        "return slots * (turns", "return (turns", OPTIMUM),
    Bug("net value: weights not squared in the variance", "sim/optimum/problems.py",
        "problems.square @ worth", "problems.weighed @ worth", OPTIMUM),
    Bug("net value: upper end at 90 %", "sim/optimum/problems.py",
        "each, (0.05, 0.95))", "each, (0.05, 0.9))", OPTIMUM),
    Bug("two models: the rival's price for both", "sim/optimum/rivals.py",
        "_affordable(own, own_prices, best[1].cost)", "_affordable(own, other_prices, best[1].cost)", OPTIMUM),
    Bug("stages: set-up charged again at each", "sim/optimum/stages.py",
        "cost = prices.setup + prices.each", "cost = prices.setup * np.arange(1, len(ends) + 1) + prices.each",
        OPTIMUM),
    Bug("regret without the minus", "sim/optimum/stopping.py",
        "problems.weight @ (tops - chosen)", "problems.weight @ tops", OPTIMUM),
    Bug("set-up charged again for a problem that was tried", "sim/optimum/update.py",
        "further = prices._replace(setup=0.0)", "further = prices", OPTIMUM),
    # Reports ----------------------------------------------------------------------------------------------------------
    Bug("cost.verification ignored", "sim/app/reports/prices.py",
        "Prices(value, later + checked,", "Prices(value, later,", RECOMMEND[1:]),
    Bug("calibrate: these and new swapped in the table", "sim/app/reports/calibrate.py",
        '(("", one.these.quantiles), ("new_", one.new.quantiles))',
        '(("new_", one.these.quantiles), ("", one.new.quantiles))', CALIBRATE),
    Bug("recommend: these and new swapped in a sentence", "sim/app/reports/recommended.py",
        '("these", one.these) if asked.new else ("new", one.new)',
        '("these", one.new) if asked.new else ("new", one.these)', RECOMMEND),
    Bug("design: the adaptive pilot is the chosen one", "sim/app/reports/design.py",
        '"adaptive": told(found.other)', '"adaptive": told(found.chosen)', _of("app/test_", "said_by_design")),
    # Words ------------------------------------------------------------------------------------------------------------
    Bug("calibrate: percent of the wrong end", "sim/app/reports/words/calibrate.py",
        "anything from {percent(low)} to", "anything from {percent(high)} to", CALIBRATE),
    Bug("two models: Japanese and English swapped", "sim/app/reports/words/against.py",
        '{"en": EN, "ja": JA}', '{"en": JA, "ja": EN}', AGAINST),
    Bug("recommend: probability of the other model, in Japanese", "sim/app/reports/words/recommend_ja.py",
        "chance = found.better if found.gain > 0 else 1 - found.better", "chance = found.better", RECOMMEND),
    # Design -----------------------------------------------------------------------------------------------------------
    Bug("design: error squared", "sim/design/targets.py",
        "root = np.sqrt(square.mean())", "root = square.mean()", DESIGN),
    Bug("design: alpha and beta exchanged in the hazard", "sim/design/targets.py",
        "loss * fits.beta <= price", "loss * fits.alpha <= price", DESIGN),
)  # fmt: skip


class Run(NamedTuple):
    """Of pytest: its exit code, None where it ran out of time; what it printed; seconds it took."""

    code: int | None
    output: str
    seconds: float


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
        found += [f"{bug.name}: no such file: {test}" for test in bug.tests if not (ROOT / test).is_file()]
    names = [bug.name for bug in bugs]
    return found + [f"{name}: need one bug of a name" for name in sorted(set(names)) if names.count(name) > 1]


def _checked(bug, found):
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
    bugs = [bug for bug in BUGS if not asked.only or any(part.lower() in bug.name.lower() for part in asked.only)]
    unknown = [part for part in asked.only or () if not any(part.lower() in bug.name.lower() for bug in BUGS)]
    problems = [f"{part}: no such bug; --list names them" for part in unknown] + wrong(bugs)
    if problems or asked.list:
        print("\n".join(problems or [f"{bug.name}  ({bug.file})" for bug in bugs]))
        return 2 if problems else 0
    rest = sorted({str(path.relative_to(ROOT)) for room in ROOMS for path in ROOT.glob(room)}) if asked.follow else []
    with tempfile.TemporaryDirectory(prefix="planted_") as folder:
        copies = [copied(Path(folder) / str(number)) for number in range(max(asked.workers, 1))]
        try:
            took = seconds_without(dict.fromkeys([*(test for bug in bugs for test in bug.tests), *rest]), copies)
        except ValueError as failure:
            print(failure, file=sys.stderr)
            return 2
        found = 0
        with contextlib.closing(every(lambda bug, own: noticed(bug, own, took, rest), bugs, copies)) as runs:
            for _, (seen, line) in runs:
                found += seen
                print(line, flush=True)
    print(f"{found} of {len(bugs)} bugs are noticed")
    return 0 if found >= ENOUGH * len(bugs) else 1


if __name__ == "__main__":
    sys.exit(main())
