"""python -m sim run: simulate, hold against the laws, write a folder an experiment."""

import contextlib
import importlib
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from sim.app import door, folder, report
from sim.app.configuration import CONF, VERSION_BASE, refused

POINTS_REFUSED = []  # sentences of the points of a sweep that could not be run: they decide the exit code


@hydra.main(config_path=str(CONF), config_name="run", **VERSION_BASE)
def command(config):
    """One point: every experiment it asks for. In a sweep a bad point is reported and the others go on."""
    where = Path(HydraConfig.get().runtime.output_dir)
    try:
        run(OmegaConf.to_container(config, resolve=True), where)
    except (ValueError, OSError) as error:
        POINTS_REFUSED.append(refused(error))
        print(f"sim run: {POINTS_REFUSED[-1]}", file=sys.stderr)


def run(config, where):
    """Answer every question of a plain configuration and write its folder; progress and verdicts on the terminal."""
    asked = door.questions(config)
    Path(where).mkdir(parents=True, exist_ok=True)
    entries = []
    for name, question in asked:
        print(report.question_line(name, question), flush=True)
        answer, seconds = _answer(name, question)
        print("\n".join(report.answer_lines(name, answer, seconds)))
        target = Path(where) / name
        folder.write_run(target, answer.columns, answer.verdicts, _manifest(config, name, question, answer, seconds))
        _draw(target)
        print(f"  written to {target}\n", flush=True)
        entries += [(name, verdict) for verdict in answer.verdicts]
    if len(asked) > 1:
        print("\n".join(report.summary_lines(entries)), flush=True)


def _answer(name, question):
    """Run an experiment on the configured devices; JAX is loaded here and nowhere before."""
    _start_jax(question.budget.devices)
    experiment = importlib.import_module(f"sim.experiments.{name}")
    began = time.monotonic()
    answer = experiment.run(question._replace(progress=lambda steps: _progress(steps, name)))
    return answer, time.monotonic() - began


def _start_jax(devices):
    """On a CPU, one device a core (or as many as asked for): set before the backend starts, without effect after."""
    import jax

    from sim.app.cores import usable

    with contextlib.suppress(RuntimeError):  # the backend has started already, at an earlier experiment or point
        jax.config.update("jax_num_cpu_devices", devices or usable())


def _progress(steps, name):
    from tqdm import tqdm

    return tqdm(steps, desc=f"  {name}", unit="step", leave=False, delay=2, disable=None)


def _draw(target):
    from sim.app import figure

    figure.save(figure.draw(folder.read_run(target)), target / "figure")


def _manifest(config, name, question, answer, seconds):
    import jax

    device = jax.local_devices()[0]
    return {
        "experiment": name,
        "config": config,
        "seed": question.seed,
        "problems": answer.draws,
        "represented": answer.represented,
        "seconds": round(seconds, 3),
        "device": f"{len(jax.local_devices())} x {device.device_kind} ({device.platform})",
        "versions": {p: version(p) for p in ("sim", "jax", "jaxlib", "numpy", "scipy", "hydra-core")}
        | {"python": platform.python_version()},
        "commit": _commit(),
    }


def _commit():
    """Commit of the checkout that sim runs from, with + if it has changes; None for an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False)
    return (head.stdout.strip() + ("+" if changed.stdout.strip() else "")) or None
