"""How a run is cut into steps, and how many bytes it takes: arithmetic, before anything is drawn."""

import os
from pathlib import Path
from typing import NamedTuple

from sim.draw.budget import TooLarge

FEWEST, STEPS = 16, 1024  # that a run is cut into, where it can be; each takes two milliseconds to call and to fetch
FULL = 256  # batches of a step from which on there are more than the fewest steps: half a second of a core
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container, if it has one
_ASSUMED = 2**33  # bytes of a machine that does not say how many it has
_LANE = 64  # words of temporaries a problem: its words, variates, ranks and places, none of them used again
_CELL = 3  # counters of a problem and grid point: the sum, what is added, and the masks that it is made of
_HOST = 24  # bytes a count on the host: twice as drawn, once in 8 bytes, and a temporary of 8


class Cut(NamedTuple):
    """How a run is cut. per_step batches are spread over the devices, `chunk` computed together on each."""

    batches: int
    devices: int
    chunk: int
    per_step: int  # a multiple of devices x chunk; the last step draws some that nobody counts
    device_bytes: int  # on each device
    allowed_bytes: int  # on each device
    host_bytes: int

    @property
    def steps(self):
        """Number of steps."""
        return -(-self.batches // self.per_step)

    @property
    def at_once(self):
        """Batches computed at once on all devices together."""
        return self.devices * self.chunk


class Memory(NamedTuple):
    """Bytes of a device, and of the machine, and the share of either that may be taken."""

    share: float
    device: int
    host: int


class Size(NamedTuple):
    """Of steps. fewest: as many at least.  full: batches of a step from which on there may be more."""

    fewest: int = FEWEST
    full: int = FULL


def cut(batches, devices, chunk, batch_bytes, cells, memory, size=Size()):  # noqa: B008 (never changed)
    """Cut of so many batches, with a chunk that fits in the Memory.  TooLarge if none does.

    chunk: batches to compute together, if they fit.  batch_bytes: device bytes of one batch.  cells: counts that a
    batch leaves.  size: of steps.
    """
    host_bytes, share = _HOST * batches * cells, memory.share
    _fit(host_bytes, share, memory.host, "for all counts", "of the machine's {}; fewer draws or points need less")
    _fit(batch_bytes, share, memory.device, "for one batch", "of a device's {}; another memory.name may need less")
    allowed = int(share * memory.device)
    chunk = min(chunk, allowed // batch_bytes, -(-batches // devices))
    at_once = devices * chunk
    steps = min(max(batches // size.full, size.fewest), STEPS)
    per_step = -(-batches // (steps * at_once)) * at_once
    device_bytes = chunk * batch_bytes + 4 * cells * per_step // devices
    return Cut(batches, devices, chunk, per_step, device_bytes, allowed, host_bytes)


def _fit(needed, share, memory, what, rest):
    if needed > share * memory:
        had = f"{units(share * memory)}, {share:g} {rest.format(units(memory))}"
        raise TooLarge(f"budget.memory: need {units(needed)} {what}, got {had}")


def problem_bytes(lanes, examples, tries, together=32):
    """Device bytes of a batch of problems, an upper estimate.

    lanes: problems computed together.  examples, tries: points of the grids, 0 for one that is left out.
    together: problems that share a counter where there are both.
    """
    masks = examples + tries
    counters = examples * tries / together if examples and tries else 0  # of pairs of masks, 32 problems a word
    return int(4 * lanes * (_CELL * (masks + counters) + _LANE))


def machine_memory():
    """Bytes of memory that this process may have: the machine's, or its container's where that has less."""
    limits = [_physical()]
    for path in map(Path, _LIMITS):
        text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
        limits += [int(text)] if text.isdigit() else []  # "max": no limit
    return min(limits)


def _physical():
    names = getattr(os, "sysconf_names", {})  # none on Windows
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return _ASSUMED
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def units(number):
    """Bytes in words: 1.5 GiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:.3g} TiB"
