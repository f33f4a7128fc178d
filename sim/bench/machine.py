"""What the figures are measured on: the processor, the versions, and the one core they are measured on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sim import __version__

PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "numba", "torch")


def versions():
    """Version of each package that takes part, None for a peer that is not installed."""
    return {"sim": __version__, "python": platform.python_version()} | {name: _version(name) for name in PACKAGES}


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor():
    """Name of the processor, as the system tells it."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8", errors="replace").splitlines() if listing.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def describe():
    """Machine and versions, for the manifest."""
    system = f"{platform.system()} {platform.machine()}"
    return {"processor": processor(), "cores": os.cpu_count(), "system": system, "versions": versions()}


def pin():
    """Keep this process, and what it starts, on one core; the cores it had before, None where that is not known.

    Call it before JAX is loaded: its threads stay on the cores they were born on.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})  # the first core serves the system's interrupts
    return before
