"""Where the configuration lies, and what Hydra says of a bad one, in one sentence."""

import re
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf" / "run.yaml").is_file() else _PACKAGE.parent / "conf"
# Hydra 1.3 warns when version_base is not given, 1.4 when it is.
VERSION_BASE = {"version_base": "1.3"} if version("hydra-core").startswith("1.3") else {}


def refused(error):
    """One sentence for an exception of the door, of Hydra or of OmegaConf."""
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, UnicodeError):
        return f"{error.filename}: cannot be used as output ({error.strerror})" if error.filename else text
    unknown = re.search(r"Could not override '([^']*)'", text)
    if unknown:
        return f"{unknown[1]}: no such key; `python -m sim run --help` lists them"
    member = re.search(r"Could not find '([^'/]*)/([^']*)'\s*Available options in '[^']*':\s*(.*)", text, re.DOTALL)
    if member:
        return f"{member[1]}: no member {member[2]}; need one of {', '.join(member[3].split())}"
    return " ".join(text.split())
