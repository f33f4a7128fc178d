"""What attempts cost and what their answers are worth."""

from typing import NamedTuple

from sim.decision.amounts import exceeds

_MILLION = 1e6


class Prices(NamedTuple):
    """All in one currency.

    value: V of a right answer that is accepted.  wrong: W lost by a wrong one.  each: c of an attempt, its
    verification included.  setup: once for a problem that is tried at all: what is fixed, and what the first attempt
    costs more than those after it.  false_accept, false_reject: of the verifier.
    sequential: paid up to the first attempt accepted; else all k of them.  most: k of which no more are made.
    """

    value: float
    each: float
    wrong: float = 0.0
    setup: float = 0.0
    false_accept: float = 0.0
    false_reject: float = 0.0
    sequential: bool = False
    most: int = 10**9


def of_tokens(prompt_price, completion_price, prompt, completion, cached):
    """Price of the first attempt at a problem, and of each after it.

        first = (x prompt + y completion) / 10^6,    later = (cached x prompt + y completion) / 10^6

    prompt_price, completion_price: x, y of a million tokens.  prompt, completion: tokens.  cached: share of the
    prompt's price when it is read again.
    """
    written = completion_price * completion / _MILLION
    read = prompt_price * prompt / _MILLION
    return read + written, cached * read + written


def within(limit, seconds, slots):
    """Most attempts that are back within so many seconds, as many at a time as there are slots."""
    turns = int(limit / seconds) + 1
    return slots * (turns - bool(exceeds(turns * seconds, limit)))
