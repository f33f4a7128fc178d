"""One amount against another, of money or of time, computed in different orders: up to rounding."""

import numpy as np

# Relative. Rounding makes of an amount up to 1e-15 more or less (a mean over cells and draws of the laws, a sum over
# problems); the smallest difference that anybody means, a cent of a thousand million, is 1e-11.
_ROUNDING = 1e-12


def exceeds(amount, limit, of=0.0):
    """Whether an amount is above a limit by more than rounding.

    A budget of 0.3 pays for three attempts at 0.1, though 3 * 0.1 > 0.3 in binary.
    amount, limit, of: any shapes that go together.  of: size of the amounts that either is a difference of, if larger.
    """
    return np.subtract(amount, limit) > rounding(np.maximum(np.maximum(np.abs(amount), np.abs(limit)), of))


def rounding(size):
    """What the order in which amounts are computed may make of one of this size, at most."""
    return _ROUNDING * size
