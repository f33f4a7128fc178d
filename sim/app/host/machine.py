"""What a run runs on: its devices, the versions of what it uses, the commit it comes from."""

import contextlib
import platform
import subprocess
import sys
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import NamedTuple

import hydra

from sim import __version__
from sim.app.host import cache as programs
from sim.app.host import processes

_DRAWN_BY = ContextVar("drawn_by", default=None)  # Identity of the process that has drawn what this one judges


class Identity(NamedTuple):
    """What a process runs on: its devices in words, and what counts may depend on (`kind`)."""

    words: str
    kind: dict


def start_jax(devices, cluster=None):
    """Load JAX, here and nowhere before; on a CPU, with one device a core or as many as asked for.

    cluster: of a run of several processes (sim.app.host.processes).  ValueError if there are fewer devices than asked
    for.
    """
    programs.start()
    import jax

    from sim.app.host.cores import usable
    from sim.draw.simulate import local_devices

    with contextlib.suppress(RuntimeError):  # the backend has started already, at an earlier experiment or point
        jax.config.update("jax_num_cpu_devices", devices or (1 if _DRAWN_BY.get() else usable()))
    if cluster is not None:
        processes.join(cluster)
    local_devices(devices)


def devices(question):
    """The devices of a run in words: 2 x cpu (cpu)."""
    if (by := _DRAWN_BY.get()) is not None:
        return by.words
    from sim.draw.simulate import local_devices

    return words(local_devices(question.budget.devices))


def identity(found):
    """Identity of JAX's devices."""
    return Identity(words(found), kind())


@contextlib.contextmanager
def drawn_by(identity):
    """Within, what is run was drawn by a process that runs on what its identity says."""
    within = _DRAWN_BY.set(identity)
    try:
        yield
    finally:
        _DRAWN_BY.reset(within)


def words(found):
    """JAX's devices in words."""
    return f"{len(found)} x {found[0].device_kind} ({found[0].platform})"


def kind():
    """What counts may depend on beside the physics: releases, and the kind of device."""
    if (by := _DRAWN_BY.get()) is not None:
        return by.kind
    import jax

    return {"sim": __version__, "jaxlib": jax.lib.__version__, "device": jax.local_devices()[0].platform}


def versions():
    """Of sim, Python and the packages that make a number or a figure."""
    packages = {package: sys.modules[package].__version__ for package in ("jax", "jaxlib", "numpy", "scipy")}
    return {"sim": __version__, "python": platform.python_version()} | packages | {"hydra-core": hydra.__version__}


@cache  # once: a sweep has many points
def commit():
    """Commit of the checkout that sim runs from, with + if it has changes; None for an installed package."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root), "status", "--porcelain=v2", "--branch"]
    lines = subprocess.run(git, capture_output=True, text=True, check=False).stdout.splitlines()
    commits = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    changed = any(not line.startswith("#") for line in lines)
    return commits[0] + "+" * changed if commits else None
