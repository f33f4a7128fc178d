"""Points in lasting processes on this machine, one for each GPU, or as many as asked for on its cores."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import threading
from multiprocessing import resource_tracker
from multiprocessing.connection import wait

from sim.app import launchers
from sim.app.launchers import job
from sim.app.runs import taking

_VISIBLE = "CUDA_VISIBLE_DEVICES"


def launch(points, settings):
    """Outcomes of the points, each taken by the next process that is free; a process that dies is replaced."""
    left, outcomes = job.jobs(points, own=True), []
    seen = devices(settings["workers"])[: len(left)]
    workers = [Worker({} if device is None else {_VISIBLE: device}) for device in seen]
    try:
        with taking.heeding():
            while left or any(worker.point for worker in workers):
                for worker in workers:
                    if left and worker.point is None:
                        worker.take(left.pop(0))
                outcomes += [worker.outcome() for worker in ready(workers)]
    finally:
        for worker in workers:
            worker.end()
    return outcomes


def devices(workers):
    """What each process sees of the GPUs: one of them; None, nothing said, where there are none or `workers` is given.

    ValueError where `workers` is not a whole number from 1 on.
    """
    launchers.check_workers("hydra.launcher.workers", workers, None, "null")
    if workers is not None:
        return [None] * workers
    return gpus() or [None]


def gpus():
    """Names of the GPUs that this process may use, as CUDA_VISIBLE_DEVICES wants them; JAX is not loaded for it."""
    given = os.environ.get(_VISIBLE)
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip() not in ("", "-1", "NoDevFiles")]
    if shutil.which("nvidia-smi") is None:
        return []
    found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False).stdout.splitlines()
    return [str(number) for number, _ in enumerate(line for line in found if line.startswith("GPU "))]


class Worker:
    """A process that runs one point after the other. environment: variables that are otherwise than here."""

    def __init__(self, environment):
        self.environment, self.point = environment, None
        self._start()

    def _start(self):
        context = multiprocessing.get_context("spawn")  # a copy of this process would have its JAX
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,))
        with _changed(self.environment), _no_interrupt():
            self.process.start()
        theirs.close()

    def take(self, each):
        """Begin a point."""
        if not self.process.is_alive():
            self.connection.close()
            self._start()
        self.point = each.point
        with contextlib.suppress(ConnectionError):  # it has died since: its outcome says so
            self.connection.send(each)

    def outcome(self):
        """Outcome of the point it was given, once there is one; stopped, where the process died."""
        point, self.point = self.point, None
        try:
            return job.reported(self.connection.recv())
        except (EOFError, ConnectionError):
            self.process.join()
            self.connection.close()
            return launchers.died(point, f"its process was killed (exit code {self.process.exitcode})")

    def end(self):
        """End the process: what it is at is saved first."""
        if self.point is not None:
            self.process.terminate()
        self.connection.close()
        self.process.join()


@contextlib.contextmanager
def _changed(environment):
    """Within, variables of the environment are otherwise: a process started here has them before it loads anything."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _no_interrupt():
    """Within, Ctrl-C waits, here and in a process started here, until that takes it (`_work`).

    A signal that is blocked in this thread goes to another one, as JAX has some: what handles it here waits too.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # by whoever starts the first process, and that would let Ctrl-C through
    handler, caught = signal.getsignal(signal.SIGINT), []
    waits = callable(handler) and threading.current_thread() is threading.main_thread()  # which runs all handlers
    if waits:
        signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if waits:
            signal.signal(signal.SIGINT, handler)
        for number in caught[:1]:
            signal.raise_signal(number)


def ready(workers):
    """Those of the workers that have come to the end of a point; waits for one, if any has been given one."""
    by_connection = {worker.connection: worker for worker in workers if worker.point is not None}
    return [by_connection[connection] for connection in wait(list(by_connection))]


def _work(connection):
    """What a worker does, to the end of whoever sends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal: a point heeds it, and who sends ends us
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with contextlib.suppress(EOFError, ConnectionError):  # who sends has gone
        while True:
            connection.send(job.run_quietly(connection.recv()))
