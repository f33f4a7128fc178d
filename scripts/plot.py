"""Plot the figure of a folder again, from its tables: python scripts/plot.py [NAME] FOLDER -o FILE

Like `python -m sim plot FOLDER -o FILE`. NAME: the experiment, or sweep, that the folder must hold.
"""

import json
import sys
from pathlib import Path

from sim.app.commands import plot
from sim.experiments import NAMES


def main(arguments):
    """Command line: 0, or 2 after one sentence on stderr."""
    name, *rest = arguments or [""]
    if name not in (*NAMES, "sweep"):
        return plot.main(arguments)
    for where in [Path(argument) for argument in rest if Path(argument).is_dir()]:
        found = _kind(where)
        if found != name:
            print(f"plot: {where}: need a folder of {name}, got one of {found}", file=sys.stderr)
            return 2
    return plot.main(rest)


def _kind(where):
    """What a folder is of: an experiment, a command, a sweep."""
    if (where / "sweep.json").is_file() or (where / "summary.csv").is_file():
        return "sweep"
    try:
        manifest = json.loads((where / "manifest.json").read_text("utf-8"))
        return manifest.get("experiment") or manifest.get("command")
    except (OSError, ValueError, AttributeError):
        return "something else"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
