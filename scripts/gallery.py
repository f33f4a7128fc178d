"""Every experiment and every member of an axis as a figure: python scripts/gallery.py [NAME ...] [--simulate]

Plots outputs/reference/gallery/NAME/figure.png again from the tables beside it; with --simulate the tables are
simulated again first, in a few minutes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sim.figures.files import draw, save
from sim.records.folder import read_run

ROOT = Path(__file__).resolve().parents[1]
WHERE = ROOT / "outputs" / "reference" / "gallery"
KEPT = ("table.csv", "verdict.json", "manifest.json", "figure.png")
FURTHER = {"generative": ("fits.csv", "strip.csv")}
LEARNT = "allocation.difficulty=learnt", "allocation.budget=1e7"
COVERAGE, LEARNING, JOINT = "experiment=coverage", "experiment=learning_curve", "experiment=joint"
GALLERY = {  # a name, and what is typed after `python -m sim run`
    "features_finite": [LEARNING, "features.size=1e5", "examples.max=1e9"],
    "features_uniform": [LEARNING, "features=uniform"],
    "features_exponential": [LEARNING, "features=exponential"],
    "memory_depth": [LEARNING, "memory.depth=3"],
    "memory_capacity": [LEARNING, "memory=capacity"],
    "memory_guessing": [JOINT, "memory=guessing", "budget.problems=16777216"],
    "memory_multi_trace": [JOINT, "memory=multi_trace", "difficulty=certain", "budget.problems=4194304"],
    "difficulty_ceiling": [COVERAGE, "difficulty.ceiling=0.9"],
    "difficulty_scaled_beta": [COVERAGE, "difficulty=scaled_beta"],
    "difficulty_scaled_kumaraswamy": [COVERAGE, "difficulty=scaled_kumaraswamy"],
    "difficulty_continuous_bernoulli": [COVERAGE, "difficulty=continuous_bernoulli"],
    "difficulty_uniform": [COVERAGE, "difficulty=uniform", "difficulty.low=0.01", "attempts.max=1e4"],
    "difficulty_reciprocal": [COVERAGE, "difficulty=reciprocal"],
    "difficulty_zipf": [COVERAGE, "difficulty=zipf"],
    "difficulty_latent_precision": [COVERAGE, "difficulty=latent_precision"],
    "difficulty_latent_precision_bias": [COVERAGE, "difficulty=latent_precision", "difficulty.bias=1"],
    "difficulty_small_ball": [COVERAGE, "difficulty=small_ball", "attempts.max=1e9", "budget.problems=671088640"],
    "difficulty_empirical": [COVERAGE, "difficulty=empirical"],
    "dependence_zipf": [COVERAGE, "dependence=zipf"],
    "dependence_markov": [COVERAGE, "dependence=markov"],
    "dependence_sticky": [COVERAGE, "dependence=sticky"],
    "dependence_polya": [COVERAGE, "dependence=polya"],
    "dependence_copula": [COVERAGE, "dependence=copula"],
    "verifier_noisy": [COVERAGE, "verifier=noisy"],
    "simulation_only": [COVERAGE, "dependence=polya", "verifier=noisy"],
    "verification": ["experiment=verification"],
    "selection": ["experiment=selection"],
    "cost": ["experiment=cost"],
    "suite": ["experiment=suite"],
    "importance": ["experiment=importance"],
    "noise": ["experiment=noise", "budget.learners=400000"],
    "capacity": ["experiment=capacity"],
    "allocation": ["experiment=allocation"],
    "allocation_learnt": ["experiment=allocation", "difficulty=latent_precision", "difficulty.bias=20", *LEARNT],
    "generative": ["experiment=generative"],
}


def main():
    """Command line: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(GALLERY)}; default: all")
    parser.add_argument("--simulate", action="store_true", help="simulate the tables again first")
    options = parser.parse_args()
    for name in options.names:
        if name not in GALLERY:
            print(f"gallery.py: {name}: no such figure, need some of {', '.join(GALLERY)}", file=sys.stderr)
            return 2
    for name in options.names or GALLERY:
        try:
            _redraw(name, options.simulate)
        except (ValueError, subprocess.CalledProcessError) as error:
            print(f"gallery.py: {name}: {error} (--simulate makes it)", file=sys.stderr)
            return 2
        print(f"{WHERE / name / 'figure.png'}: sim run {' '.join(GALLERY[name])}", flush=True)
    return 0


def _redraw(name, simulate):
    where = WHERE / name
    if simulate:
        with tempfile.TemporaryDirectory() as made:
            command = [sys.executable, "-m", "sim", "run", *GALLERY[name], "figure=true"]
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            subprocess.run(command, cwd=made, env=environment, check=True, stdout=subprocess.DEVNULL)
            [table] = Path(made).glob("outputs/*/*/table.csv")
            where.mkdir(parents=True, exist_ok=True)
            for kept in (*KEPT, *FURTHER.get(name, ())):
                shutil.copy(table.with_name(kept), where / kept)
    else:
        save(draw(read_run(where), where), where / "figure")


if __name__ == "__main__":
    raise SystemExit(main())
