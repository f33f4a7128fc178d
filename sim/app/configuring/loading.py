"""What every run loads, in less time: SciPy's special functions, Hydra's files."""

from contextlib import contextmanager

import numpy as np

_UNUSED = {"ctypeslib", "f2py", "polynomial", "testing"}  # numpy loads them when they are first named


def read_by_libyaml():
    """Have OmegaConf read files with the parser of libyaml, in a tenth of the time, where PyYAML was built with it.

    OmegaConf takes yaml.SafeLoader, PyYAML's own, and has no setting for another.
    """
    import yaml

    if yaml.__with_libyaml__:
        yaml.SafeLoader = yaml.CSafeLoader


def load_special():
    """Load scipy.special in 60 % of its time.

    SciPy copies every public name of NumPy, its own Fortran compiler front end and test tools among them, and so has
    them loaded. Here they are not listed meanwhile; they can still be had by name.
    """
    with _unlisted(_UNUSED):
        import scipy.special  # noqa: F401


@contextmanager
def _unlisted(names):
    """Within, `from numpy import *` and dir(numpy) leave out so named submodules."""
    everything, submodules = np.__all__, getattr(np, "__numpy_submodules__", set())
    np.__all__ = [name for name in everything if name not in names]
    np.__numpy_submodules__ = submodules - names
    try:
        yield
    finally:
        np.__all__, np.__numpy_submodules__ = everything, submodules
