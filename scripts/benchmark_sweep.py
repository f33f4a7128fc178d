"""Time of a sweep of small points, beside the same work in one point: python scripts/benchmark_sweep.py

All in one process, after Hydra has composed them, as `python -m sim run --multirun` runs them: the points of the sweep
drawn together in one program and judged here, and by other processes, drawn one by one, and the one point; three rounds
side by side, their medians and the ratios, and what the thread that draws spends on it of a core itself. Four minutes
a round on 2 cores at the default size.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line has it

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.host import machine
from sim.app.host.cores import usable
from sim.app.runs.point import Point, run
from sim.app.sweeps import judging, together
from sim.draw.simulate import local_devices


def main():
    """Command line: 0, and a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--points", type=int, default=200, help="points of the sweep (default: 200)")
    parser.add_argument("--problems", type=int, default=2**24, help="problems of each point (default: 16777216)")
    most = judging.MOST if usable() > judging.MOST else max(1, usable() - 1)
    parser.add_argument("--judges", type=int, default=most, help=f"processes that judge (default here: {most})")
    parser.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    asked = parser.parse_args()
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        small, large = (_composed(asked.problems * points) for points in (1, asked.points))
    machine.start_jax(0)
    judged = {"together": True, "judges": asked.judges}
    ways = {"together": {"together": True, "judges": 0}, "judged": judged, "one_by_one": {"together": False}}
    points = {way: [small | own | {"seed": seed} for seed in range(asked.points)] for way, own in ways.items()}
    points["one"] = [large]
    with tempfile.TemporaryDirectory() as folder, judging.judges([Point(judged, None, [], 0)] * asked.points) as judges:
        where = Path(folder)
        for way, own in points.items():  # what has to be compiled is, and judges have loaded what they need
            compiled = [config | {"seed": config["seed"] - 10**6} for config in own]
            _seconds(compiled, where / f"compiled_{way}", judges if way == "judged" else [])
        rounds = [
            {
                way: _seconds(own, where / f"{way}_{number}", judges if way == "judged" else [])
                for way, own in points.items()
            }
            for number in range(asked.rounds)
        ]
    seconds, thread = (
        {way: round(statistics.median(each[way][clock] for each in rounds), 3) for way in points} for clock in (0, 1)
    )
    ratios = {way: [round(each[way][0] / each["one"][0], 3) for each in rounds] for way in ways}
    found = {"device": machine.words(local_devices(0)), "seconds": seconds, "thread": thread, "ratios": ratios}
    print(json.dumps(vars(asked) | found))
    return 0


def _composed(problems):
    overrides = ["experiment=coverage", "figure=false", f"budget.problems={problems}"]
    return OmegaConf.to_container(compose("run", overrides=overrides))


def _seconds(configurations, where, judges):
    """Wall time of these points, as a sweep runs them, and time that this thread had a core."""
    points = [Point(config, where / f"point_{number}", [], number) for number, config in enumerate(configurations)]
    began, sweep = (time.perf_counter(), time.thread_time()), together.Sweep(points)
    with contextlib.redirect_stdout(io.StringIO()):
        outcomes = list(judging.outcomes(points, sweep, judges, lambda point: run(point, partial(sweep.source, point))))
    for outcome in outcomes:
        if outcome.state != "done":
            raise SystemExit(outcome.sentence)
    return time.perf_counter() - began[0], time.thread_time() - began[1]


if __name__ == "__main__":
    raise SystemExit(main())
