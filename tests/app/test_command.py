"""The command line before Hydra has it, and how a process ends."""

import io
import signal
import sys
from types import SimpleNamespace

import pytest
from hydra.errors import ConfigCompositionException, OverrideParseException
from yaml.reader import ReaderError

from sim import __main__ as command_line
from sim.app import run
from sim.app.configuring import composing, configuration
from sim.app.runs import taking
from sim.app.sweeps import asking


@pytest.mark.parametrize(
    ("arguments", "ordered"),
    [
        ([], []),
        (["seed=1", "--multirun", "seed=2"], ["--multirun", "seed=1", "seed=2"]),
        (["seed=1", "--config-dir", "own", "seed=2"], ["--config-dir", "own", "seed=1", "seed=2"]),
        (["seed=1", "--config-dir=own", "x=2"], ["--config-dir=own", "seed=1", "x=2"]),
        (["a=1", "-cn", "mine", "-m", "b=2"], ["-cn", "mine", "-m", "a=1", "b=2"]),
        *([["a=1", option, "x"], [option, "x", "a=1"]] for option in run.VALUED),
        (["a=1", "--cfg"], ["--cfg", "a=1"]),
    ],
)
def test_options_and_what_belongs_to_them_come_first(arguments, ordered):
    assert run._options_first(arguments) == ordered


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("--nope", "--nope: no such option; overrides are KEY=VALUE (python -m sim run --help)"),
        ("--budget=smoke", "--budget=smoke: no such option; overrides are KEY=VALUE (python -m sim run --help)"),
        *((f"{key}=", f"{key}: need the name of a folder, got ''") for key in ("output", "hydra.run.dir")),
        *((f"+{key}='null'", f"{key}: need the name of a folder, got \"'null'\"") for key in ("hydra.sweep.dir",)),
        ("hydra.launcher=ray", "hydra.launcher: need hydra/launcher=ray to choose one, got hydra.launcher=ray"),
    ],
)
def test_what_hydra_would_misread_is_refused_before_it_is_asked(monkeypatch, capsys, typed, sentence):
    monkeypatch.setattr(run.Command, "compose", lambda *rest: pytest.fail("was run"))
    assert run.main([typed]) == 2
    assert capsys.readouterr().err == f"sim run: {sentence}\n"


@pytest.fixture
def command(monkeypatch):
    """Runs `sim run` with what Hydra would do in its place, which is given the command."""
    monkeypatch.setattr(sys, "argv", ["sim"])

    def ran(*arguments, does):
        monkeypatch.setattr(composing, "run", lambda task, name, options: does(task.__self__))
        return run.main(list(arguments))

    return ran


@pytest.mark.parametrize(
    "typed", [("--cfg", "job"), ("--help",), ("--info", "all"), ("--resolve", "seed=1"), ("-cp", "x")]
)
def test_what_is_only_shown_is_shown_by_hydra(command, monkeypatch, typed):
    monkeypatch.setattr(run.hydra, "main", lambda **said: lambda task: lambda: print(said["config_name"]))
    assert command(*typed, does=lambda made: pytest.fail("was run")) == 0


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (taking.Interrupted(signal.SIGTERM), 143, "interrupted; the same command with resume=true continues from here"),
        (taking.Interrupted(signal.SIGUSR2), 128 + signal.SIGUSR2, "interrupted; the same command with resume=true"),
        (KeyboardInterrupt(), 130, "interrupted; the same command with resume=true continues from here"),
        (ValueError("seed: need\n one"), 2, "seed: need one"),
        (OSError(13, "Permission denied", "/there"), 2, "/there: cannot be used as output (Permission denied)"),
    ],
)
def test_what_ends_a_run_early_is_one_sentence_and_an_exit_code(command, capsys, error, code, said):
    def does(_made):
        raise error

    assert command(does=does) == code
    err = capsys.readouterr().err
    assert err.startswith(f"sim run: {said}") and err.count("\n") == 1


def test_an_earlier_command_of_the_process_is_forgotten(command):
    assert command(does=lambda made: made.outcomes.append(SimpleNamespace(kind="failed"))) == 1
    assert command(does=lambda made: made.outcomes.append(SimpleNamespace(kind=None))) == 0


# Sentences ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Could not override 'seed.x'.\nTo append ...", "seed.x: no such key; `python -m sim run --help` lists them"),
        (
            "Could not find 'features/zopf'\n\nAvailable options in 'features':\n\tuniform\n\tzipf\nConfig search",
            "features: no member zopf; need one of: uniform zipf",
        ),
        ("Config group override must be a string or a list. Got int", "a group needs the name of a member, got int"),
        ("Ambiguous value for argument 'seed=1,2'\n1. To", "seed=1,2: several values need --multirun"),
        (
            "ValueError raised while resolving interpolation: output: need the name of a folder, got 5\n"
            "    full_key: hydra.run.dir",
            "output: need the name of a folder, got 5",
        ),
        ("raised while resolving interpolation: [Errno 13] Permission denied: '/x'", "/x: cannot be used as output "
                                                                                   "(Permission denied)"),
        ("no viable alternative at input '${a'\n    full_key: seed", "seed: cannot be read, got ${a"),
        ("anything\n  else", "anything else"),
    ],
)  # fmt: skip
def test_what_hydra_says_is_told_to_whoever_typed_it(text, sentence):
    assert configuration.refused(ConfigCompositionException(text)) == sentence


@pytest.mark.parametrize(
    ("override", "message", "sentence"),
    [
        ("seed", "mismatched input, missing EQUAL at", "seed: need KEY=VALUE"),
        ("budget.until=loss@3=1", "extraneous", "budget.until: need loss@3:1, got loss@3=1"),
        ("++budget.until=exponent=1", "extraneous", "budget.until: need exponent:1, got exponent=1"),
        ("a=[1", "no viable", "a=[1: cannot be read; need KEY=VALUE, with quotes around a value that has special char"),
    ],
)
def test_an_override_that_cannot_be_read_is_told(override, message, sentence):
    assert configuration.refused(OverrideParseException(override, message)).startswith(sentence)


def test_other_errors_are_told_by_where_they_are():
    assert configuration.refused(ReaderError("mine.yaml", 7, 1, "utf-8", "not allowed")) == (
        "mine.yaml, position 7: need YAML that can be read (not allowed)"
    )
    assert configuration.refused(KeyError()) == "KeyError"
    outer = ValueError()
    outer.__cause__ = ValueError("the cause")
    assert configuration.refused(outer) == "the cause"


# How a process ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error", "left"),
    [
        *((code, None, code) for code in (0, 1, 143)),
        (0, OSError(28, "No space left on device"), 2),
        (1, OSError(28, "No space left on device"), 1),
        (0, BrokenPipeError(), 0),
        (0, ValueError("closed"), 0),
    ],
)
def test_a_process_that_could_not_say_all_ends_with_an_error_unless_nobody_reads_it(
    monkeypatch, capsys, code, error, left
):
    class Stream(io.StringIO):
        def flush(self):
            if error is not None:
                raise error

    codes, registered = [], []
    monkeypatch.setattr(command_line.os, "_exit", codes.append)
    monkeypatch.setattr(command_line.atexit, "register", registered.append)
    monkeypatch.setattr(command_line, "main", lambda: code)
    monkeypatch.setattr(sys, "stdout", Stream())
    with pytest.raises(SystemExit) as end:
        command_line.program()
    assert (end.value.code, codes) == (code, [])
    registered.pop()()
    assert (codes, registered) == ([left], [])


@pytest.mark.parametrize(
    ("found", "wrong"),
    [("0.8.3", False), ("0.9.0", False), ("0.9.1", True), ("0.9.1.dev2", True), ("0.10.0", True), ("0.10.9", True),
     ("0.11", False), ("0.11.0", False), ("1.0.0", False), ("0.12.1", False)],
)  # fmt: skip
def test_releases_of_jaxlib_that_sum_wrongly_are_those_from_0_9_1_to_before_0_11(found, wrong):
    assert (command_line._wrong_jax(found) is not None) is wrong


def test_a_command_about_a_folder_says_what_is_wrong_by_name_and_by_its_exit_code(capsys, tmp_path):
    def ask(work, *arguments):
        return asking.answered("sim x", "words\n", arguments, ("--json",), work), *capsys.readouterr()

    for states, code in ((set(), 0), ({"done", "waiting"}, 0), ({"failed"}, 1), ({"done", "stopped"}, 1)):
        assert ask(lambda where, given, states=states: ("said", states), str(tmp_path)) == (code, "said\n", "")
    given = []
    ask(lambda where, flags: given.append((where, flags)) or ("", set()), "--json", str(tmp_path))
    assert given == [(tmp_path, ["--json"])]

    def broken(error):
        def work(where, _given):
            raise error

        return ask(work, str(tmp_path))

    assert broken(OSError(13, "Permission denied", "/x")) == (2, "", "sim x: /x: Permission denied\n")
    assert broken(OSError(13, "Permission denied")) == (2, "", f"sim x: {tmp_path}: Permission denied\n")
    assert broken(BrokenPipeError()) == (0, "", "")
    assert ask(None, "a", "-h") == (0, "words\n", "")
