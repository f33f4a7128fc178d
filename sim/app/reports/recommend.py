"""python -m sim recommend: how many attempts to pay for, from a pilot and prices."""

from sim.app.reports import pilots, recommended
from sim.app.reports.words import recommend_en, recommend_ja
from sim.decision import recommend
from sim.pilot import weights
from sim.records import checked

HELP = """\
python -m sim recommend: choose how many attempts to pay for, from a pilot (problems, attempts, successes).

usage: python -m sim recommend pilot=FILE cost.price=NUMBER [KEY=VALUE ...]

  python -m sim recommend pilot=pilot.csv cost.value=1 cost.price=0.01
  python -m sim recommend pilot=pilot.csv cost.price=0.01 paid=sequential budget.total=50
  python -m sim recommend pilot=cheap.csv cost.price=0.002 against=strong.csv against_price=0.05

Written into outputs/recommend_DATE_TIME: report.html (one file, opens offline), table.csv, stages.csv, problems.csv,
models.csv, verdict.json, manifest.json, payoff.png, and every figure as .svg; with against= difference.csv too, the
coverage of both models and their difference.
Exit code 2 for bad input, in one sentence.
"""
_SHORT = {"against_price": "against.price"}
_WORDS = {"en": recommend_en.WORDS, "ja": recommend_ja.WORDS}


def main(arguments):
    """Run the command; the exit code."""
    return pilots.answered("recommend", HELP, arguments, _answer, _SHORT)


def _answer(config):
    asked, words, figure = recommend.asked(config), _WORDS[pilots.language(config)], checked.flag(config, "figure")
    read = pilots.read(config)
    other = pilots.other(config, read)
    counted = weights.read(config["pilot"]["path"], config["pilot"]["columns"])
    where = pilots.folder_of(config, "recommend")
    theirs = None if other is None or counted is None else _weights_of(other, counted, config["against"])
    found = [recommend.found(pilot, asked, other, counted, theirs) for pilot in read]
    recommended.write(where, found, asked, config, words, figure)
    lines = [line for one in found for line in recommended.lines(one, asked, words)]
    return [*lines, f"written: {where / 'report.html'}"]


def _weights_of(other, counted, section):
    """Weight of each problem of the second model, of its own file or those of the same problems of the first one."""
    own = weights.read(section["path"], section["columns"]) or counted
    for name in other.problem_id:
        if name not in own:
            raise ValueError(f"against: need a weight of every problem, as the first pilot has, got none of {name!r}")
    return own
