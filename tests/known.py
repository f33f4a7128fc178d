"""Posteriors of which everything is known: laws of one's own with their probabilities."""

from types import SimpleNamespace

import numpy as np


def posterior(*laws, shares=None):
    """So many laws, weights [1 + cells] each, equally likely unless shares say otherwise."""
    mixing = np.atleast_2d(np.concatenate([np.atleast_2d(law) for law in laws]))
    weight = np.full(len(mixing), 1 / len(mixing)) if shares is None else np.asarray(shares, float)
    return SimpleNamespace(weight=weight, mixing=mixing)
