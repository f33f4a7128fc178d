"""python -m sim run: simulate, hold against the laws, write a folder an experiment."""

import contextlib
import importlib
import platform
import subprocess
import sys
import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim import __version__
from sim.app import cache, door, folder, report
from sim.app.configuration import CONF, VERSION_BASE, refused
from sim.model import TooLarge

REFUSED = []  # sentences of the points and experiments that could not be run: they decide the exit code
SWEEPS = set()  # folders of sweeps begun here: joined up when their last point is done
BEGUN = []  # points whose configuration has been composed
DRY = set()  # the same of sweeps in which nothing is drawn: removed


@hydra.main(config_path=str(CONF), config_name="run", **VERSION_BASE)
def command(config):
    """One point: every experiment it asks for. In a sweep a bad point is reported and the others go on."""
    hydra_config = HydraConfig.get()
    BEGUN.append(hydra_config.job.name)
    where = Path(hydra_config.runtime.output_dir)
    if hydra_config.mode == RunMode.MULTIRUN:
        (DRY if config.get("dry") is True else SWEEPS).add(hydra_config.sweep.dir)
        print(f"point {hydra_config.job.num}: {' '.join(hydra_config.overrides.task)}", flush=True)
    try:
        plain = OmegaConf.to_container(config, resolve=True)
        asked = door.questions(plain)
        _start_jax(asked[0][1].budget.devices)
    except (ValueError, OmegaConfBaseException) as error:
        return _refuse(error, where)
    try:
        (dry_run if plain["dry"] else run)(plain, asked, where)
    except OSError as error:
        _refuse(error, where)


def _refuse(error, where):
    REFUSED.append(refused(error))
    print(f"sim run: {REFUSED[-1]}", file=sys.stderr)
    _remove_empty(where)


def _remove_empty(where):
    with contextlib.suppress(OSError):  # not empty, or never made
        where.rmdir()
        where.parent.rmdir()


def run(config, asked, where):
    """Answer the questions of a plain configuration, write a folder each; progress and verdicts on the terminal.

    An experiment that does not fit in memory is refused, and the others go on.
    """
    entries = []
    for name, question in asked:
        print(report.question_line(name, question), flush=True)
        try:
            answer, seconds = _answer(name, question)
        except TooLarge as error:
            _refuse(f"{name}: {error}", where)
            continue
        print("\n".join(report.answer_lines(name, answer, seconds)))
        target = where / name
        folder.write_run(target, answer.columns, answer.verdicts, _manifest(config, name, question, answer, seconds))
        if config["figure"]:
            _draw(target)
        print(report.written_line(name, target, config["figure"]) + "\n", flush=True)
        entries += [(name, verdict) for verdict in answer.verdicts]
    if len(asked) > 1 and entries:
        print("\n".join(report.summary_lines(entries)), flush=True)


def dry_run(config, asked, where):
    """Say of every question what answering it would take; nothing is drawn but what is timed, nothing is left."""
    from sim.app import dry

    for name, question in asked:
        print(report.question_line(name, question), flush=True)
        try:
            print("\n".join(report.estimate_lines(name, question, dry.estimate(name, question), _devices(question))))
        except TooLarge as error:
            _refuse(f"{name}: {error}", where)
    print(report.DRY, flush=True)
    _remove_empty(where)


def _answer(name, question):
    experiment = importlib.import_module(f"sim.experiments.{name}")
    began = time.monotonic()
    answer = experiment.run(question._replace(progress=lambda steps: _progress(steps, name)))
    return answer, time.monotonic() - began


def _start_jax(devices):
    """Load JAX, here and nowhere before; on a CPU, with one device a core or as many as asked for.

    ValueError if there are fewer devices than asked for.
    """
    cache.start()
    import jax

    from sim.app.cores import usable
    from sim.simulate import local_devices

    with contextlib.suppress(RuntimeError):  # the backend has started already, at an earlier experiment or point
        jax.config.update("jax_num_cpu_devices", devices or usable())
    local_devices(devices)


def _progress(steps, name):
    if not (sys.stderr and sys.stderr.isatty()):
        return iter(steps)
    from tqdm import tqdm

    return tqdm(steps, desc=f"  {name}", unit="step", leave=False, delay=2)


def _draw(target):
    from sim.figures import files  # loads matplotlib

    files.save(files.draw(folder.read_run(target)), target / "figure")


def _devices(question):
    """The devices of a run in words: 2 x cpu (cpu)."""
    from sim.simulate import local_devices

    devices = local_devices(question.budget.devices)
    return f"{len(devices)} x {devices[0].device_kind} ({devices[0].platform})"


def _manifest(config, name, question, answer, seconds):
    return {
        "experiment": name,
        "source": None if question.table is None else question.table.source,
        "config": config,
        "seed": question.seed,
        answer.unit: answer.draws,
        "represented": answer.represented,
        "seconds": round(seconds, 3),
        "device": _devices(question),
        "versions": {"sim": __version__, "python": platform.python_version()}
        | {package: sys.modules[package].__version__ for package in ("jax", "jaxlib", "numpy", "scipy")}
        | {"hydra-core": hydra.__version__},
        "commit": _commit(),
    }


def _commit():
    """Commit of the checkout that sim runs from, with + if it has changes; None for an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root), "status", "--porcelain=v2", "--branch"]
    lines = subprocess.run(git, capture_output=True, text=True, check=False).stdout.splitlines()
    commits = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    changed = any(not line.startswith("#") for line in lines)
    return commits[0] + "+" * changed if commits else None
