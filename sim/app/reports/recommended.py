"""What recommend says and writes: lines, tables, figures, the report."""

import numpy as np

from sim.app.reports import against, pilots
from sim.app.reports.words.numbers import alike, count
from sim.calibration import curve
from sim.calibration.ansatz import MISFITS
from sim.decision.amounts import exceeds
from sim.records import folder

_FIGURES = "payoff", "stages", "models", against.NAME


def lines(one, asked, words):
    """What is said on the terminal: what is decided first, whether the model fits before it."""
    return [*_before(one, words), *_first(one, asked, words), *_further(one, asked, words)]


def leads(one, asked):
    """What is said before the best number of attempts, keys of the report's words.

    What a budget buys, if there is one; then what is worth more: a second model, or stages for which there is time.
    Nothing where the pilot cannot tell.
    """
    if one.reasons:
        return []
    best = max(float(one.own.net.mean), 0.0)
    found = [] if one.allotment is None else ["budget"]
    found += ["rivals"] if one.rivals and one.rivals.gain > 0 and not alike(*one.rivals.rows[:2]) else []
    late = asked.limit is not None and exceeds(_stages_seconds(one, asked), asked.limit)
    return found + (["stages"] if exceeds(one.stages_net, (1 + asked.loss) * best) and not late else [])


def _before(one, words):
    """Where the model does not fit, and what attempts that repeat each other are worth."""
    test = one.test
    said = [_named(one) + words["misfit"](test.p_value)] if test.verdict == MISFITS else []
    return said + ([] if test.effective is None else [words["effective"](test.attempts, test.effective)])


def _first(one, asked, words):
    """What is worth more than the best number of attempts, or was asked about, and last this number."""
    said, before = [], []
    for lead in leads(one, asked):
        said.append(_named(one) + words["after"](before, _line(lead, one, asked, words)))
        before.append(lead)
    return [*said, _named(one) + words["after"](before, _sentence(one, asked, words))]


def _named(one):
    return f"{one.pilot.name}: " if one.pilot.name else ""


def _sentence(one, asked, words):
    weighed = _weighed(one, words, None if asked.new else one.weights and one.weights.own)
    if one.reasons:
        why = " ".join(words[reason](value) for reason, value in one.reasons)
        return words["cannot"](one.own, asked, why, weighed)
    return words["sentence"](one.own, asked, weighed)


def _weighed(one, words, share):
    """What is said beside a share of problems where these have weights.

    share: of all weight, Estimate or a mean; None for new problems, which have none.
    """
    if one.weights is None:
        return ""
    return words["alike"] if share is None else words["weighed"](share)


def _line(key, one, asked, words):
    """Of budget, rivals or stages."""
    own = one.weights
    if key == "budget":
        return words["budget line"](one.allotment, asked, _weighed(one, words, own and own.budget))
    if key == "rivals":
        return words["rivals line"](one.rivals, asked) + (words["all alike"] if own else "")
    share = own.stages[-1] if own and not asked.new and len(own.stages) else None
    more = one.stages_net - max(float(one.own.net.mean), 0.0) if "stages" in leads(one, asked) else None
    return words["stages line"](one.stages, asked, _weighed(one, words, share), more)


def _other(one, asked, words):
    """Of the problems that were not asked about, and of a limit."""
    said = [words["limited"](one.own.attempts)] if one.own.capped else []
    kind, other = ("these", one.these) if asked.new else ("new", one.new)
    share = one.weights and one.weights.own if asked.new else None
    return [*said, words["other line"](kind, other, _weighed(one, words, share))]


def _further(one, asked, words):
    led, said = leads(one, asked), _other(one, asked, words)
    rest = ["stages"] + (["budget"] if one.allotment is not None else []) + (["rivals"] if one.rivals else [])
    said += [_line(key, one, asked, words) for key in rest if key not in led]
    if one.rivals:
        said.append(against.sentence(one.difference, words["language"]))
    elif one.own.attempts:
        said.append(_needed(one, asked, words))
    if asked.seconds is not None:
        said.append(words["seconds line"](_seconds(one, asked), _stages_seconds(one, asked)))
    if asked.flops is not None:
        said.append(words["flops line"](_flops(one, asked)))
    return said


def _needed(one, asked, words):
    """What a better model would need; nothing where no attempts pay."""
    net = max(float(one.own.net.mean), 0.0)
    return words["needed line"](one.needed[0], asked.prices.value - net, asked)


def _seconds(one, asked):
    return float(np.ceil(one.own.attempts / asked.slots) * asked.seconds)


def _stages_seconds(one, asked):
    """Of all stages one after the other, attempts of each at the same time."""
    steps = np.diff(one.stages.attempts, prepend=0)
    return float(np.ceil(steps / asked.slots).sum() * asked.seconds)


def _flops(one, asked):
    spent = one.own.cost.mean - asked.prices.setup * (one.own.attempts > 0)
    return float(asked.flops * spent / asked.prices.each)


# What is written ------------------------------------------------------------------------------------------------------


def write(where, found, asked, config, words, figure):
    """Write all files of the answer."""
    pilots.without_figures(where, "recommend", _FIGURES)
    tables = {"table": _table, "stages": _stages, "problems": _updates, "models": _rivals}
    for name, table in tables.items():
        folder.write_columns(where / f"{name}.csv", _joined([table(one) for one in found], found))
    if found[0].difference:
        against.write(where, found[0].difference)
    folder.write_json(where / "verdict.json", [_verdict(one, asked) for one in found])
    folder.write_json(where / "manifest.json", pilots.manifest("recommend", [one.pilot for one in found], config))
    drawn = [_figures(one, asked, where, position, len(found)) if figure else {} for position, one in enumerate(found)]
    _report(where, found, drawn, asked, words)


def _joined(tables, found):
    columns = {"model": [one.pilot.name for one, table in zip(found, tables, strict=True) for _ in table["attempts"]]}
    return columns | {name: [float(x) if not isinstance(x, str) else x for table in tables for x in table[name]]
                      for name in tables[0]}  # fmt: skip


def _table(one):
    """Columns of table.csv; weighted: of all weight, where the pilot's problems have weights."""
    nothing = np.full(len(one.curves.attempts), np.nan)
    band = one.weights.curve if one.weights else (nothing, nothing, nothing)
    return _payoff(one.curves) | dict(zip(("weighted", "weighted_low", "weighted_high"), band, strict=True))


def _payoff(curves):
    columns = {"attempts": curves.attempts}
    for name in ("solved", "cost", "net", "gain"):
        band = getattr(curves, name)
        columns |= dict(zip((name, f"{name}_low", f"{name}_high"), band, strict=True))
    return columns | {"price": np.full(len(curves.attempts), curves.price)}


def _stages(one):
    found = one.stages
    columns = {name: getattr(found, name) for name in ("attempts", "solved", "left", "cost", "hazard", "gain")}
    return columns | {"price": np.full(len(found.attempts), found.price)}


def _updates(one):
    names = ("attempts", "problems", "success", "success_low", "success_high", "further", "solved", "cost")
    return dict(zip(names, one.updates, strict=True))


def _rivals(one):
    rows = one.rivals.rows if one.rivals else []
    columns = {"which": [("first", "second")[row.model] for row in rows]}
    return columns | {
        name: [getattr(row, name) for row in rows] for name in ("what", "attempts", "solved", "cost", "net")
    }


def _decision(one, weights=None):
    columns = {name: getattr(one, name) for name in ("attempts", "low", "high", "best_low", "best_high")}
    for name in ("solved", "wrong", "cost", "net"):
        columns[name] = getattr(one, name)._asdict()
    columns["weighted"] = weights and weights.own._asdict()
    return columns | {"regret": one.regret, "regret_share": one.share, "capped": one.capped}


def _verdict(one, asked):
    rivals, allotment = one.rivals, one.allotment
    return {
        "model": one.pilot.name,
        "verdict": "cannot tell" if one.reasons else "recommended",
        "cannot_tell": [reason for reason, _ in one.reasons],
        "test": {"verdict": one.test.verdict, "p_value": one.test.p_value},
        "leads": leads(one, asked),
        "problems": "new" if asked.new else "these",
        "attempts": one.own.attempts,
        "these_problems": _decision(one.these, one.weights),
        "new_problems": _decision(one.new),
        "stages": one.stages.attempts.tolist(),
        "staged": _staged(one, asked),
        "budget": None if allotment is None else _allotment(one),
        "against": None if rivals is None else {
            "better": rivals.better, "gain": rivals.gain, "rows": [row._asdict() for row in rivals.rows],
            **against.section(one.difference, one.other),
        },
        "better_model": dict(zip((f"{x:g}" for x in one.factors), one.needed.tolist(), strict=True)),
        "seconds": None if asked.seconds is None else _seconds(one, asked),
        "flops": None if asked.flops is None else _flops(one, asked),
    }  # fmt: skip


def _staged(one, asked):
    """What the plan of stages comes to, or None."""
    if not len(one.stages.attempts):
        return None
    weighted = float(one.weights.stages[-1]) if one.weights and not asked.new else None
    solved, cost = float(one.stages.solved[-1]), float(one.stages.cost[-1])
    seconds = None if asked.seconds is None else _stages_seconds(one, asked)
    return {"solved": solved, "weighted": weighted, "cost": cost, "net": one.stages_net, "seconds": seconds}


def _allotment(one):
    found = one.allotment
    return {
        "weighted": one.weights and one.weights.budget,
        **{name: float(getattr(found, name)) for name in ("problems", "solved", "cost", "hazard")},
        "binds": bool(found.binds),
        "attempts": found.attempts.astype(float).tolist(),
        "of_problems": np.asarray(found.size, float).tolist(),
    }


def _figures(one, asked, where, position, of):
    """SVG of each figure, kept as .svg; the first one as .png too."""
    from sim.app.reports import page
    from sim.figures import calibrate as drawing
    from sim.figures import recommend
    from sim.records import writing

    own = one.own
    made = {"payoff": recommend.payoff(_payoff(one.curves), own.attempts, (own.low, own.high), asked.currency)}
    if len(one.stages.attempts):
        made["stages"] = recommend.stages(_stages(one), asked.currency)
    if one.rivals:
        best = [row.cost for row in one.rivals.rows[:2]]
        both = [_payoff(curves) for curves in (one.curves, one.rival_curves)]
        made["models"] = recommend.models(both, best, asked.currency)
        made[against.NAME] = against.figure(one.difference)
    text = {name: page.svg(figure) for name, figure in made.items()}
    end = "" if of == 1 else f"_{position}"
    for name, shown in text.items():
        writing.whole(where / f"{name}{end}.svg", shown.encode())
    drawing.png(made["payoff"], where / f"payoff{end}.png")
    return text


# The report -----------------------------------------------------------------------------------------------------------


def _report(where, found, figures, asked, words):
    from sim.app.reports import page

    parts = []
    for one, drawn in zip(found, figures, strict=True):
        parts += _parts(one, drawn, asked, words)
    parts.append(page.Part(words["would break"], words["assumptions"]))
    sentence = " ".join(line for one in found for line in (*_before(one, words), _first(one, asked, words)[0]))
    page.write(where / "report.html", words["language"], words["title"], sentence, parts)


def _parts(one, drawn, asked, words):
    from sim.app.reports import page

    heads, name = words["headings"], _named(one)
    first = _first(one, asked, words)[1:]  # after what stands at the head of the page

    def part(key, texts, columns=None, figure=None):
        return page.Part(name + words[key], tuple(texts), columns, drawn.get(figure))

    updates = one.updates
    parts = [
        part("payoff", (*first, *words["payoff text"](asked)), _shown(one, heads), "payoff"),
        part("kinds", (*words["kinds text"], *_other(one, asked, words)), _kinds(one, heads)),
        part(
            "stages",
            (_line("stages", one, asked, words), *words["stages text"]),
            {heads[key]: values.tolist() for key, values in _stages(one).items()} if len(one.stages.attempts) else None,
            "stages",
        ),
        part("updates", words["updates text"] if len(updates.attempts) else (words["no updates"],), _left(one, heads)),
    ]
    if one.allotment is not None:
        parts.append(part("budget", (_line("budget", one, asked, words), words["budget text"]),
                          _allowed(one, asked, heads)))  # fmt: skip
    if one.rivals:
        texts = (_line("rivals", one, asked, words), *words["rivals text"](one.same))
        parts.append(part("rivals", texts, _models(one, heads), "models"))
        parts.append(against.part(one.difference, words["language"], drawn.get(against.NAME)))
    elif one.own.attempts:
        columns = {heads["factor"]: list(one.factors), heads["needed"]: one.needed.tolist()}
        parts.append(part("needed", (_needed(one, asked, words), *words["needed text"]), columns))
    return parts


def _shown(one, heads):
    """Rows enough for a reader: near 1, 2, 5, 10, ..., and the number recommended."""
    table, own = _table(one), one.own
    shares = ("solved", "solved_low", "solved_high")
    shares += ("weighted", "weighted_low", "weighted_high") if np.isfinite(table["weighted"]).all() else ()
    names = ("attempts", *shares, "cost", "net", "gain", "price")
    chosen = [k in (own.attempts, own.low, own.high) or pilots.near_round(k, 0.03) for k in table["attempts"]]
    return {heads[name]: table[name][chosen].tolist() for name in names}


def _kinds(one, heads):
    both = one.these, one.new
    columns = {heads["problems"]: [heads["these"], heads["new"]]}
    columns |= {heads[n]: [getattr(x, n) for x in both] for n in ("attempts", "low", "high", "best_low", "best_high")}
    columns |= {heads["solved"]: [x.solved.median for x in both], heads["solved_low"]: [x.solved.low for x in both]}
    columns |= {heads["solved_high"]: [x.solved.high for x in both]}
    columns |= {heads["weighted"]: [one.weights.own.median, None]} if one.weights else {}
    columns |= {heads["wrong"]: [x.wrong.median for x in both]}
    columns |= {heads["cost"]: [f"{x.cost.mean:.3g} ({x.cost.low:.3g} - {x.cost.high:.3g})" for x in both]}
    return columns | {heads["net"]: [x.net.mean for x in both], heads["regret"]: [x.regret for x in both]}


def _left(one, heads):
    if not len(one.updates.attempts):
        return None
    names = ("made", "problems", "success", "s_low", "s_high", "further", "further_solved", "further_cost")
    return {heads[name]: values.tolist() for name, values in zip(names, one.updates, strict=True)}


def _allowed(one, asked, heads):
    """The allotment by counts, as many rows as a reader takes in."""
    found = one.allotment
    if len(found.attempts) == 1:
        return {heads["problems"]: [float(found.problems)], heads["attempts"]: [float(found.attempts[0])]}
    likelihood = curve.likelihood(one.pilot)
    first = np.unique(likelihood.row, return_index=True)[1]
    seen = one.pilot.successes[first], one.pilot.attempts[first]
    order = np.lexsort((seen[1], seen[0] / seen[1]))
    rows = order[np.unique(np.round(np.linspace(0, len(order) - 1, min(12, len(order)))).astype(int))]
    return {
        heads["seen"]: [f"{count(seen[0][row])} / {count(seen[1][row])}" for row in rows],
        heads["problems"]: [float(found.size[row]) for row in rows],
        heads["attempts"]: [float(found.attempts[row]) for row in rows],
    }


def _models(one, heads):
    rows = one.rivals.rows
    columns = {heads["model"]: [heads[("first", "second")[row.model]] for row in rows]}
    columns |= {heads["use"]: [heads[row.what] for row in rows]}
    return columns | {heads[n]: [getattr(row, n) for row in rows] for n in ("attempts", "solved", "cost", "net")}
