"""python -m sim COMMAND: the command line. Commands are loaded when they are called, so that --help is quick."""

import atexit
import importlib
import os
import signal
import sys
from importlib.metadata import version

from sim import __version__

HELP = """\
sim: simulate repeated inference, and test the simulation against analytic scaling laws.

usage: python -m sim COMMAND [KEY=VALUE ...]

commands:
  run      simulate learning curves, coverage (pass@k) and both together; test each against its law and
           report confirmed, refuted or undecided. Without arguments it takes less than a minute
           python -m sim run
           python -m sim run experiment=coverage difficulty.alpha=3.7 difficulty.beta=0.42 attempts.max=1e7
           python -m sim run --multirun sweep=exponent_depth
           python -m sim run budget=paper dry=true          estimate time and memory; nothing is drawn
  calibrate  predict coverage at any number of attempts from a pilot's counts; test whether the model fits
           python -m sim calibrate pilot=pilot.csv          (python -m sim calibrate --help)
  recommend  choose how many attempts to pay for, at once and in stages
           python -m sim recommend pilot=pilot.csv cost.value=1 cost.price=0.01
  design   choose how many problems and attempts the next pilot needs
           python -m sim design                             (python -m sim design --help)
  judge    test the counts of a run against another law, without drawing them again
           python -m sim judge outputs/DATE_TIME law.beta=0.357
  plot     plot the figure of a run, sweep, calibration, decision or design again, from its tables
           python -m sim plot outputs/DATE_TIME -o figure.pdf
  status   show the state of a sweep or a run: points done, running, failed (and why) and waiting
           python -m sim status outputs/sweep_DATE_TIME     (python -m sim status --help)
  collect  join the tables of a sweep's points into one dataset, CSV and netCDF; also while it runs
           python -m sim collect outputs/sweep_DATE_TIME    (python -m sim collect --help)
  bench    time the samplers against other libraries on one core, or measure them on a GPU
           python -m sim bench                              (python -m sim bench --help)

options:
  --help       this text; `python -m sim run --help` lists every group and key
  --version    the version

environment:
  SIM_COMPILATION_CACHE   compiled programs are kept in the user's cache folder, so that the next run starts sooner.
                          "off" keeps none, a path keeps them there (at most 64 MiB). Results do not change
  SIM_MODEL_CACHE         the same for trained models (experiment=generative), which are then not trained again

Results are written below outputs/ in the current folder. Bad input ends with one sentence and exit code 2.
"""


_COMMANDS = {  # each a module of sim/app with main(arguments), loaded when it is called
    "run": "run",
    **{name: f"reports.{name}" for name in ("calibrate", "recommend", "design")},
    **{name: f"sweeps.{name}" for name in ("status", "collect")},
    **{name: f"commands.{name}" for name in ("judge", "plot", "bench")},
}


def main():
    """Run the command line; the exit code."""
    # Systems of equations are small here, and OpenBLAS's idle threads would take the cores from the next draws.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if arguments[0] == "--version":
        print(f"sim {__version__}")
        return 0
    if arguments[0] not in _COMMANDS:
        return _refuse(f"{arguments[0]}: no such command; need {' or '.join(_COMMANDS)} (python -m sim --help)")
    wrong = _wrong_jax(version("jaxlib"))
    if wrong:
        return _refuse(wrong)
    return importlib.import_module(f"sim.app.{_COMMANDS[arguments[0]]}").main(arguments[1:])


def _refuse(sentence):
    print(f"sim: {sentence}", file=sys.stderr)
    return 2


def _wrong_jax(found):
    """Sentence about a jaxlib whose CPU backend sums wrongly, or None."""
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    if (0, 9, 1) <= numbers < (0, 11):
        return f"jaxlib: need a release before 0.9.1 or from 0.11 on (those between sum wrongly on CPUs), got {found}"
    return None


class _End:
    """The end of the process, not by way of the interpreter's.

    The objects of JAX and Hydra are not taken apart one by one, which would cost as much as importing Hydra: their
    memory goes with the process. Registered first, it is called last of all that is registered for the end.
    """

    def __init__(self):
        self.code = 1  # of an error that nobody has caught
        atexit.register(self)

    def __call__(self):
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed by whoever started it
            try:
                stream.flush()
            except (BrokenPipeError, ValueError):  # whoever read it has gone
                pass
            except OSError as error:  # the disk is full: what was said is lost
                self.code = self.code or _refuse(f"standard output: cannot be written ({error.strerror})")
        os._exit(self.code)


def program():
    """The command `sim`."""
    end = _End()
    try:
        end.code = main()
    except SystemExit as error:  # of Hydra's --help, and of its options misspelled
        end.code = error.code if isinstance(error.code, int) else int(error.code is not None)
        raise
    except KeyboardInterrupt:
        print("sim: interrupted", file=sys.stderr)
        end.code = 128 + signal.SIGINT
    sys.exit(end.code)


if __name__ == "__main__":
    program()
