"""Contestants by the names that rows give them."""

from sim.bench import curves, kernels, learners, peers, programs, variance

PROCESSES = ("one_device", "two_devices", "imports", "run_cold", "run_cached")


def builder(name, processes):
    """What builds the contestant called `name`: a command, a peer, learners, curves, or a shipped kernel."""
    if name in PROCESSES:
        return getattr(processes, name)
    for room in (peers, curves, learners, variance):
        if hasattr(room, name):
            return getattr(room, name)
    kernel = getattr(kernels, name)
    return lambda: programs.on_one_core(kernel())
