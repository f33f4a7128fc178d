"""python -m sim run: simulate, hold against the laws, write a folder an experiment."""

from functools import partial
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim.app import launchers
from sim.app.configuring import place
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.runs import point
from sim.app.sweeps import points
from sim.records import state

BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
OUTCOMES = []  # of the points that were run here: they decide the exit code
SWEEPS = set()  # folders of sweeps begun here: joined up when their last point is done
BEGUN = []  # points whose configuration has been composed
WAITING = []  # points of a sweep that are run when all of them have been composed: here, or by sim.app.launchers
LAUNCHER = {}  # settings of hydra.launcher of that sweep


@hydra.main(config_path=str(CONF), config_name="run", **VERSION_BASE)
def command(config):
    """One point: every experiment it asks for. In a sweep a bad point is reported and the others go on."""
    hydra_config = HydraConfig.get()
    BEGUN.append(hydra_config.job.name)
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
        OUTCOMES.append(point.refuse(made, error))
        return
    if swept and hydra_config.launcher._target_ in (BASIC, launchers.TARGET):
        WAITING.append(made)
        LAUNCHER.update(OmegaConf.to_container(hydra_config.launcher, resolve=True))
    else:
        OUTCOMES.append(run(made))


def run(made, source=None):
    """Outcome of one point, its counts from a source (sim.app.runs.point.run)."""
    if made.number is not None:
        print(f"point {made.number}: {' '.join(made.overrides)}", flush=True)
    return point.run(made, source)


def run_waiting():
    """Run the points of a sweep that wait for it; state.Held where another process is at that sweep."""
    if not WAITING:
        return
    where = WAITING[0].where.parent
    if WAITING[0].config.get("dry") is True:
        OUTCOMES.extend(run(made) for made in WAITING)
        (where / "multirun.yaml").unlink(missing_ok=True)  # Hydra's
        point.remove_empty(where)
        return
    with state.holding(where):
        _run_sweep(where)


def _run_sweep(where):
    place.begin_sweep(where, [made.overrides for made in WAITING], LAUNCHER.get("engine", "basic"))
    if launchers.waits(LAUNCHER):
        SWEEPS.add(str(where))
    if "engine" in LAUNCHER:
        OUTCOMES.extend(launchers.launch(WAITING, LAUNCHER))
        return
    from sim.app.sweeps import judging, together  # not for a single run

    sweep = together.Sweep(WAITING)
    with judging.judges(WAITING) as judges:
        here = lambda made: run(made, partial(sweep.source, made))  # noqa: E731
        OUTCOMES.extend(judging.outcomes(WAITING, sweep, judges, here))


def forget():
    """Forget an earlier command of this process."""
    for kept in (OUTCOMES, SWEEPS, BEGUN, WAITING, LAUNCHER):
        kept.clear()


def exit_code():
    """0, 2 where a point was refused, 1 where one failed or was killed."""
    kinds = {outcome.kind for outcome in OUTCOMES} | {kind for where in SWEEPS for kind in _kinds(Path(where))}
    return 1 if point.FAILED in kinds else 2 if point.REFUSED in kinds else 0


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
