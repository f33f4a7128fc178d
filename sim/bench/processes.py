"""Contestants that run in processes of their own: two host devices, whole commands."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sim.bench.timing import Absent, Contestant, Wrong
from sim.draw.batches import Parts
from sim.model import build

_ROOT = Path(__file__).resolve().parents[2]
_RUN = ["-m", "sim", "run", "experiment=coverage", "budget=smoke"]
_WORKER = """
import os
import sys
os.sched_setaffinity(0, map(int, sys.argv[1:]))
import jax
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)
from sim.bench.processes import coverage
for line in sys.stdin:
    coverage(int(line))
    print("done", flush=True)
"""


def coverage(devices):
    """One run of the simulator: 64M problems, 20 k to 10^6, on so many host devices."""
    from sim.draw import simulate
    from sim.draw.budget import Budget, grid

    parts = Parts(difficulty=build.beta_sampler(5.0, 0.35, 1.0), attempts=build.attempts_sampler("first_success"))
    budget = Budget(problems=2**26, chunk=0, devices=devices)
    simulate.failures(0, "bench devices", parts, budget, tries=grid(1e6, 20))


class Processes(ExitStack):
    """Builds the contestants; on leaving the context their processes end and their files are gone.

    cores: those a process may use that is not to share the one core measured on; None where it is not known.
    """

    def __init__(self, cores):
        super().__init__()
        self.cores = cores
        self._worker = None

    def one_device(self):
        """The simulator on one of two host devices; wall time."""
        return self._devices(1)

    def two_devices(self):
        """The simulator on two host devices; wall time."""
        return self._devices(2)

    def _devices(self, devices):
        if len(self.cores or ()) < 2:
            raise Absent("needs two cores, and a system that says which they are")
        if self._worker is None:
            self._worker = self._start()

        def call():
            print(devices, file=self._worker.stdin, flush=True)
            if self._worker.stdout.readline() != "done\n":
                raise Wrong("the process with two devices ended early")

        return Contestant(call, 1, _nothing, time.perf_counter)

    def _start(self):
        worker = subprocess.Popen(
            [sys.executable, "-c", _WORKER, *map(str, self.cores)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(_ROOT)},
        )
        self.callback(worker.wait)
        self.callback(worker.stdin.close)  # called first: the worker reads the end of its input and leaves
        self.callback(worker.stdout.close)
        return worker

    def imports(self):
        """What every such command has to load."""
        return self._command(["-c", "import jax, hydra"], self._folder)

    def run_cold(self):
        """A whole small run, everything compiled anew and laid down in an empty cache."""
        return self._command(_RUN, self._folder)

    def run_cached(self):
        """A whole small run that finds its programs in the cache."""
        cache = self._folder()
        return self._command(_RUN, lambda: cache)

    def _folder(self):
        return self.enter_context(tempfile.TemporaryDirectory())

    def _command(self, arguments, cache):
        where, python_path = self._folder(), {"PYTHONPATH": str(_ROOT), "JAX_PLATFORMS": "cpu"}
        # Modules are compiled once, as those of JAX and Hydra were when they were installed.
        left_out = ("JAX_COMPILATION_CACHE", "PYTHONDONTWRITEBYTECODE")
        others = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}

        def call():
            environment = others | python_path | {"SIM_COMPILATION_CACHE": cache()}
            command = [sys.executable, *arguments]
            done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                said = done.stderr.strip().splitlines() or ["nothing"]
                raise Wrong(f"{' '.join(arguments)} ended with exit code {done.returncode} and said: {said[-1]}")

        return Contestant(call, 1, _nothing, _time_of_children)


def _nothing(result):
    """A command is checked at every call."""


def _time_of_children():
    """CPU seconds of the processes that have ended; wall seconds where the system does not count them."""
    times = os.times()
    return times.children_user + times.children_system if os.name == "posix" else time.perf_counter()
