"""The program sim: what it answers before any command is loaded, and how its process ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import __main__ as command_line


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 0, "python -m sim run"),
        (["--help"], 0, "python -m sim run"),
        (["--version"], 0, "sim 0."),
        (
            ["rum"],
            2,
            "rum: no such command; need run or calibrate or recommend or design or status or collect or judge or plot "
            "or bench",
        ),
    ],
)
def test_the_top_level_answers_without_loading_anything(arguments, code, words):
    script = """
import sys, sim.__main__
code = sim.__main__.main()
assert not {"jax", "hydra", "numpy"} & set(sys.modules)
sys.exit(code)"""
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert words in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("version", "wrong"), [("0.9.0.1", False), ("0.9.1", True), ("0.10.2", True), ("0.11.0", False)]
)
def test_a_jaxlib_that_sums_wrongly_is_refused(version, wrong):
    sentence = command_line._wrong_jax(version)
    assert bool(sentence) is wrong
    assert not wrong or version in sentence


def left(does, **more):
    """A process of the command line whose command is a piece of Python."""
    lines = "\n".join(f"    {line}" for line in does.splitlines())
    script = f"import atexit, os, sys, threading, time, sim.__main__ as program\ndef main():\n{lines}\n"
    script += "program.main = main\nprogram.program()"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, **more)


def test_a_process_that_leaves_has_said_all_and_done_what_was_registered():
    done = left("atexit.register(print, 'registered')\nprint('said', end=' ')\nreturn 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "said registered\n", "")


def test_a_thread_that_is_still_at_work_is_waited_for():
    done = left("threading.Thread(target=lambda: (time.sleep(0.5), print('worked'))).start()\nreturn 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked\n", "")


def test_a_reader_that_has_gone_is_no_error():
    done = left("print('said')\nos.close(1)\nreturn 0")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("does", "code", "said"),
    [
        ("raise SystemExit(2)", 2, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit('one')", 1, "one\n"),
        ("raise KeyboardInterrupt", 130, "sim: interrupted\n"),
        ("raise ZeroDivisionError('nought')", 1, "ZeroDivisionError: nought\n"),
    ],
)
def test_what_nobody_catches_ends_the_process_with_a_code_of_its_own(does, code, said):
    done = left(does)
    assert done.returncode == code and done.stderr.endswith(said)
    assert ("Traceback" in done.stderr) == ("ZeroDivision" in does)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux that is always full")
def test_what_could_not_be_said_is_an_error():
    script = "import sim.__main__ as program\nprogram.main = lambda: print('said') or 0\nprogram.program()"
    command, env = [sys.executable, "-c", script], os.environ | {"PYTHONUNBUFFERED": ""}
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=env, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "sim: standard output: cannot be written (No space left on device)\n")


def test_streams_that_were_closed_from_the_start_are_no_error():
    assert left("sys.stdout = sys.stderr = None\nreturn 0").returncode == 0
