"""The command line, run in this process."""

import sys

import jax
import pytest

from sim import __main__ as command_line


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
