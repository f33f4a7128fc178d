"""What the report of recommend says, in English."""

import numpy as np

from sim.app.reports.words import calibrate
from sim.app.reports.words.numbers import alike, count, few, money, percent, share


def _attempts(number):
    return f"{count(number)} attempt{'' if number == 1 else 's'}"


def _weighed(share):
    """What follows a share of problems: that of their weight, with its interval where there is one."""
    if np.ndim(share) == 0 and not isinstance(share, tuple):
        return f" of problems and {percent(share)} of their weight"
    return f" of problems and {percent(share.median)} ({percent(share.low)} to {percent(share.high)}) of their weight"


def _outcome(one, currency, weighed):
    return (
        f"about {percent(one.solved.median)} ({percent(one.solved.low)} to {percent(one.solved.high)}){weighed} solved "
        f"for {money(one.cost.mean, currency)} a problem"
    )


def _range(one, loss):
    if one.low == one.high:
        return ""
    return f" (anything from {count(one.low)} to {count(one.high)} is within {100 * loss:g}\u00a0% of the best)"


def _sentence(one, asked, weighed):
    if one.attempts == 0:
        return f"Pay for no attempts: at {money(asked.prices.each, asked.currency)} an attempt, none pays."
    if asked.prices.sequential:
        head = f"Try a problem up to {_attempts(one.attempts).replace('attempt', 'time')}, until an answer is accepted"
    else:
        head = f"Pay for {_attempts(one.attempts)} a problem"
    return (
        f"{head}{_range(one, asked.loss)}: {_outcome(one, asked.currency, weighed)}; "
        f"deciding on this pilot alone forgoes about {share(one.share)} of the achievable value."
    ).replace("about less", "less")


def _cannot(one, asked, why, weighed):
    ends = ""
    if one.best_low < one.best_high:
        ends = f": the best number lies anywhere from {count(one.best_low)} to {count(one.best_high)} (90 % interval)"
    outcome = _outcome(one, asked.currency, weighed)
    now = f"{_attempts(one.attempts)} a problem, {outcome}" if one.attempts else "no attempts"
    return (
        f"This pilot cannot tell how many attempts to pay for{ends}. {why} If it must be decided now: {now}, "
        f"at a mean loss of {money(one.regret, asked.currency)} a problem compared with knowing how hard the problems "
        "are."
    )


def _stages(found, asked, weighed, more):
    ends = found.attempts
    if not len(ends):
        return "No stage of attempts pays."
    better = "" if more is None else f", {money(more, asked.currency)} a problem better than all attempts at once"
    return (
        f"In stages: try {' + '.join(count(step) for step in np.diff(ends, prepend=0))} times, check after each stage, "
        f"continue with unsolved problems: {percent(found.solved[-1])}{weighed} solved for "
        f"{money(found.cost[-1], asked.currency)} a problem{better}."
    )


def _budget(found, asked, weighed):
    number = f"{count(found.problems)} problems"
    bought = f"{percent(found.solved)}{weighed} solved for {money(found.cost, asked.currency)}"
    if len(found.attempts) > 1:
        what = f"more attempts where the next one solves with a probability of at least {found.hazard:.2g}"
    else:
        what = f"{'up to ' if asked.prices.sequential else ''}{_attempts(found.attempts[0])} each"
    rest = "" if found.binds else "; more money would not pay"
    return f"A budget of {money(asked.total, asked.currency)} for {number} buys {what}: {bought}{rest}."


def _rivals(found, asked):
    first, second = found.rows[:2]
    better = "second" if found.gain > 0 else "first"
    chance = found.better if found.gain > 0 else 1 - found.better
    buy = f"The {better} model is the better buy (probability {percent(chance)})"
    head = "Neither model is the better buy" if alike(first, second) else buy
    return (
        f"{head}: each at its best number of attempts, the first solves "
        f"{percent(first.solved)} with {_attempts(first.attempts)} for {money(first.cost, asked.currency)} a problem, "
        f"the second {percent(second.solved)} with {_attempts(second.attempts)} for "
        f"{money(second.cost, asked.currency)}; net {money(first.net, asked.currency)} against "
        f"{money(second.net, asked.currency)}."
    )


def _other(kind, one, weighed):
    of = "New problems of the same kind" if kind == "new" else "These very problems"
    if one.attempts == 0:
        return f"{of}: no attempts pay."
    low, high = percent(one.solved.low), percent(one.solved.high)
    return f"{of}: {_attempts(one.attempts)}, {percent(one.solved.median)} ({low} to {high}){weighed} solved."


_INSTEAD = {"budget": "without a budget", "rivals": "with the first model", "stages": "all attempts at once"}


def _after(said, sentence):
    """A sentence after others: what it holds for, where these do not."""
    if not said:
        return sentence
    words = ", ".join(_INSTEAD[key] for key in said)
    mark = ", " if sentence.startswith("In stages: ") else ": "
    return f"{words[0].upper()}{words[1:]}{mark}{sentence[0].lower()}{sentence[1:]}"


def _needed(rate, dearest, asked):
    if rate > 1:
        return "No model that is asked once at this price or above is worth as much, however good."
    return (
        f"A better model, asked once, is worth as much as the best number of attempts if it solves {percent(rate)} at "
        f"the price of one of them; one that solves every problem is worth up to {money(dearest, asked.currency)}."
    )


WORDS = {
    "language": "en",
    "title": "How many attempts to pay for",
    "misfit": lambda p: (
        f"The memorising model does not fit this pilot (p = {p:.2g}); "
        "the numbers below come from a posterior that does."
    ),
    "effective": lambda attempts, independent: (
        f"Attempts repeat each other: for estimating a share of successes, {count(attempts)} attempts carry about as "
        f"much as {few(independent)} independent ones. The intervals assume independent attempts and are too narrow."
    ),
    "after": _after,
    "weighed": _weighed,
    "alike": " of problems, all counted alike,",
    "all alike": " Shares of this comparison count all problems alike.",
    "sentence": _sentence,
    "cannot": _cannot,
    "solved": lambda solved: (
        f"{f'Only {solved}' if solved else 'None'} of its problems {'were' if solved > 1 else 'was'} solved at all."
    ),
    "attempts": calibrate.EN["attempts"],
    "factor": lambda ends: f"Its ends differ by a factor of {ends[1] / max(ends[0], 1):.0f}.",
    "limited": lambda k: f"More would pay, but no more than {count(k)} are allowed (latency.limit, attempts.max).",
    "stages line": _stages,
    "budget line": _budget,
    "rivals line": _rivals,
    "needed line": _needed,
    "other line": _other,
    "seconds line": lambda seconds, staged: (
        f"A problem takes up to {seconds:,.4g} s{f', in stages up to {staged:,.4g} s' if staged else ''}."
    ),
    "flops line": lambda each: f"It takes {each:.3g} FLOPs a problem on average.",
    "payoff": "Where another attempt stops paying",
    "payoff text": lambda asked: (
        "Above: value of solved problems less the cost of attempts, per problem; the shaded numbers of attempts are "
        f"within {100 * asked.loss:g} % of the best. Below: what one more attempt is worth, and its price (dashed). "
        "Bands: 90 %.",
        "Attempts end with the first accepted answer: the lower curve is for a problem that is still unsolved."
        if asked.prices.sequential
        else "All attempts are paid for, whatever their outcome.",
    ),
    "kinds": "These problems, and new ones",
    "kinds text": (
        "These: the problems of the pilot, attempted again. New: other problems of the same kind. The interval of the "
        "best number covers what would be best if the difficulty of these problems (for new ones: of such problems) "
        "were known; the regret is the average loss from not knowing it.",
    ),
    "stages": "In stages",
    "stages text": (
        "Attempts double with each stage, or grow faster; after each stage, problems with an accepted answer are done. "
        "The hazard is the chance that the next attempt solves a problem that is still unsolved, "
        "E[s(1-s)^k] / E[(1-s)^k]; it falls with every failure, and attempts end where value times hazard falls below "
        "the price. With a verifier that errs, it is the mean worth of the attempt, in values of a problem.",
    ),
    "updates": "The unsolved problems of the pilot",
    "updates text": (
        "Those without a success, by the attempts already made: probability that one attempt solves such a problem, "
        "and how many further attempts pay.",
    ),
    "no updates": "Every problem of the pilot was solved at least once.",
    "budget": "The budget",
    "budget text": (
        "Most attempts at a problem, by its successes in the pilot. The next one is worth the same everywhere."
    ),
    "rivals": "Two models",
    "rivals text": lambda same: (
        "Each at its own best number of attempts and at the cost of the other's best; the second also asked once.",
        "Both pilots have the same problems."
        if same
        else "The pilots have different problems: the comparison holds as far as these are alike.",
    ),
    "needed": "Attempts, or a better model?",
    "needed text": (
        "Pass@1 that a model needs, asked once at a multiple of the price, to be worth as much as the best number of "
        "attempts of this one; above 1 there is no such model.",
    ),
    "would break": "Assumptions",
    "assumptions": (
        "Attempts at a problem are independent, with a success probability of its own that does not change.",
        "Successes in the pilot are right answers. The verifier errs at the rates given, independently each time.",
        "Decisions use mean values: risk is not priced. Values and prices do not change with the number of attempts.",
        "How far the memorising model fits the pilot: python -m sim calibrate.",
    ),
    "headings": {
        "attempts": "attempts k", "solved": "solved", "solved_low": "5 %", "solved_high": "95 %",
        "weighted": "of all weight", "weighted_low": "of weight, 5 %", "weighted_high": "of weight, 95 %",
        "cost": "cost", "net": "net value", "gain": "one more is worth", "price": "and costs", "problems": "problems",
        "these": "these", "new": "new", "low": "as good from", "high": "to", "best_low": "best, 5 %",
        "best_high": "best, 95 %", "wrong": "wrong accepted", "regret": "regret", "left": "unsolved",
        "hazard": "hazard", "made": "attempts made", "success": "success s", "s_low": "s, 5 %", "s_high": "s, 95 %",
        "further": "further attempts", "further_solved": "they solve", "further_cost": "they cost", "model": "model",
        "use": "use", "best": "own best", "spend of the other": "at the other's spend", "once": "once",
        "spend of once": "at the spend of the second once", "factor": "times the price", "needed": "pass@1 needed",
        "first": "first", "second": "second", "seen": "successes / attempts",
    },
}  # fmt: skip
