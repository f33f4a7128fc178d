"""What a sweep of small points costs beside the same work in one point: python scripts/benchmark_sweep.py

Both in one process, after Hydra has composed them, as `python -m sim run --multirun` runs them; three rounds side by
side, their medians and the ratio. Two minutes a round on 2 cores at the default size.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line has it

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app.configuration import CONF, VERSION_BASE
from sim.app.point import Point, run


def main():
    """Command line: 0, and a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--points", type=int, default=200, help="of the sweep (default: 200)")
    parser.add_argument("--problems", type=int, default=2**24, help="of each of them (default: 16777216)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    asked = parser.parse_args()
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        small, large = (_composed(asked.problems * points) for points in (1, asked.points))
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        _seconds([small], where / "compiled")
        _seconds([large | {"seed": -1}], where / "compiled_large")
        rounds = [
            (
                _seconds([small | {"seed": seed} for seed in range(asked.points)], where / f"sweep_{number}"),
                _seconds([large], where / f"one_{number}"),
            )
            for number in range(asked.rounds)
        ]
    sweep, one = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = [round(of_sweep / of_one, 3) for of_sweep, of_one in rounds]
    found = {"sweep_seconds": round(sweep, 2), "one_seconds": round(one, 2), "ratio": round(sweep / one, 3)}
    print(json.dumps(vars(asked) | found | {"ratios": ratios}))
    return 0


def _composed(problems):
    overrides = ["experiment=coverage", "figure=false", f"budget.problems={problems}"]
    return OmegaConf.to_container(compose("run", overrides=overrides))


def _seconds(configurations, where):
    """Wall time of these points, one after the other."""
    began = time.perf_counter()
    for number, config in enumerate(configurations):
        with contextlib.redirect_stdout(io.StringIO()):
            outcome = run(Point(config, where / f"point_{number}", [], number))
        if outcome.state != "done":
            raise SystemExit(outcome.sentence)
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
