"""python -m sim bench: how fast the shipped samplers are against what else there is, in one table."""

import json
import sys
import time
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sim.bench import machine
from sim.bench.rows import NAMES, REPEATS, ROWS

HELP = f"""\
python -m sim bench: time the samplers of sim against NumPy, SciPy, JAX, numba and torch, on one core.

usage: python -m sim bench [KEY=VALUE ...]

  rows=NAME,NAME   only these rows (default: all, a few minutes)
  repeats=N        measurements of each contestant, 1 to 1000 (default {REPEATS})
  device=gpu       rates on the first GPU, and how many CPU cores they equal (also: --device gpu)
  --help           this text

Every row is a ratio of medians: two contestants are measured in turn, in one process and on one core, and their
results are checked. numba and torch are used if they are installed; missing peers are listed.
The table is written to outputs/bench_DATE/bench.json and bench.md, machine and versions to manifest.json.
Exit code: 0 if the table is complete, even if a bar is missed; 1 if a result was wrong; 2 for bad input.

rows:
""" + "".join(f"  {row.name:<16} {row.what}\n" for row in ROWS)


class Asked(NamedTuple):
    """What the command line asks for."""

    rows: tuple[str, ...] = NAMES
    repeats: int = REPEATS
    device: str = "cpu"


def main(arguments):
    """Run the command; the exit code."""
    if any(argument in ("-h", "--help", "help") for argument in arguments):
        print(HELP, end="")
        return 0
    try:
        asked = read(arguments)
        return _on_gpu(asked) if asked.device == "gpu" else _on_cpu(asked)
    except (ValueError, OSError) as error:
        print(f"sim bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sim bench: interrupted; nothing was written", file=sys.stderr)
        return 130


# Reading ------------------------------------------------------------------------------------------------------------


def read(arguments):
    """Asked, from the arguments; ValueError in one sentence."""
    asked = Asked()
    for argument in _joined(arguments):
        key, _, value = argument.partition("=")
        if "=" not in argument or key not in _READERS:
            raise ValueError(
                f"{argument}: need KEY=VALUE with a key of {', '.join(_READERS)} (python -m sim bench --help)"
            )
        asked = asked._replace(**{key: _READERS[key](value)})
    if asked.device == "gpu" and asked.rows != NAMES:
        raise ValueError("rows: need device=cpu, as the few GPU rows are always measured together")
    return asked


def _joined(arguments):
    """The arguments, with `--device gpu` and `--device=gpu` as device=gpu."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--device":
            yield f"device={next(rest, '')}"
        else:
            yield argument.removeprefix("--") if argument.startswith("--device=") else argument


def _rows(text):
    asked = [name for name in text.split(",") if name]
    for name in asked:
        if name not in NAMES:
            raise ValueError(f"rows: need names among {', '.join(NAMES)}, got {name!r}")
    if not asked:
        raise ValueError("rows: need at least one name, got none")
    return tuple(name for name in NAMES if name in asked)


def _repeats(text):
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise ValueError(f"repeats: need a whole number from 1 to 1000, got {text!r}")
    return int(text)


def _device(text):
    if text not in ("cpu", "gpu"):
        raise ValueError(f"device: need cpu or gpu, got {text!r}")
    return text


_READERS = {"rows": _rows, "repeats": _repeats, "device": _device}


# Measuring ----------------------------------------------------------------------------------------------------------


def _on_cpu(asked):
    """Ratios on one core."""
    cores = machine.pin()
    _start_jax("cpu")
    from sim.bench.measure import measure

    _say(heading())
    done = []
    for measured in measure([row for row in ROWS if row.name in asked.rows], asked.repeats, cores):
        done.append(measured)
        _say([line(measured)])
    where = write([entry(measured) for measured in done], asked)
    _say(["", *summary(done), f"  written to {where}"])
    return int(any(measured.wrong for measured in done))


def _on_gpu(asked):
    """Absolute figures on the first GPU."""
    machine.pin()
    _start_jax(None)
    from sim.bench import gpu

    device = gpu.first()
    done = []
    _say([*_machine_lines(machine.describe()), f"  {device.device_kind}", "", GPU_COLUMNS])
    for figure in chain(gpu.figures(device, asked.repeats), gpu.learner_figures(device, asked.repeats)):
        done.append(figure)
        _say([gpu_line(figure)])
    where = write([figure._asdict() for figure in done], asked, gpu=device.device_kind)
    _say(["", f"  written to {where}"])
    return int(any(figure.reason is not None for figure in done))


def _start_jax(platforms):
    """Load JAX, here and nowhere before: its threads keep the core that the process was given.

    platforms: those it may start; None for all it finds.
    """
    import jax

    if platforms:
        jax.config.update("jax_platforms", platforms)
    jax.config.update("jax_num_cpu_devices", 1)


def _say(lines):
    print("\n".join(lines), flush=True)


# Telling ------------------------------------------------------------------------------------------------------------

COLUMNS = f"  {'row':<16} {'value':>9} {'bar':>10}  {'':<6} {'ns':>9} {'peer ns':>9}  what"
GPU_COLUMNS = f"  {'figure':<16} {'a second':>9} {'roofline':>9} {'cores':>7} {'speed-up':>9}  what"


def heading():
    """Lines above the table: the machine, the versions, the peers that are absent."""
    return [*_machine_lines(machine.describe()), "", COLUMNS]


def _machine_lines(described):
    versions = described["versions"]
    lines = [
        f"  {described['processor']}, {described['cores']} cores, {described['system']}; one of them is used",
        "  " + ", ".join(f"{name} {version}" for name, version in versions.items() if version),
    ]
    absent = [name for name, version in versions.items() if not version]
    return [*lines, f"  not installed: {', '.join(absent)}"] if absent else lines


def line(measured):
    """A row of the table."""
    row, ratio = measured.row, measured.ratio
    bar = "" if row.bar is None else f"{'<=' if row.at_most else '>='} {row.bar:.3g}"
    if ratio is None:
        word, value, ours, peer = "WRONG" if measured.wrong else "", "-", "", ""
    else:
        word = {True: "holds", False: "MISSED", None: ""}[measured.holds]
        value, ours, peer = (f"{number:.3g}" for number in (ratio.value, ratio.ours, ratio.peer))
    reason = f": {measured.reason}" if measured.reason else ""
    return f"  {row.name:<16} {value:>9} {bar:>10}  {word:<6} {ours:>9} {peer:>9}  {row.what}{reason}"


def summary(done):
    """How many bars were met, and which were not."""
    judged = [measured for measured in done if measured.holds is not None]
    missed = [measured.row.name for measured in judged if not measured.holds]
    absent = [measured.row.name for measured in done if measured.ratio is None and not measured.wrong]
    lines = [f"  {len(judged) - len(missed)} of {len(judged)} bars hold"]
    if missed:
        lines.append(f"  missed: {', '.join(missed)}")
    if absent:
        lines.append(f"  not measured: {', '.join(absent)}")
    return lines


def gpu_line(figure):
    """A line of the table of a GPU."""
    columns = [
        f"{value:.3g}" if value else "" for value in (figure.rate, figure.roofline, figure.cores, figure.speed_up)
    ]
    rate, roofline, cores, speed_up = columns
    reason = f": {figure.reason}" if figure.reason else ""
    return f"  {figure.row:<16} {rate or '-':>9} {roofline:>9} {cores:>7} {speed_up:>9}  {figure.what}{reason}"


# Writing ------------------------------------------------------------------------------------------------------------


def entry(measured):
    """A row as bench.json holds it: row, value, bar, holds, and what else is known."""
    row, ratio = measured.row, measured.ratio
    return {
        "row": row.name,
        "value": ratio and ratio.value,
        "bar": row.bar,
        "holds": measured.holds,
        "rule": "at most" if row.at_most else "at least",
        "what": row.what,
        "nanoseconds": ratio and ratio.ours,
        "peer_nanoseconds": ratio and ratio.peer,
        "quartiles": ratio and ratio.quartiles,
        "reason": measured.reason,
    }


def markdown(entries):
    """The table of ratios as Markdown, one line a row of bench.json."""
    lines = ["| what | ratio | bar | |", "| --- | ---: | ---: | --- |"]
    for row in entries:
        value = "not measured" if row["value"] is None else f"{row['value']:.3g}"
        bar = "" if row["bar"] is None else f"{row['rule']} {row['bar']:.3g}"
        lines.append(f"| {row['what']} | {value} | {bar} | {_WORDS[row['holds']]} |")
    return "\n".join(lines) + "\n"


_WORDS = {True: "holds", False: "missed", None: ""}


def write(entries, asked, **more):
    """bench.json, manifest.json and, for ratios, bench.md in a folder of their own below outputs/; the folder."""
    where = Path("outputs") / time.strftime("bench_%Y-%m-%d_%H-%M-%S")
    where.mkdir(parents=True)
    manifest = machine.describe() | {"repeats": asked.repeats, "device": asked.device} | more
    for name, content in (("bench.json", entries), ("manifest.json", manifest)):
        (where / name).write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if asked.device == "cpu":
        (where / "bench.md").write_text(markdown(entries), encoding="utf-8")
    return where
