"""What ended the attempts of each problem: set by the user, checked against the data, or asked for."""

import math
import re

import numpy as np
from scipy import special

from sim.pilot.files import shortened
from sim.pilot.pilot import Stopping

_VALUES = "fixed, first_success, batches or batches:SIZE:CAP"
_BY_CHANCE = 1e-3  # probability below which all problems cut short are not solved by chance alone
_SIGMAS = 4.0  # of a rank correlation that is not chance: 1 file in 30,000
_SIGMAS_FITTING = 2.0  # where batches describe the counts besides


class StoppingUnclear(ValueError):
    """The attempts look as if their outcomes ended them; the user has to say how."""


def parsed(stopping):
    """(kind, batch, cap) of what the user says of stopping; None for each that is left to the data."""
    parts = re.fullmatch(r"(fixed|first_success|batches)|batches:([1-9]\d{0,12}):([1-9]\d{0,12})", str(stopping or ""))
    if stopping is None:
        return None, None, None
    if parts is None:
        raise ValueError(f"pilot.stopping: need {_VALUES}, got {shortened(stopping)}")
    kind, batch, cap = parts.groups()
    if batch and int(batch) > int(cap):
        raise ValueError(f"pilot.stopping: need batches of at most CAP attempts, got {stopping!r}")
    return (kind, None, None) if kind else ("batches", int(batch), int(cap))


def settled(path, pilots, stopping):
    """The pilots with what ended their attempts.

    stopping: fixed, first_success, batches (size and cap from the data), batches:SIZE:CAP, or None: fixed, but
    StoppingUnclear where solved problems have fewer attempts than chance alone leaves them.
    ValueError, in one sentence, where the data contradict what is told.
    """
    kind, batch, cap = parsed(stopping)
    if kind is None:
        size = _size(pilots)
        for pilot in pilots:
            _ask(_where(path, pilot), pilot, size)
    if kind in (None, "fixed"):
        return pilots
    if batch is None:
        batch = 1 if kind == "first_success" else _size(pilots)
    if batch is None:
        raise ValueError(
            f"{path}: need attempts of solved problems that are multiples of a batch for pilot.stopping=batches, "
            "got none; set pilot.stopping=batches:SIZE:CAP or first_success"
        )
    caps = {own for pilot in pilots if (own := cap or _cap(pilot))}
    return [_held(_where(path, pilot), pilot, Stopping(kind, batch, cap or _cap(pilot)), caps) for pilot in pilots]


def _where(path, pilot):
    return f"{path}, {pilot.name}" if pilot.name else str(path)


def _cap(pilot):
    """Attempts of the problems without a success, if all have the same number."""
    ends = set(pilot.attempts[pilot.successes == 0].tolist())
    return int(ends.pop()) if len(ends) == 1 else None


def _size(pilots):
    """Size of the batches: the largest that divides the attempts of all problems solved below the cap; None below 2."""
    size = 0
    for pilot in pilots:
        below = (pilot.successes > 0) & (pilot.attempts < (_cap(pilot) or np.inf))
        size = math.gcd(size, *pilot.attempts[below].astype(int).tolist())
    return size if size > 1 else None


def _held(where, pilot, rule, caps):
    """The pilot with the rule, unless its data contradict it; caps: those of all pilots of the file."""
    against = _against(pilot, rule.batch, rule.cap)
    if against:
        raise ValueError(f"{where}: need attempts as pilot.stopping={rule.kind} leaves them, got {against}")
    if rule.cap is None and (pilot.successes > 0).all() and len(caps) == 1 and pilot.attempts.max() <= max(caps):
        rule = rule._replace(cap=max(caps))  # another pilot of the file says what the cap is
    return pilot._replace(stopping=rule)


def _against(pilot, batch, cap):
    """The first problem that did not end with its first batch with a success, or at the cap, in words; or None."""
    attempts, successes = pilot.attempts, pilot.successes
    part = attempts % batch
    last = np.where(part == 0, batch, part)
    over = attempts > (cap or np.inf)
    odd = (part > 0) & (attempts != cap)
    early = (successes == 0) & (attempts < (cap or 0))
    crowded = successes > last
    soon = np.zeros(len(attempts), bool)
    if pilot.outcomes is not None:
        soon[:] = [row[: len(row) - int(end)].any() for row, end in zip(pilot.outcomes, last, strict=True)]
    wrong = over | odd | early | crowded | soon
    if not wrong.any():
        return None
    i = wrong.argmax()
    problem = f"problem {pilot.problem_id[i]!r} with"
    if over[i] or early[i]:
        return f"{problem} {successes[i]:.0f} successes in {attempts[i]:.0f} attempts and a cap of {cap}"
    if odd[i]:
        return f"{problem} {attempts[i]:.0f} attempts, no multiple of a batch of {batch}"
    if crowded[i]:
        return f"{problem} {successes[i]:.0f} successes, more than its last {last[i]:.0f} attempts hold"
    return f"{problem} a success before its last {last[i]:.0f} attempts"


def _ask(where, pilot, size):
    """StoppingUnclear where the outcomes seem to have ended the attempts."""
    cap = _cap(pilot)
    batches = size is not None and _against(pilot, size, cap) is None
    seen = _sign(pilot, batches, _against(pilot, 1, cap) is None)
    if seen:
        rule = f"batches:{size}:{cap}" if batches and cap else "batches" if batches else "batches:SIZE:CAP"
        raise StoppingUnclear(
            f"{where}: need to know what ended the attempts, as {seen}; set pilot.stopping=fixed if no outcome did, "
            f"pilot.stopping=first_success, or pilot.stopping={rule} (the first batch with a success, or the cap)"
        )


def _sign(pilot, batches, first_success):
    """What speaks for attempts ended by their outcomes, in words, or None; batches, first_success: whether they fit."""
    attempts, solved, top = pilot.attempts, pilot.successes > 0, pilot.attempts.max()
    short = attempts < top
    if not short.any():
        return None
    if solved.all():
        if first_success:
            return f"every problem has exactly 1 success, in {attempts.min():,.0f} to {top:,.0f} attempts"
        correlation = _sigmas(attempts, pilot.successes / attempts)
        if correlation < -(_SIGMAS_FITTING if batches else _SIGMAS):
            return "every problem has a success, and the fewer attempts it has the larger is their share"
        return None
    if solved[short].all():
        if batches or first_success or _all_solved(len(solved), solved.sum(), short.sum()) < _BY_CHANCE:
            return (
                f"the problems with fewer than {top:,.0f} attempts ({short.sum():,}) all have a success, "
                f"and those without one ({(~solved).sum():,}) all have {top:,.0f}"
            )
    elif solved.any() and _sigmas(attempts, solved) < -_SIGMAS:
        with_one, without = (np.median(attempts[chosen]) for chosen in (solved, ~solved))
        return f"problems with a success have fewer attempts (median {with_one:,.0f}) than others ({without:,.0f})"
    return None


def _all_solved(problems, solved, short):
    """Probability that chance puts all short ones among the solved: C(solved, short) / C(problems, short)."""
    ways = [special.gammaln(n + 1) - special.gammaln(n - short + 1) for n in (solved, problems)]
    return math.exp(ways[0] - ways[1])


def _sigmas(x, y):
    """Rank correlation of two columns (Spearman) in its standard deviations, if they are independent."""
    ranks = []
    for column in (x, y):
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[place])
    spread = np.std(ranks, axis=1).prod()
    return np.sqrt(len(x) - 1) * np.cov(ranks, bias=True)[0, 1] / spread if spread > 0 else 0.0
