"""python -m sim COMMAND: the command line. Commands are loaded when they are called, so that --help is quick."""

import atexit
import gc
import importlib
import os
import signal
import sys
import threading
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


FLAGS = (  # Hydra's own
    *("--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--resolve", "--package", "-p", "--run", "-r"),
    *("--multirun", "-m", "--info", "-i", "--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd"),
    *("--shell-completion", "-sc", "--experimental-rerun"),
)
FOLDERS = "output", "hydra.run.dir", "hydra.sweep.dir"
VALUED = ("--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--cfg", "-c", "--package", "-p")


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
    if arguments[0] not in COMMANDS:
        return _refuse("sim", f"{arguments[0]}: no such command; need {' or '.join(COMMANDS)} (python -m sim --help)")
    wrong = _wrong_jax(version("jaxlib"))
    if wrong:
        return _refuse("sim", wrong)
    return COMMANDS[arguments[0]](arguments[1:])


def _refuse(program, sentence):
    print(f"{program}: {sentence}", file=sys.stderr)
    return 2


def _wrong_jax(found):
    """Sentence about a jaxlib whose CPU backend sums wrongly, or None."""
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    if (0, 9, 1) <= numbers < (0, 11):
        return f"jaxlib: need a release before 0.9.1 or from 0.11 on (those between sum wrongly on CPUs), got {found}"
    return None


def _main_of(name):
    """The command that is a module of its own, loaded when it is called."""
    return lambda arguments: importlib.import_module(f"sim.app.{name}").main(arguments)


def _run(arguments):
    gc.set_threshold(10**6)  # loading and tracing make many objects, hardly any of them garbage
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from sim.app.configuring.loading import load_special, read_by_libyaml

    load_special()  # before anything else loads it
    read_by_libyaml()
    from sim.app import launchers, run
    from sim.app.configuring import configuration, place
    from sim.app.runs import taking

    for argument in arguments:
        if argument.startswith("-") and argument.split("=")[0] not in FLAGS:
            return _refuse("sim run", f"{argument}: no such option; overrides are KEY=VALUE (python -m sim run --help)")
        key, _, value = argument.lstrip("+").partition("=")
        if key in FOLDERS and "=" in argument and value.strip("'\" ") in ("", "null"):
            return _refuse("sim run", f"{key}: need the name of a folder, got {value!r}")
        if key == "hydra.launcher":
            return _refuse("sim run", f"hydra.launcher: need hydra/launcher={value} to choose one, got {argument}")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises instead of printing, and the sentence is ours
    arguments = _options_first(arguments)
    sys.argv = ["sim run", *arguments]
    run.forget()
    place.register()
    launchers.register()
    try:
        _command(run, configuration, arguments)
        run.run_waiting()
        _report_sweeps(run.SWEEPS)
    except (HydraException, OmegaConfBaseException, YAMLError, OSError, ValueError) as error:
        return _refuse("sim run", configuration.refused(error))
    except (KeyboardInterrupt, taking.Interrupted) as error:
        _report_sweeps(run.SWEEPS)
        print("sim run: interrupted; the same command with resume=true continues from here", file=sys.stderr)
        return 128 + getattr(error, "number", signal.SIGINT)
    return run.exit_code()


def _options_first(arguments):
    """The arguments with Hydra's options, and what belongs to them, before the overrides, where Hydra wants them."""
    options, overrides, rest = [], [], iter(arguments)
    for argument in rest:
        (options if argument.startswith("-") else overrides).append(argument)
        if argument in VALUED:
            options += [value for value in [next(rest, None)] if value is not None]
    return [*options, *overrides]


def _command(run, configuration, arguments):
    """Run the command; as a single run, unless it is a sweep."""
    words = "sweep=", "hydra.mode", "hydra/", "hydra.sweeper"
    swept = any(argument in ("-m", "--multirun") or any(word in argument for word in words) for argument in arguments)
    if __debug__ and not swept:  # Hydra asserts that it is none
        run.BEGUN.clear()
        with configuration.taken_for_one_run():
            try:
                return run.command()
            except AssertionError:
                if run.BEGUN:  # it is not Hydra's
                    raise
    from sim.app.configuring import composing

    with composing.composed_once():
        return run.command()


def _report_sweeps(folders):
    for folder in folders:
        from sim.app.sweeps import collect  # draws: not loaded for a mistake in the arguments

        print(collect.report(folder), flush=True)


_ROOMS = {"reports": ("calibrate", "recommend", "design"), "sweeps": ("status", "collect")}
COMMANDS = {"run": _run}
COMMANDS |= {name: _main_of(f"{room}.{name}") for room, names in _ROOMS.items() for name in names}
COMMANDS |= {name: _main_of(f"commands.{name}") for name in ("judge", "plot", "bench")}


def leave(code):
    """End the process with an exit code, and not by way of the interpreter's end.

    What is registered for the end of a process is done, but the objects of JAX and Hydra are not taken apart one by
    one, which would cost as much as importing Hydra: their memory goes with the process.
    """
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        raise SystemExit(code)  # the interpreter waits for such a thread
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed by whoever started it
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):  # whoever read it has gone
            pass
        except OSError as error:  # the disk is full: what was said is lost
            code = code or _refuse("sim", f"standard output: cannot be written ({error.strerror})")
    os._exit(code)


def program():
    """The command `sim`."""
    leave(main())


if __name__ == "__main__":
    program()
