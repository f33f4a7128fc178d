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
    folders = [Path(argument) for argument in rest if Path(argument).is_dir()]
    for where in folders:
        manifest = where / "manifest.json"
        found = json.loads(manifest.read_text("utf-8")).get("experiment") if manifest.is_file() else "sweep"
        if found != name:
            print(f"plot: {where}: need a folder of {name}, got one of {found}", file=sys.stderr)
            return 2
    return plot.main(rest)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
