"""What tests of recommend share: two pilots, and the command asked about them."""

import csv

import numpy as np
from scipy import stats

from sim.app.reports import recommend
from tests.app import said

PRICE = "cost.price=0.001"
TABLES = "table.csv", "stages.csv", "problems.csv", "models.csv"


def calling(monkeypatch, capsys, tmp_path):
    """Calls the command in a folder with two pilots: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    said.remember_posteriors(monkeypatch)
    successes = np.round(100 * stats.beta(0.35, 5).ppf((np.arange(60) + 0.5) / 60)).astype(int)
    write(tmp_path / "pilot.csv", successes)
    write(tmp_path / "strong.csv", np.minimum(100, 3 * successes + 2))

    def call(*arguments):
        code = recommend.main(list(arguments))
        return code, *capsys.readouterr()

    return call


def write(path, successes):
    lines = [f"p{i},100,{c}" for i, c in enumerate(successes)]
    path.write_text("problem,attempts,successes\n" + "\n".join(lines) + "\n")


def is_number(cell):
    """Whether a cell holds a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
