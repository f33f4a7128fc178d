"""Where the configuration lies, and what Hydra says of a bad one, in one sentence."""

import re

import hydra
from hydra.errors import OverrideParseException
from yaml import MarkedYAMLError
from yaml.reader import ReaderError

from sim.records.defaults import CONF

__all__ = ["CONF", "VERSION_BASE", "refused"]

# Hydra 1.3 warns when version_base is not given, 1.4 when it is.
VERSION_BASE = {"version_base": "1.3"} if hydra.__version__.startswith("1.3") else {}


def refused(error):
    """One sentence for an exception of the door, of Hydra, of OmegaConf or of YAML."""
    text = str(error) or str(error.__cause__ or type(error).__name__)
    if isinstance(error, OverrideParseException):
        text = f"Not read: {error.override}\n{text}"
    for pattern, sentence in _SENTENCES.items():
        found = re.search(pattern, text, re.DOTALL)
        if found:
            return " ".join(sentence.format(*found.groups()).split())
    if isinstance(error, MarkedYAMLError):
        mark, what = error.problem_mark, ": ".join(filter(None, (error.context, error.problem)))
        return f"{mark.name}, line {mark.line + 1}: need YAML that can be read ({what})"
    if isinstance(error, ReaderError):
        return f"{error.name}, position {error.position}: need YAML that can be read ({error.reason})"
    if isinstance(error, UnicodeDecodeError):
        return f"a file of the configuration: need text in UTF-8, {text}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: cannot be used as output ({error.strerror})"
    return " ".join(text.split())


_SENTENCES = {  # what Hydra says, and what it means to whoever typed it
    r"^ValueError raised while resolving interpolation: (output: .*?)\s*full_key:": "{}",
    r"raised while resolving interpolation: \[Errno \d+\] ([^:]*): '([^']*)'": "{1}: cannot be used as output ({0})",
    r"Could not override '([^']*)'": "{}: no such key; `python -m sim run --help` lists them",
    r"Could not find '([^'/]*)/([^']*)'\s*Available options in '[^']*':\s*(.*?)\s*(?:Config search|$)": (
        "{}: no member {}; need one of: {}"
    ),
    r"no viable alternative at input '([^']*)'\s*full_key: (\S+)": "{1}: cannot be read, got {0}",
    r"Config group override must be a string or a list. Got (\w+)": "a group needs the name of a member, got {}",
    r"Ambiguous value for argument '([^']*)'": "{}: several values need --multirun",
    r"^Not read: \+*budget\.until=([^=\n]*)=([^\n]*)": "budget.until: need {0}:{1}, got {0}={1}",
    r"^Not read: ([^\n]*)\n.*missing EQUAL": "{}: need KEY=VALUE",
    r"^Not read: ([^\n]*)": (
        "{}: cannot be read; need KEY=VALUE, with quotes around a value that has special characters"
    ),
}
