"""Absolute figures of a GPU: items a second, the share of what its integer units allow, how many cores it is worth."""

import subprocess
from typing import NamedTuple

import jax

from sim.bench import kernels, learners, programs, timing

# 32-bit integer operations an SM completes a clock, by compute capability (CUDA C++ Programming Guide).
_INTEGER_LANES = {"7": 64, "8": 64, "9": 64, "10": 128, "12": 128}
# Threefry-2x32-20, where a rotation is one operation: 20 rounds of add, rotate, xor; 5 key additions of 2, of which
# the number of the addition is folded into the key; the first addition to both words. Two words come of it.
_HASH = 20 * 3 + 5 * 2 + 2
SWEPT = {
    "words": "random words",
    "zipf2": "Zipf draws, s = 2, infinite N",
    "zipf17": "Zipf draws, s = 1.7, infinite N",
    "bernoulli": "Bernoulli trials",
    "first_million": "problems by first success, k = 10^6",
    "first_grid": "problems by first success, 21 k to 2^40",
    "beta": "problems of Beta(5, 0.35) difficulty",
}
CHAINS = {"chain_million": 1e6, "chain_billion": 1e9, "chain_trillion": 1e12}  # their n
_TOGETHER = 256  # batches of learners at once


class Figure(NamedTuple):
    """A kernel on a device.

    rate: items a second (median).  roofline: share of the rate at which the device could hash the words of an item
    (None where its clock is not known).  cores: how many times one CPU core.  speed_up: over direct draws on the same
    device at equal error, their cost linear in n.  reason: why there is no rate.
    """

    row: str
    what: str
    rate: float | None = None
    roofline: float | None = None
    cores: float | None = None
    speed_up: float | None = None
    quartiles: tuple[float, float] | None = None
    reason: str | None = None


def first():
    """The first GPU; ValueError where there is none."""
    try:
        return jax.devices("gpu")[0]
    except RuntimeError:
        raise ValueError("device=gpu: JAX finds no GPU on this machine") from None


def figures(device, repeats, swept=SWEPT, sweep=None):
    """Figures of each kernel, as they are measured.  sweep: program of a kernel on the device."""
    hashes = hash_rate(device)
    for name, what in swept.items():
        kernel = getattr(kernels, name)()
        wide = (sweep or programs.on_gpu)(kernel, device)
        try:
            ratio = timing.in_turn(wide, programs.on_one_core(kernel), 1, repeats)
        except timing.Wrong as wrong:
            yield Figure(name, what, reason=str(wrong))
            continue
        rate = 1e9 / ratio.ours
        share = None if hashes is None else rate * kernel.words / 2 / hashes
        yield Figure(name, what, rate, share, ratio.value, quartiles=ratio.quartiles)


def learner_figures(device, repeats, chains=CHAINS, together=_TOGETHER):
    """Figures of direct draws and of the block chain, and what the chain saves at equal error."""
    try:
        draws = timing.in_turn(learners.direct(device, together), learners.direct(), 1, repeats)
        yield Figure("direct", "draws of direct learning curves", 1e9 / draws.ours, cores=draws.value)
        for name, examples in chains.items():
            contestant = getattr(learners, name)
            chain = timing.in_turn(contestant(device, together), contestant(), 1, repeats)
            what = f"learners of the block chain, n = {examples:.0e}"
            speed_up = examples * draws.ours / chain.ours
            yield Figure(name, what, 1e9 / chain.ours, None, chain.value, speed_up, chain.quartiles)
    except timing.Wrong as wrong:
        yield Figure("learners", "direct learning curves and the block chain", reason=str(wrong))


def hash_rate(device):
    """Threefry hashes a second if the integer units did nothing else, at the highest clock; None if unknown."""
    capability = str(getattr(device, "compute_capability", "")).partition(".")[0]
    cores, clock = getattr(device, "core_count", None), _clock(device.local_hardware_id)
    if capability not in _INTEGER_LANES or cores is None or clock is None:
        return None
    return cores * _INTEGER_LANES[capability] * clock / _HASH


def _clock(number):
    """Highest clock of the SMs in Hz, as the driver says it."""
    query = ["nvidia-smi", f"--id={number or 0}", "--query-gpu=clocks.max.sm", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    megahertz = done.stdout.strip()
    return float(megahertz) * 1e6 if megahertz.isdigit() else None
