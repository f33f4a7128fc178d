"""python -m sim calibrate: does the model fit a pilot, how will coverage grow, and how sure is that?"""

from typing import NamedTuple

import numpy as np

from sim.app import folder
from sim.app.reports import against, page, pilots
from sim.app.reports.words.calibrate import WORDS
from sim.calibration import calibrate, curve, difference, mixtures, prediction

HELP = """\
python -m sim calibrate: from a pilot (problems, attempts, successes) to coverage at any number of attempts.

usage: python -m sim calibrate pilot=FILE [KEY=VALUE ...]

  python -m sim calibrate pilot=pilot.csv
  python -m sim calibrate pilot=results.jsonl attempts.max=1e4 report.language=ja
  python -m sim calibrate pilot=adaptive.csv pilot.stopping=batches:60:10020
  python -m sim calibrate pilot=large.csv against=small.csv

Written into outputs/calibrate_DATE_TIME: report.html (opens anywhere, offline), table.csv, verdict.json,
manifest.json, figure.png; with against= difference.csv and difference.png too.
Exit code 2 for bad input, in one sentence.
"""
_FURTHER = 100  # times the attempts of the pilot: as far as is foretold where nothing else is asked
_MOST = 10**9
_ENDS = "low90", "low50", "median", "high50", "high90"  # of intervals of 90 and 50 %, and the median
_DRAWN = "line", "exp(-a k^-b)", "Levi Eq. 7", "beta-binomial"  # of the published fits; all are in the table


class Asked(NamedTuple):
    """What the statistics of a calibration are asked with."""

    level: float
    least_solved: int
    most_factor: float
    backtest_share: float
    backtest_repeats: int


class Rival(NamedTuple):
    """The pilot of a second model, and how it differs from the first."""

    pilot: tuple
    difference: difference.Difference


def main(arguments):
    """Run the command; the exit code."""
    return pilots.answered("calibrate", HELP, arguments, _answer)


def _answer(config):
    asked, language, figure = _asked(config), pilots.language(config), pilots.flag(config, "figure")
    per_decade = pilots.number(config, "attempts.per_decade", 1, 100, whole=True)
    seed = pilots.number(config, "seed", -(2**62), 2**62, whole=True)
    most = None if config["attempts"]["max"] is None else pilots.number(config, "attempts.max", 2, _MOST, whole=True)
    found, where = [], pilots.folder_of(config, "calibrate")
    read = pilots.read(config)
    other = pilots.other(config, read)
    for pilot in read:
        last = most or min(_FURTHER * int(pilot.attempts.max()), _MOST)
        found.append(calibrate.calibrate(pilot, pilots.attempts_grid(max(last, 2), per_decade), asked, seed))
    rival = None if other is None else _rival(found[0], other, seed, most)
    _write(where, found, rival, config, language, figure)
    said = [] if rival is None else [against.sentence(rival.difference, language)]
    return [*_lines(found, WORDS[language]), *said, f"written: {where / 'report.html'}"]


def _rival(one, other, seed, most):
    own = difference.Model(one.pilot, curve.likelihood(one.pilot), one.average)
    return Rival(other, against.found(own, difference.model(other), seed, most))


def _asked(config):
    return Asked(
        pilots.number(config, "test.level", 1e-6, 0.5),
        pilots.number(config, "tell.solved", 0, 10**6, whole=True),
        pilots.number(config, "tell.factor", 1, 1e9),
        pilots.number(config, "backtest.share", 1e-6, 0.9),
        pilots.number(config, "backtest.repeats", 0, 1000, whole=True),
    )


# What is said ---------------------------------------------------------------------------------------------------------


def _lines(found, words):
    return [line for one in found for line in (_sentence(one, words), _fit(one, words))]


def _named(one):
    return f"{one.pilot.name}: " if one.pilot.name else ""


def _sentence(one, words):
    """What a manager is told first."""
    k, (low, *_, high) = one.attempts[-1], one.these.quantiles[-1]
    if one.reasons:
        why = " ".join(words[reason](value) for reason, value in one.reasons)
        return words["cannot"](_named(one), k, low, high, why)
    return words["sentence"](_named(one), k, one.point[-1], low, high)


def _fit(one, words):
    return words[one.verdict] + (words["no p"] if one.p_value is None else words["p"](one.p_value))


# What is written ------------------------------------------------------------------------------------------------------


def _write(where, found, rival, config, language, figure):
    words = WORDS[language]
    pilots.without_figures(where, "calibrate", ("figure", against.NAME))
    tables = [_table(one) for one in found]
    folder.write_columns(where / "table.csv", _joined(tables))
    folder.write_json(where / "verdict.json", [_verdict(one, rival) for one in found])
    folder.write_json(where / "manifest.json", pilots.manifest("calibrate", [one.pilot for one in found], config))
    parts = []
    for position, (one, table) in enumerate(zip(found, tables, strict=True)):
        name = "figure.png" if len(found) == 1 else f"figure_{position}.png"
        parts += _parts(one, table, _figures(one, table, where / name) if figure else {}, words)
    if rival is not None:
        against.write(where, rival.difference)
        parts.append(_compared(rival, where, language, figure))
    parts.append(page.Part(words["would break"], words["assumptions"]))
    sentence = " ".join(_sentence(one, words) for one in found)
    page.write(where / "report.html", language, words["title"], sentence, parts)


def _compared(rival, where, language, figure):
    """The part about two models; the figure is kept as PNG too."""
    drawn = None
    if figure:
        from sim.figures import calibrate as drawing

        made = against.figure(rival.difference)
        drawn = page.svg(made)
        drawing.png(made, where / f"{against.NAME}.png")
    return against.part(rival.difference, language, drawn)


def _table(one):
    """Columns of table.csv, a row for each k."""
    seen = np.full((2, len(one.attempts)), np.nan)
    ks, values = one.observed.attempts, (one.observed.value, one.observed.stderr)
    if one.pilot.stopping.kind == "fixed":  # known at all numbers of attempts; on a curve of some of them
        inside = one.attempts <= ks[-1]
        seen[:, inside] = [np.interp(np.log(one.attempts[inside]), np.log(ks), own) for own in values]
    else:
        inside, place = np.isin(one.attempts, ks), np.searchsorted(ks, one.attempts)
        seen[:, inside] = [own[place[inside]] for own in values]
    columns = {
        "model": [one.pilot.name] * len(one.attempts),
        "attempts": one.attempts,
        "observed": seen[0],
        "observed_stderr": seen[1],
        "point": one.point,
    }
    for prefix, interval in (("", one.these), ("new_", one.new)):
        columns |= {prefix + name: values for name, values in zip(_ENDS, interval.quantiles.T, strict=True)}
    return columns | one.others


def _joined(tables):
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = [len(table["attempts"]) for table in tables]
    return {
        name: [value for table, count in zip(tables, rows, strict=True) for value in table.get(name, [np.nan] * count)]
        for name in names
    }


def _verdict(one, rival):
    parameters = {
        name: dict(zip(("low", "middle", "high"), getattr(one.parameters, name).tolist(), strict=True))
        for name in ("ceiling", "alpha", "beta")
    }
    tests = {
        "shape": None if one.shape is None else {"p_value": one.shape.p_value, "statistic": one.shape.statistic},
        "order": None if one.order is None else one.order._asdict(),
    }
    return {
        "model": one.pilot.name,
        "verdict": one.verdict,
        "p_value": one.p_value,
        "tests": tests,
        "attempts": one.attempts[-1],
        "pass_at_k": one.point[-1],
        "these_problems": dict(zip(_ENDS, one.these.quantiles[-1].tolist(), strict=True)),
        "new_problems": dict(zip(_ENDS, one.new.quantiles[-1].tolist(), strict=True)),
        "cannot_tell": [reason for reason, _ in one.reasons],
        "parameters": parameters | {"correlation_of_ceiling_and_beta": one.parameters.correlation},
        "laws": one.average.shares,
        "backtest": _tested(one.backtest),
        "against": None if rival is None else against.section(rival.difference, rival.pilot),
    }


def _tested(backtest):
    if backtest is None:
        return None
    inside = (backtest.low <= backtest.observed) & (backtest.observed <= backtest.high)
    half = (backtest.lower <= backtest.observed) & (backtest.observed <= backtest.upper)
    return {"shown": backtest.shown, "inside_90": float(inside.mean()), "inside_50": float(half.mean())}


def _figures(one, table, path):
    """SVG of each figure; the first is kept as PNG at this path too."""
    from sim.figures import calibrate as drawing

    columns = {name: np.asarray(values) for name, values in table.items() if name != "model"}
    grown = drawing.coverage(columns, {name: one.others[name] for name in _DRAWN if name in one.others})
    drawn = {"growth": grown}
    if one.shape is not None:
        own = one.shape
        labels = [
            f"{low:.2g} - {high:.2g}" if low < high else f"{high:.2g}"
            for low, high in zip(own.lower, own.upper, strict=True)
        ]
        kept = {"observed": own.observed, "expected": own.expected, "low": own.low, "high": own.high}
        drawn["misfit"] = drawing.misfit({"successes": labels, **kept})
    if one.backtest is not None and len(one.backtest.point) > 1:
        drawn["backtest"] = drawing.backtest(one.backtest._asdict())
    text = {name: page.svg(made) for name, made in drawn.items()}
    drawing.png(grown, path)
    return text


def _alone(one, law):
    """5, 50 and 95 % of new problems' coverage at the last k under one law alone."""
    of = one.average.of[law]
    values = of.mixing @ mixtures.reach(one.attempts[-1:])
    return prediction.weighted_quantiles(values[:, 0], of.weight, (0.05, 0.5, 0.95))


def _parts(one, table, drawn, words):
    headings = words["headings"]
    near = [pilots.near_round(k, 0.04) for k in one.attempts]
    shown = ("attempts", "observed", "observed_stderr", "point", "low90", "high90", "new_low90", "new_high90")
    named = _named(one)
    shares = sorted(one.average.shares.items(), key=lambda pair: -pair[1])
    alone = [_alone(one, name) for name, _ in shares]
    rows = [getattr(one.parameters, name) for name in ("ceiling", "alpha", "beta")]
    parts = [
        page.Part(
            named + words["growth"],
            (_fit(one, words), words["growth text"]),
            {
                headings[name]: [value for value, wanted in zip(table[name], near, strict=True) if wanted]
                for name in shown
            },
            drawn.get("growth"),
        ),
        page.Part(
            named + words["parameters"],
            (words["parameters text"](one.parameters.correlation),),
            {
                headings["parameter"]: [headings[name] for name in ("ceiling", "alpha", "beta")],
                **{headings[name]: [row[i] for row in rows] for i, name in enumerate(("low", "middle", "high"))},
            },
        ),
        page.Part(
            named + words["laws"],
            (words["laws text"],),
            {
                headings["law"]: [name for name, _ in shares],
                headings["share"]: [share for _, share in shares],
                **{headings[name]: [row[i] for row in alone] for i, name in enumerate(("low", "middle", "high"))},
            },
        ),
        page.Part(named + words["misfit"], (words["misfit text"](one),), None, drawn.get("misfit")),
    ]
    if one.backtest is not None:
        text = words["backtest text"](one.backtest.shown, _tested(one.backtest)["inside_90"])
        parts.append(page.Part(named + words["backtest"], (text,), None, drawn.get("backtest")))
    return parts
