"""python -m sim run: simulate, test against the laws, write a folder for each experiment."""

import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path

import hydra
from hydra._internal.utils import get_args
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from sim.app import launchers
from sim.app.configuring import composing, place
from sim.app.configuring.configuration import CONF, VERSION_BASE, refused
from sim.app.runs import point, taking
from sim.app.sweeps import points
from sim.records import state

FLAGS = (  # Hydra's own
    *("--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--resolve", "--package", "-p", "--run", "-r"),
    *("--multirun", "-m", "--info", "-i", "--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd"),
    *("--shell-completion", "-sc"),
)
VALUED = ("--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--cfg", "-c", "--package", "-p")
FOLDERS = "output", "hydra.run.dir", "hydra.sweep.dir"
BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"


def main(arguments):
    """Exit code of a command line."""
    gc.set_threshold(10**6)  # loading and tracing make many objects, hardly any of them garbage
    command = Command()
    place.register()
    launchers.register()
    try:
        _check(arguments)
        command.compose(_options_first(arguments))
        command.run_waiting()
        _report(command.sweeps)
    except (HydraException, OmegaConfBaseException, YAMLError, OSError, ValueError) as error:
        print(f"sim run: {refused(error)}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, taking.Interrupted) as error:
        _report(command.sweeps)
        print("sim run: interrupted; the same command with resume=true continues from here", file=sys.stderr)
        return 128 + getattr(error, "number", signal.SIGINT)
    return command.exit_code()


class Command:
    """One command: its points, as they come from Hydra, and what becomes of them.

    outcomes: of the points that were run here.  sweeps: folders of sweeps begun here, joined up when their last point
    is done.  waiting: points of a sweep that are run when all have been composed, here or by sim.app.launchers.
    launcher: settings of that sweep's hydra.launcher.
    """

    def __init__(self):
        self.outcomes, self.sweeps = [], set()
        self.waiting, self.launcher = [], {}

    def compose(self, arguments):
        """Have Hydra compose what is asked for, each point of which is then taken; or show it."""
        os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises instead of printing, and the sentence is ours
        sys.argv = ["sim run", *arguments]
        options = get_args(arguments)
        plain = not (options.help or options.hydra_help or options.cfg or options.info or options.shell_completion)
        if plain and not options.resolve and options.config_path is None:
            return composing.run(self.take, options.config_name or "run", options)
        return hydra.main(config_path=str(CONF), config_name="run", **VERSION_BASE)(lambda made: self.take(made))()

    def take(self, config):
        """One point: every experiment it asks for. In a sweep a bad point is reported and the others go on."""
        hydra_config = HydraConfig.get()
        swept = hydra_config.mode == RunMode.MULTIRUN
        where, number = Path(hydra_config.runtime.output_dir), hydra_config.job.num if swept else None
        overrides = OmegaConf.to_container(hydra_config.overrides.task, resolve=False)
        chosen = [each for each in hydra_config.overrides.hydra if each.lstrip("+").startswith("hydra/launcher=")]
        try:
            if chosen and not swept:
                raise ValueError(f"{chosen[-1]}: need --multirun, got a single run")
            made = point.Point(OmegaConf.to_container(config, resolve=True), where, overrides, number)
        except (ValueError, OmegaConfBaseException) as error:
            made = point.Point(OmegaConf.to_container(config, resolve=False), where, overrides, number)
            self.outcomes.append(point.refuse(made, error))
            return
        if swept and hydra_config.launcher._target_ in (BASIC, launchers.TARGET):
            self.waiting.append(made)
            self.launcher = OmegaConf.to_container(hydra_config.launcher, resolve=True)
        else:
            self.outcomes.append(_run(made))

    def run_waiting(self):
        """Run the points of a sweep that wait for it; state.Held where another process is at that sweep."""
        if not self.waiting:
            return
        where = self.waiting[0].where.parent
        if self.waiting[0].config.get("dry") is True:
            self.outcomes += [_run(made) for made in self.waiting]
            (where / "multirun.yaml").unlink(missing_ok=True)  # Hydra's
            point.remove_empty(where)
            return
        with state.holding(where):
            self._run_sweep(where)

    def _run_sweep(self, where):
        engine = self.launcher.get("engine")
        place.begin_sweep(where, [made.overrides for made in self.waiting], engine or "basic")
        if launchers.waits(self.launcher):
            self.sweeps.add(str(where))
        if engine:
            self.outcomes += launchers.launch(self.waiting, self.launcher)
            return
        from sim.app.sweeps import judging, together  # not for a single run

        sweep = together.Sweep(self.waiting)
        with judging.judges(self.waiting) as judges:
            here = lambda made: _run(made, partial(sweep.source, made))  # noqa: E731
            for outcome in judging.outcomes(self.waiting, sweep, judges, here):
                self.outcomes.append(outcome)

    def exit_code(self):
        """0, 2 where a point was refused, 1 where one failed or was killed."""
        kinds = {outcome.kind for outcome in self.outcomes}
        kinds |= {kind for where in self.sweeps for kind in _kinds(Path(where))}
        return 1 if point.FAILED in kinds else 2 if point.REFUSED in kinds else 0


def _run(made, source=None):
    """Outcome of one point, its counts from a source (sim.app.runs.point.run)."""
    if made.number is not None:
        print(f"point {made.number}: {' '.join(made.overrides)}", flush=True)
    return point.run(made, source)


def _kinds(where):
    """What became of the points of a sweep, by their own files: also of those that ran elsewhere."""
    for number in range(len(state.read_sweep(where)["points"])):
        try:
            status = points.look(where / f"point_{number}") or {"state": "waiting"}
        except ValueError:  # damaged: said when the point was to be run
            yield point.REFUSED
            continue
        if status["state"] in ("failed", "stopped"):
            yield (status["error"] or {"kind": point.FAILED})["kind"]


def _report(folders):
    for folder in folders:
        from sim.app.sweeps import collect  # draws: not loaded for a mistake in the arguments

        print(collect.report(folder), flush=True)


def _check(arguments):
    """Refuse what Hydra would misread."""
    for argument in arguments:
        if argument.startswith("-") and argument.split("=")[0] not in FLAGS:
            raise ValueError(f"{argument}: no such option; overrides are KEY=VALUE (python -m sim run --help)")
        key, _, value = argument.lstrip("+").partition("=")
        if key in FOLDERS and "=" in argument and value.strip("'\" ") in ("", "null"):
            raise ValueError(f"{key}: need the name of a folder, got {value!r}")
        if key == "hydra.launcher":
            raise ValueError(f"hydra.launcher: need hydra/launcher={value} to choose one, got {argument}")


def _options_first(arguments):
    """The arguments with Hydra's options, and what belongs to them, before the overrides, where Hydra wants them."""
    options, overrides, rest = [], [], iter(arguments)
    for argument in rest:
        (options if argument.startswith("-") else overrides).append(argument)
        if argument in VALUED:
            options += [value for value in [next(rest, None)] if value is not None]
    return [*options, *overrides]
