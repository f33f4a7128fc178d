"""What a run has written, as a value."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.records import folder
from sim.records.tabular import Tabular


@dataclass(frozen=True, repr=False, eq=False)
class Run(Tabular):
    """A run folder. columns: of table.csv.  verdicts: of verdict.json.  manifest: configuration, versions, seed."""

    where: Path
    columns: dict
    verdicts: list
    manifest: dict

    def table(self) -> dict[str, np.ndarray]:
        """Columns of table.csv."""
        return self.columns

    def __repr__(self) -> str:
        words = [f"{one['law']}: {one['verdict']}" for one in self.verdicts]
        return f"<Run of {self.manifest['experiment']} in {self.where}: {'; '.join(words) or 'simulation only'}>"


def load(path: str | Path) -> Run:
    """Load the table, verdicts and manifest written by ``python -m sim run``.

    Parameters
    ----------
    path : str or Path
        Folder of one experiment, or of a run with one experiment.

    Returns
    -------
    Run
        With `table()`, `verdicts` and `manifest`.

    Raises
    ------
    ValueError
        If the folder is not one of a run, or holds several experiments.

    Examples
    --------
    >>> import sim
    >>> sim.load("nowhere")
    Traceback (most recent call last):
    ValueError: nowhere: no such folder, need a run folder with table.csv, verdict.json and manifest.json
    """
    if not isinstance(path, str | Path) or not str(path):
        raise ValueError(f"path: need the name of a folder, got {path!r}")
    where = Path(path)
    inside = sorted(one.parent for one in where.glob("*/manifest.json"))
    if len(inside) > 1:
        raise ValueError(f"{where}: need one of its experiments, {', '.join(one.name for one in inside)}")
    where = inside[0] if inside else where
    found = folder.read_run(where)
    return Run(where, found.table, found.verdicts, found.manifest)
