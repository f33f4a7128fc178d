"""Whether two trees write the same tables: python tests/same_tables.py OTHER [--only TEXT ...] [--workers 2]

OTHER: another checkout of this repository. Each of some fifty commands is run in both trees, each in a folder of its
own, and every table and verdict that they write is compared byte for byte.

--only: commands that contain one of these texts.  --workers: commands that are run side by side.
Exit code 0 if all are the same, 1 if not; 2 if a command ends otherwise in one of the trees than in the other.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMALL = "budget=smoke budget.problems=131072 budget.learners=64 budget.replays=32768 seed=5"
RUN = f"run {SMALL} attempts.max=1e4 examples.max=1e4"
COUNTS = ROOT / "outputs" / "reference" / "calibration" / "counts.csv"
FEATURES = "features.csv", "feature,count\na,60\nb,25\nc,10\nd,5\n"
PROBLEMS = (
    "pilot.csv",
    "problem_id,attempts,successes\n"
    + "".join(
        f"p{i},100,{won}\n"
        for i, won in enumerate((0, 0, 0, 1, 1, 2, 3, 5, 9, 14, 22, 31, 48, 60, 77, 90, 99, 100) * 3)
    ),
)
OTHER_PROBLEMS = (
    "other.csv",
    "problem_id,attempts,successes\n"
    + "".join(
        f"p{i},100,{won}\n"
        for i, won in enumerate((0, 0, 0, 0, 0, 0, 8, 12, 20, 31, 40, 52, 60, 71, 80, 90, 99, 100) * 3)
    ),
)
COMMANDS = (
    *(f"{RUN} experiment={name}" for name in ("learning_curve", "coverage", "joint", "replay", "verification")),
    *(f"{RUN} experiment={name}" for name in ("selection", "cost", "suite", "importance", "noise", "capacity")),
    f"{RUN} experiment=allocation",
    f"{RUN} experiment=allocation allocation.difficulty=learnt difficulty=latent_precision difficulty.bias=20",
    f"{RUN} experiment=all",
    f"{RUN} experiment=generative generative.images=32 generative.steps=60 generative.attempts=1024 "
    "generative.examples=[64,128,256] generative.replicates=2 generative.latents=[2] generative.thresholds=[0.1]",
    *(f"{RUN} experiment=joint difficulty={name}" for name in ("scaled_beta", "scaled_kumaraswamy", "uniform")),
    *(f"{RUN} experiment=cost difficulty={name}" for name in ("reciprocal", "continuous_bernoulli", "small_ball")),
    f"{RUN} experiment=coverage difficulty=empirical difficulty.path=pilot.csv",
    f"{RUN} experiment=suite difficulty=certain",
    f"{RUN} experiment=verification difficulty=latent_precision verification.penalty=2",
    *(f"{RUN} experiment=coverage dependence={name}" for name in ("zipf", "markov", "sticky", "polya", "copula")),
    f"{RUN} experiment=coverage verifier=noisy dependence=sticky",
    *(f"{RUN} experiment=joint memory={name}" for name in ("capacity", "guessing", "multi_trace", "training_set")),
    *(f"{RUN} experiment=learning_curve memory={name}" for name in ("direct", "feature_arrivals", "block_chain")),
    f"{RUN} experiment=learning_curve memory=jump_chain features.size=100 memory.depth=3",
    f"{RUN} experiment=learning_curve features=exponential",
    f"{RUN} experiment=learning_curve features=uniform features.size=50",
    f"{RUN} experiment=joint features=empirical features.path=features.csv",
    f"{RUN} experiment=coverage attempts=bernoulli attempts.max=64",
    f"{RUN} experiment=joint sampling=lattice budget.problems=524288",
    f"{RUN} experiment=coverage law.beta=0.36",
    f"{RUN} experiment=learning_curve law.normalisation=continuous",
    f"{RUN} experiment=coverage budget.until=loss@100:2e-3 budget.problems=4194304",
    f"{RUN} --multirun experiment=coverage difficulty.beta=0.3,0.4 together=true",
    f"{RUN} --multirun experiment=coverage difficulty.beta=0.3,0.4 hydra/launcher=local hydra.launcher.workers=2",
    f"{RUN} --multirun experiment=coverage difficulty.beta=0.3,0.4 hydra/launcher=joblib",
    f"{RUN} --multirun sweep=exponent_depth features.exponent=1.5,2 memory.depth=1,3",
    "calibrate pilot=pilot.csv",
    "calibrate pilot=pilot.csv against=other.csv attempts.max=1e5",
    "recommend pilot=pilot.csv cost.value=1 cost.price=0.01",
    "recommend pilot=pilot.csv cost.value=1 cost.price=0.001 against=other.csv against.price=0.0005",
    "design pilots=40 grid.problems=[30,60] grid.attempts=[10,30]",
    "design pilot=pilot.csv target=decision target.error=0.01 pilots=40 grid.problems=[60] grid.attempts=[10,30]",
)  # fmt: skip


def tables(tree, command):
    """(exit code, {name of a table or verdict: its bytes}) of a command that is run in a tree."""
    environment = os.environ | {"PYTHONPATH": str(tree), "OPENBLAS_NUM_THREADS": "1", "SIM_MODEL_CACHE": "off"}
    with tempfile.TemporaryDirectory(prefix="tables_") as folder:
        for name, text in (FEATURES, PROBLEMS, OTHER_PROBLEMS):
            Path(folder, name).write_text(text, encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "sim", *command.split()],
            cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        written = sorted(path for name in ("*.csv", "verdict.json") for path in Path(folder, "outputs").rglob(name))
        return run.returncode, {_name(path.relative_to(folder)): path.read_bytes() for path in written}, run.stderr


def _name(path):
    """Of a file, without the date."""
    return "/".join(path.parts[2:])


def compared(other, command):
    """(exit code of this comparison, a line about it)."""
    (code, here, said), (other_code, there, _) = (tables(tree, command) for tree in (ROOT, other))
    if code != other_code:
        return 2, f"exit code {code} here and {other_code} there: {command}\n{said}"
    different = [name for name in sorted({*here, *there}) if here.get(name) != there.get(name)]
    if different:
        return 1, f"differ ({', '.join(different)}): {command}"
    return (0, f"{len(here):3d} the same: {command}") if here else (2, f"no table: {command}\n{said}")


def main():
    """Compare; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("other", type=Path, help="another checkout")
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="part of a command")
    parser.add_argument("--workers", type=int, default=2, help="commands that are run side by side")
    asked = parser.parse_args()
    if not (asked.other / "sim" / "__main__.py").is_file():
        parser.error(f"{asked.other}: need a checkout with sim/__main__.py")
    chosen = [one for one in COMMANDS if not asked.only or any(text in one for text in asked.only)]
    worst = 0
    with ThreadPoolExecutor(asked.workers) as pool:
        for code, line in pool.map(partial(compared, asked.other.resolve()), chosen):
            print(line, flush=True)
            worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main())
