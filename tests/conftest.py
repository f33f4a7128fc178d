"""Hygiene for every test. JAX reads these when its backend starts, which no import of `sim` does."""

import os
import sys

import jax
import pytest
from absl import logging as absl_logging

from sim import __main__ as command_line
from sim.calibration import posterior

# The devices a batch must not notice. Set here and not in XLA_FLAGS: commands that tests start in a process of their
# own see the machine as a user does.
jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_debug_key_reuse", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

# Hydra closes the handlers of all logs, and that of optax's would close the file that pytest has put for stderr.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__

os.environ["SIM_COMPILATION_CACHE"] = os.environ["SIM_MODEL_CACHE"] = "off"  # tests leave nothing in user's folders


@pytest.fixture
def sim(monkeypatch, capsys, tmp_path):
    """Run `python -m sim ...` in this process and in tmp_path: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    jax.local_devices()  # so that the backend has the devices of conftest.py, not those of the first command

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sim", *arguments])
        code = command_line.main()
        return code, *capsys.readouterr()

    return call


_POSTERIORS = {}


@pytest.fixture
def remembered(monkeypatch):
    """The posterior of the same counts is sampled once in a process: it is the same draws each time."""
    sampled = posterior.posterior

    def known(likelihood, *asked, **more):
        if asked or more:
            return sampled(likelihood, *asked, **more)
        key = likelihood.kernel.tobytes(), likelihood.problems.tobytes(), likelihood.log_scale.tobytes()
        if key not in _POSTERIORS:
            _POSTERIORS[key] = sampled(likelihood)
        return _POSTERIORS[key]

    monkeypatch.setattr(posterior, "posterior", known)


@pytest.hookimpl(tryfirst=True)  # before those that are marked slow are left out
def pytest_collection_modifyitems(items):
    """Mark as slow all parameters of a test but the n, evenly spaced, of its @pytest.mark.seldom(n)."""
    groups = {}
    for item in items:
        if marker := item.get_closest_marker("seldom"):
            groups.setdefault((item.parent, item.originalname, *marker.args), []).append(item)
    for (_, _, kept), group in groups.items():
        step = -(-len(group) // kept) if kept else len(group) + 1
        for number, item in enumerate(group, start=0 if kept else 1):
            if number % step:
                item.add_marker(pytest.mark.slow)
