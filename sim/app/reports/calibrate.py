"""python -m sim calibrate: does the model fit a pilot, how will coverage grow, and how sure is that?"""

from typing import NamedTuple

import numpy as np

from sim.app.reports import against, page, pilots
from sim.app.reports.words.calibrate import WORDS
from sim.calibration import calibrate, curve, difference, prediction, quantities
from sim.records import checked, folder

HELP = """\
python -m sim calibrate: predict coverage at any number of attempts from a pilot (problems, attempts, successes).

usage: python -m sim calibrate pilot=FILE [KEY=VALUE ...]

  python -m sim calibrate pilot=pilot.csv
  python -m sim calibrate pilot=results.jsonl attempts.max=1e4 report.language=ja
  python -m sim calibrate pilot=adaptive.csv pilot.stopping=batches:60:10020
  python -m sim calibrate pilot=large.csv against=small.csv

Written into outputs/calibrate_DATE_TIME: report.html (one file, opens offline), table.csv (by attempts k), shares.csv
(by success probability), verdict.json, manifest.json, figure.png; with against= difference.csv and difference.png too.
Exit code 2 for bad input, in one sentence.
"""
_FURTHER = 100  # times the attempts of the pilot: as far as is predicted where nothing else is asked
_MOST = 10**12  # attempts: of problems with a smaller chance than 1e-13 nothing is known
_ENDS = "low90", "low50", "median", "high50", "high90"  # of intervals of 90 and 50 %, and the median
_SHOWN = "median", "low90", "high90"  # of them, in the tables of the report
_NONE = 1e-6  # a chance below which a reader is shown none
_DRAWN = "line", "exp(-a k^-b)", "Levi Eq. 7", "beta-binomial"  # of the published fits; all are in the table


class Rival(NamedTuple):
    """The pilot of a second model, and how it differs from the first."""

    pilot: tuple
    difference: difference.Difference


def main(arguments):
    """Run the command; the exit code."""
    return pilots.answered("calibrate", HELP, arguments, _answer)


def _answer(config):
    asked, language, figure = calibrate.asked(config), pilots.language(config), checked.flag(config, "figure")
    per_decade = checked.number(config, "attempts.per_decade", 1, 100, whole=True)
    seed = checked.number(config, "seed", -(2**62), 2**62, whole=True)
    most = None if config["attempts"]["max"] is None else checked.number(config, "attempts.max", 2, _MOST, whole=True)
    found, where = [], pilots.folder_of(config, "calibrate")
    read = pilots.read(config)
    other = pilots.other(config, read)
    for pilot in read:
        last = most or min(_FURTHER * int(pilot.attempts.max()), _MOST)
        found.append(calibrate.calibrate(pilot, prediction.attempts_grid(max(last, 2), per_decade), asked, seed))
    rival = None if other is None else _rival(found[0], other, seed, most)
    _write(where, found, rival, config, language, figure)
    said = [] if rival is None else [against.sentence(rival.difference, language)]
    return [*_lines(found, WORDS[language]), *said, f"written: {where / 'report.html'}"]


def _rival(one, other, seed, most):
    own = difference.Model(one.pilot, curve.likelihood(one.pilot), one.posterior)
    return Rival(other, difference.found(own, difference.model(other), seed, most))


# What is said ---------------------------------------------------------------------------------------------------------


def _lines(found, words):
    return [line for one in found for line in (_sentence(one, words), *_said(one, words))]


def _named(one):
    return f"{one.pilot.name}: " if one.pilot.name else ""


def _sentence(one, words):
    """The sentences at the top of the report."""
    k, (low, *_, high) = one.attempts[-1], one.these.quantiles[-1]
    if one.reasons:
        why = " ".join(words[reason](value) for reason, value in one.reasons)
        if [reason for reason, _ in one.reasons] == ["unseen"]:
            return words["if"](_named(one), k, one.these.median[-1], low, high, why)
        return words["cannot"](_named(one), k, low, high, why)
    return words["sentence"](_named(one), k, one.these.median[-1], low, high)


def _said(one, words):
    """Whether the model fits, what repeated attempts are worth, and how many problems may be out of reach."""
    test, (low, *_, high) = one.test, one.quantities.never.these[0]
    repeated = [] if test.effective is None else [words["effective"](test.attempts, test.effective)]
    return [_fit(one, words), *repeated, words["never"](low, high)]


def _fit(one, words):
    return words[one.test.verdict] + (words["no p"] if one.test.p_value is None else words["p"](one.test.p_value))


# What is written ------------------------------------------------------------------------------------------------------


def _write(where, found, rival, config, language, figure):
    words = WORDS[language]
    pilots.without_figures(where, "calibrate", ("figure", against.NAME))
    tables = [_table(one) for one in found]
    folder.write_columns(where / "table.csv", _joined(tables))
    folder.write_columns(where / "shares.csv", _joined([_shares(one) for one in found]))
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
    shown = curve.shown(one.pilot, one.attempts)
    columns = {
        "model": [one.pilot.name] * len(one.attempts),
        "attempts": one.attempts,
        "observed": shown.value,
        "observed_stderr": shown.stderr,
    }
    every = one.quantities.reliability
    for prefix, interval in (("", one.these.quantiles), ("new_", one.new.quantiles)):
        columns |= _ends_of(prefix, interval)
    columns |= _ends_of("reliability_", every.these) | _ends_of("new_reliability_", every.new)
    return columns | one.others


def _shares(one):
    """Columns of shares.csv: problems with at least so large a success probability, and in the last row with none."""
    cover, never = one.quantities.cover, one.quantities.never
    success = [*quantities.SUCCESS, 0.0]
    columns = {
        "model": [one.pilot.name] * len(success),
        "share": ["at least"] * (len(success) - 1) + ["never"],
        "success": success,
    }
    columns |= _ends_of("", np.concatenate([cover.these, never.these]))
    return columns | _ends_of("new_", np.concatenate([cover.new, never.new]))


def _ends_of(prefix, values):
    """Columns of quantiles [rows, levels]."""
    return {prefix + name: column for name, column in zip(_ENDS, values.T, strict=True)}


def _joined(tables):
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = [len(table["model"]) for table in tables]
    return {
        name: [value for table, count in zip(tables, rows, strict=True) for value in table.get(name, [np.nan] * count)]
        for name in names
    }


def _verdict(one, rival):
    test, shape = one.test, one.test.shape
    parameters = {
        name: dict(zip(("low", "middle", "high"), getattr(one.parameters, name).tolist(), strict=True))
        for name in ("ceiling", "alpha", "beta")
    }
    tests = {
        "shape": None if shape is None else {"p_value": shape.p_value, "statistic": shape.statistic},
        "order": None if test.order is None else test.order._asdict(),
    }
    return {
        "model": one.pilot.name,
        "verdict": test.verdict,
        "p_value": test.p_value,
        "tests": tests,
        "attempts": one.attempts[-1],
        "pass_at_k": one.these.median[-1],
        "these_problems": _named_ends(one.these.quantiles[-1]),
        "new_problems": _named_ends(one.new.quantiles[-1]),
        "under_a_wider_prior": _named_ends(one.wide.quantiles[-1]),
        "kinds_of_law": one.posterior.shares,
        "effective_draws": one.posterior.effective,
        "reliability": _both(one.quantities.reliability, -1),
        "cover": {f"{tau:g}": _both(one.quantities.cover, place) for place, tau in enumerate(quantities.SUCCESS)},
        "never": _both(one.quantities.never, 0),
        "effective": None if test.effective is None else {"attempts": test.attempts, "independent": test.effective},
        "cannot_tell": [reason for reason, _ in one.reasons],
        "parameters": parameters | {"correlation_of_ceiling_and_beta": one.parameters.correlation},
        "backtest": _tested(one.backtest),
        "against": None if rival is None else against.section(rival.difference, rival.pilot),
    }


def _named_ends(values):
    return dict(zip(_ENDS, values.tolist(), strict=True))


def _both(shares, place):
    return {"these_problems": _named_ends(shares.these[place]), "new_problems": _named_ends(shares.new[place])}


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
    if one.test.shape is not None:
        own = one.test.shape
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


def _parts(one, table, drawn, words):
    headings = words["headings"]
    near = [pilots.near_round(k, 0.04) for k in one.attempts]
    named = _named(one)

    def chosen(*names):
        return {headings[n]: [value for value, wanted in zip(table[n], near, strict=True) if wanted] for n in names}

    def rare(names):
        return {name: [value if value >= _NONE else 0.0 for value in own] for name, own in chosen(*names).items()}

    rows = [getattr(one.parameters, name) for name in ("ceiling", "alpha", "beta")]
    parts = [
        page.Part(
            named + words["growth"],
            (*_said(one, words), words["growth text"], words["posterior text"]),
            chosen("attempts", "observed", "observed_stderr", "median", "low90", "high90", "new_low90", "new_high90"),
            drawn.get("growth"),
        ),
        page.Part(
            named + words["reliability"],
            (words["reliability text"],),
            chosen("attempts", "median") | rare(f"{of}reliability_{end}" for of in ("", "new_") for end in _SHOWN),
        ),
        page.Part(named + words["cover"], (words["cover text"],), _covered(one, words)),
        page.Part(
            named + words["parameters"],
            (words["parameters text"](one.parameters.correlation),),
            {
                headings["parameter"]: [headings[name] for name in ("ceiling", "alpha", "beta")],
                **{headings[name]: [row[i] for row in rows] for i, name in enumerate(("low", "middle", "high"))},
            },
        ),
        page.Part(
            named + words["rests"],
            (words["rests text"](one.attempts[-1], one.these.quantiles[-1], one.wide.quantiles[-1]),),
            {
                headings["kind"]: [words["kinds"][name] for name in one.posterior.shares],
                headings["probability"]: list(one.posterior.shares.values()),
            },
        ),
        page.Part(named + words["misfit"], (words["misfit text"](one),), None, drawn.get("misfit")),
    ]
    if one.backtest is not None:
        text = words["backtest text"](one.backtest.shown, _tested(one.backtest))
        parts.append(page.Part(named + words["backtest"], (text,), None, drawn.get("backtest")))
    return parts


def _covered(one, words):
    """Problems by their success probability, as a reader sees them."""
    headings, shares = words["headings"], _shares(one)
    columns = {headings["success"]: [words["at least"](tau) for tau in quantities.SUCCESS] + [words["none"]]}
    shown = dict(zip(("middle", "low", "high"), _SHOWN, strict=True)) | {f"new_{end}": f"new_{end}" for end in _SHOWN}
    return columns | {headings[name]: shares[end].tolist() for name, end in shown.items()}
