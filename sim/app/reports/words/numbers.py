"""Numbers as the reports say them."""

import numpy as np

_PERCENT = "\u00a0%"


def percent(value):
    """0.123 as 12 %, with a digit more near both ends."""
    near = min(value, 1 - value) < 0.1 and 0 < value < 1
    digits = f"{100 * value:.1f}" if near else f"{100 * value:.0f}"
    return f"{digits}{_PERCENT}" if digits != "100.0" else f"100{_PERCENT}"


def between(low, high):
    """Two shares as 0 and 31 %."""
    return f"{percent(low).removesuffix(_PERCENT)} and {percent(high)}"


def count(value):
    """10000 as 10,000."""
    return f"{value:,.0f}"


def few(value):
    """54.2 as 54, 3.14 as 3.1."""
    return f"{value:,.1f}" if value < 9.95 else count(value)


def money(value, currency):
    """0.4 as 0.40 USD: cents, or three digits of what is smaller."""
    size = abs(value)
    decimals = 0 if size >= 1000 else 2 if size >= 0.1 or size == 0 else int(2 - np.floor(np.log10(size)))
    return f"{value:,.{min(decimals, 15)}f}\u00a0{currency}"


def share(value):
    """0.0031 as 0.3 %: of a loss, of which nobody needs many digits."""
    return "less than 0.1\u00a0%" if value < 0.001 else f"{100 * value:.{1 if value < 0.1 else 0}f}\u00a0%"


def alike(first, second):
    """Whether two models are worth the same."""
    return abs(first.net - second.net) <= 1e-9 * max(abs(first.net), abs(second.net))
