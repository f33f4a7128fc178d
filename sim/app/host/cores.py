"""Cores this process may use."""

import os


def usable():
    """Number of cores: what the scheduler allows where it says so, else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
