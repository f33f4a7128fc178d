"""What is kept between runs in the user's cache folder: compiled programs, and trained models.

Programs: JAX's persistent compilation cache.

JAX's key of a program holds its code, the compiler's version and options, and the features of the CPU, so a folder may
be shared by machines; and what is read back is the machine code that was written, so no count depends on it.
"""

import contextlib
import errno
import os
import sys
import warnings
from functools import cache
from importlib.metadata import version
from pathlib import Path

SWITCH, MODELS = "SIM_COMPILATION_CACHE", "SIM_MODEL_CACHE"
_OFF, _ON = ("off", "no", "none", "never", "disabled", "false", "0"), ("on", "yes", "true", "1", "")
_LARGEST = 2**26  # bytes: some 500 programs
_EARLY = ("0.8.", "0.9.")  # releases of jaxlib, see where it is used


@cache  # once: a sweep has many points
def start():
    """Have JAX keep programs in the folder that the environment names; in none where that cannot be used.

    To be called before anything else loads JAX. What the user has told JAX itself about its cache stands.
    """
    switch = os.environ.get(SWITCH, "")
    if switch.lower() in _OFF:
        return
    early = version("jaxlib").startswith(_EARLY)
    if early:  # these print an error a program loaded, for preferences (prefer-no-gather) taken for features of a CPU
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import jax

    if jax.config.jax_compilation_cache_dir or not jax.config.jax_enable_compilation_cache:
        return
    if early and sys.platform == "darwin" and not switch:  # there loading a large program can crash
        return
    try:
        where = _made(_folder(switch, "jax"))
    except (OSError, RuntimeError) as error:  # RuntimeError: no home folder
        print(f"sim run: compiled programs are not kept: {error}; need {SWITCH}=FOLDER or off", file=sys.stderr)
        return
    _prune(where, "*-cache")
    # A damaged file (a run was killed, the disk is full) means compiling again, which is no news.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache", UserWarning)
    jax.config.update("jax_compilation_cache_dir", str(where))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def models():
    """The folder of trained models, one folder each (sim.app.runs.learning); None where none is wanted."""
    switch = os.environ.get(MODELS, "")
    if switch.lower() in _OFF:
        return None
    try:
        where = _made(_folder(switch, "models"))
    except (OSError, RuntimeError) as error:  # RuntimeError: no home folder
        print(f"sim run: trained models are not kept: {error}; need {MODELS}=FOLDER or off", file=sys.stderr)
        return None
    _prune(where, "*/*.counts")
    return where


def _made(where):
    where.mkdir(mode=0o700, parents=True, exist_ok=True)  # machine code: nobody else should write it
    if not os.access(where, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(where))
    return where


def _folder(switch, name):
    """The folder that the environment names, or sim/`name` where this system keeps caches."""
    if switch.lower() not in _ON:
        return Path(switch).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "sim" / name
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "sim" / name
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sim" / name


def _prune(where, pattern):
    """Delete the files that have not been used for longest, until the others fit in _LARGEST.

    JAX's own limit needs a package more (filelock).
    """
    with contextlib.suppress(OSError):  # another run prunes too
        states = {path: path.stat() for path in where.glob(pattern)}
        excess = sum(state.st_size for state in states.values()) - _LARGEST
        for path in sorted(states, key=lambda path: states[path].st_atime):
            if excess <= 0:
                break
            path.unlink()
            excess -= states[path].st_size
