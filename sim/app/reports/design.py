"""python -m sim design: how many problems and attempts the next pilot needs."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.app.reports import pilots
from sim.app.reports.words.design import WORDS
from sim.calibration import ansatz, curve, posterior
from sim.records import checked, folder

HELP = """\
python -m sim design: find how many problems and attempts a pilot needs for a given error, by simulating pilots.

usage: python -m sim design [KEY=VALUE ...]

  python -m sim design target.k=1000 target.error=0.03
  python -m sim design target=exponent pilot=first_pilot.csv budget=20000
  python -m sim design target=decision cost.value=1 cost.price=0.001 target.error=0.01

Written into outputs/design_DATE_TIME: report.html (one file, opens offline), table.csv, verdict.json, manifest.json,
map.png, line.png, and both as .pdf and .svg. Exit code 2 for bad input, in one sentence.
"""
TARGETS = ("coverage", "exponent", "decision")
_MOST_SIZES = 100
_NO_CEILING = 0.99  # A from which on a pilot has none that refits could find
_SHORT = {"target": "target.name", "budget": "budget.attempts"}
_COLUMNS = ("allocation", "problems", "attempts", "total", "error", "stderr", "bias", "lost", "bound", "endless")


class Result(NamedTuple):
    """A study and what it is of. truth: that pilots are drawn from.  source, test: the file that it comes from and
    whether the model fits that; None without one.  asked: as `_asked` reads it.
    """

    found: tuple
    truth: tuple
    source: str | None
    test: tuple | None
    asked: dict


def main(arguments):
    """Run the command; the exit code."""
    return pilots.answered("design", HELP, arguments, _answer, _SHORT)


def _answer(config):
    language, figure = pilots.language(config), checked.flag(config, "figure")
    target, asked = _target(config), _asked(config)
    grid = [_list(config, f"grid.{name}", *ends) for name, ends in (("problems", (2, 10**4)), ("attempts", (2, 10**6)))]
    _check_sizes(grid, asked["budget"])
    difficulty, source = _difficulty(config)
    from sim.app.host.machine import start_jax

    start_jax(0)
    from sim.design.study import study
    from sim.design.targets import Truth

    truth = Truth(*_fitted(difficulty), *target)
    test = None if source is None else ansatz.fit_test(difficulty, asked["level"], asked["seed"])
    where = pilots.folder_of(config, "design")
    pilots.without_figures(where, "design", ("map", "line"))  # before the work, in case it cannot be
    found = study(truth, asked["error"], *grid, asked["budget"], asked["pilots"], asked["seed"])
    result = Result(found, truth, source, test, asked)
    _write(where, result, config, WORDS[language], figure)
    return [*_lines(result, WORDS[language]), f"written: {where / 'report.html'}"]


# What is asked --------------------------------------------------------------------------------------------------------


def _target(config):
    name = config["target"]["name"]
    if name not in TARGETS:
        raise ValueError(f"target: need {', '.join(TARGETS[:-1])} or {TARGETS[-1]}, got {name!r}")
    attempts = checked.number(config, "target.k", 1, 1e12, whole=True)
    value, price = (checked.number(config, f"cost.{name}", 1e-12, 1e12) for name in ("value", "price"))
    return name, attempts, value, price


def _asked(config):
    budget = config["budget"]["attempts"]
    return {
        "error": checked.number(config, "target.error", 1e-9, 1e9),
        "budget": None if budget is None else checked.number(config, "budget.attempts", 4, 10**7, whole=True),
        "pilots": checked.number(config, "pilots", 10, 10**5, whole=True),
        "seed": checked.number(config, "seed", -(2**62), 2**62, whole=True),
        "level": checked.number(config, "test.level", 1e-6, 0.5),
    }


def _list(config, key, low, high):
    """Whole numbers at a dotted key, ascending."""
    section, name = key.split(".")
    values = config[section][name]
    values = values if isinstance(values, list) else [values]
    right = [
        isinstance(x, int | float) and not isinstance(x, bool) and low <= x <= high and x == int(x) for x in values
    ]
    if not values or not all(right) or any(one >= other for one, other in pairwise(values)):
        raise ValueError(f"{key}: need whole numbers from {low} to {high}, ascending, got {values!r}")
    return [int(x) for x in values]


def _check_sizes(grid, budget):
    problems, attempts = grid
    if len(problems) * len(attempts) > _MOST_SIZES:
        raise ValueError(f"grid: need at most {_MOST_SIZES} sizes, got {len(problems)} x {len(attempts)}")
    if problems[-1] * attempts[-1] > 10**7 and budget is None:
        raise ValueError(
            f"grid: need at most 10,000,000 attempts in a pilot, got {problems[-1]} problems x {attempts[-1]}"
        )
    if budget is not None and budget < 2 * problems[0]:
        raise ValueError(f"budget.attempts: need at least two attempts at each of {problems[0]} problems, got {budget}")


def _difficulty(config):
    """(alpha, beta, ceiling) or the first pilot that takes their place; and the name of its file, or None."""
    if config["pilot"]["path"] is None:
        alpha, beta = (checked.number(config, f"difficulty.{name}", 1e-3, 1e4) for name in ("alpha", "beta"))
        return (alpha, beta, checked.number(config, "difficulty.ceiling", 1e-3, 1)), None
    read = pilots.read(config)
    if len(read) > 1:
        raise ValueError(f"pilot: need one suite and model, got {', '.join(one.name for one in read)}")
    return read[0], read[0].source


def _fitted(difficulty):
    """(alpha, beta, ceiling): of a pilot, those of the Beta law nearest to its mean posterior, and the median of A.

    ValueError for a pilot whose problems are all alike.
    """
    if isinstance(difficulty, tuple) and len(difficulty) == 3:
        return difficulty
    solved, attempts = difficulty.successes, difficulty.attempts
    if np.ptp(solved / attempts) == 0:
        raise ValueError(
            f"{difficulty.source}: need problems of different difficulty, got a pilot that shows none "
            f"({np.count_nonzero(solved)} of {len(solved)} solved); set difficulty.alpha and difficulty.beta"
        )
    known = posterior.posterior(curve.likelihood(difficulty))
    alpha, beta = posterior.nearest((known.weight @ known.mixing)[None])
    ceiling = float(np.median(known.ceiling))
    return float(alpha[0]), float(beta[0]), ceiling if ceiling < _NO_CEILING else 1.0


# What is said ---------------------------------------------------------------------------------------------------------


def _first(result, words):
    """The sentences at the top of the report: first, whether the assumed Beta law does not fit."""
    found, truth, source, test, asked = result
    said = [words["misfit"](source, test.p_value)] if test and test.verdict == ansatz.MISFITS else []
    if found.reached:
        return [*said, words["reached"](truth, asked["error"], found.chosen)]
    return [*said, words["unreached"](truth, asked["error"], found.chosen, asked["budget"])]


def _lines(result, words):
    rest = words["adaptive"](result.found.other), words["source"](result.truth, result.source)
    return [*_first(result, words), *rest]


# What is written ------------------------------------------------------------------------------------------------------


def _write(where, result, config, words, figure):
    from sim import __version__

    found, truth, source, test, asked = result
    sizes = list({(size.allocation, size.problems, size.attempts): size
                  for size in (*found.grid, *found.line, found.chosen, found.other)}.values())  # fmt: skip
    folder.write_columns(where / "table.csv", _columns(sizes))
    folder.write_json(where / "verdict.json", _verdict(found, truth, test, asked))
    manifest = {"command": "design", "source": source, "truth": truth._asdict(), "config": config, "sim": __version__}
    folder.write_json(where / "manifest.json", manifest)
    drawn = _figures(where, found, asked) if figure else {}
    _report(where, result, words, drawn)


def _row(size):
    own = size.allocation, size.problems, size.attempts, size.total
    return (*own, *(float(value) for value in size.error), size.bound, size.endless)


def _columns(sizes):
    rows = [_row(size) for size in sizes]
    return {name: list(values) for name, values in zip(_COLUMNS, zip(*rows, strict=True), strict=True)}


def _verdict(found, truth, test, asked):
    record = lambda size: dict(zip(_COLUMNS, _row(size), strict=True))  # noqa: E731
    return {
        "verdict": "reached" if found.reached else "cannot be reached",
        "test": test and {"verdict": test.verdict, "p_value": test.p_value},
        "target": truth.target,
        "attempts": truth.attempts if truth.target == "coverage" else None,
        "wanted": asked["error"],
        "budget": asked["budget"],
        "best_attempts": truth.best if truth.target == "decision" else None,
        "chosen": record(found.chosen),
        "adaptive": record(found.other),
    }


def _figures(where, found, asked):
    """SVG of each figure; they are kept as .png, .pdf and .svg too."""
    from sim.app.reports import page
    from sim.figures import design as drawing
    from sim.figures import files
    from sim.records import writing

    chosen = found.chosen.problems, found.chosen.attempts
    made = {
        "map": drawing.sizes(_columns(found.grid), asked["error"], chosen) if found.grid else None,
        "line": drawing.allocations(_columns(found.line), asked["error"]),
    }
    drawn = {}
    for name, figure in made.items():
        if figure is not None:
            drawn[name] = page.svg(figure)
            writing.whole(where / f"{name}.svg", drawn[name].encode())
            files.save(figure, where / name)
    return drawn


def _report(where, result, words, drawn):
    from sim.app.reports import page

    found, truth, source, _, asked = result
    headings = words["headings"]

    def table(sizes, names):
        columns = _columns(sizes)
        columns["allocation"] = [headings[name] for name in columns["allocation"]]
        return {headings[name]: columns[name] for name in names}

    parts = [
        page.Part(
            words["map"],
            (words["source"](truth, source), words["map text"](asked["pilots"])),
            table(found.grid or [found.chosen], _COLUMNS[1:]),
            drawn.get("map"),
        ),
        page.Part(
            words["line"](found.total),
            (words["line text"], words["adaptive"](found.other)),
            table(found.line, _COLUMNS[:8]),
            drawn.get("line"),
        ),
        page.Part(words["means"], words["assumptions"]),
    ]
    sentence = " ".join(_first(result, words))
    page.write(where / "report.html", words["language"], words["title"], sentence, parts)
