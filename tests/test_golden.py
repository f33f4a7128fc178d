"""Tables and verdicts of every experiment and every member of an axis, as they were when they were last looked at.

They hold what agreement with a law leaves open: settings that are passed on, prefactors, windows, errors, words, units,
and which draws are made. Where one has to change, `python tests/test_golden.py` writes tests/golden/tables.json anew
(`python tests/test_golden.py NAME ...` those entries alone); its difference is to be read line by line.

A law is the same to 1e-9 in every environment. Counts are the same too; means over float32 numbers, and what is fitted,
are so to some digits.
"""

import json
import math
import os
import sys
import tempfile
from pathlib import Path

import pytest
from drawn import drawn, written

from sim.figures import files
from sim.records import folder

GOLDEN = Path(__file__).parent / "golden" / "tables.json"
TINY = (
    "budget=smoke budget.devices=1 budget.chunk=4 budget.problems=131072 budget.replays=131072 budget.learners=128 "
    "examples.points=11 attempts.points=11 examples.max=1e5 attempts.max=1e5"
).split()
COMMANDS = {
    # Learning
    "depth": "learning_curve memory=arrival memory.depth=3 features.exponent=1.7",
    "continuous": "learning_curve memory=arrival features.size=300 law.exponent=2.2 law.size=400 law.depth=2",
    "normalisation": "learning_curve memory=arrival memory.depth=2 law.normalisation=continuous",
    "uniform": "learning_curve memory=training_set features=uniform features.size=70 examples.max=100",
    "guessing": "learning_curve memory=guessing memory.guess=0.2 features=exponential features.decay=0.3",
    "multi_trace": "learning_curve memory=multi_trace memory.recall=0.3 features=empirical features.path=features.csv",
    "room": "learning_curve memory=capacity memory.capacity=20 memory.depth=1",
    "blocks": "learning_curve memory=block_chain features.exponent=1.5 memory.depth=2 examples.points=8",
    "direct": "learning_curve memory=direct examples.max=300 examples.points=8",
    "feature_arrivals": "learning_curve memory=feature_arrivals features.size=200 memory.depth=2 examples.max=3000",
    "jump_chain": "learning_curve memory=jump_chain features.size=100 examples.max=3000 examples.points=8",
    "lattice": "learning_curve,coverage memory=arrival sampling=lattice budget.problems=262144",
    # Attempts
    "ceiling": "coverage difficulty.ceiling=0.8 difficulty.alpha=2 difficulty.beta=0.6",
    "beside_another": "coverage law.alpha=4 law.beta=0.5 law.ceiling=0.9",
    "one_by_one": "coverage attempts=bernoulli attempts.max=50 difficulty=scaled_beta difficulty.scale=0.3",
    "zipf": "coverage dependence=zipf dependence.discount=0.4 difficulty=scaled_kumaraswamy difficulty.alpha=2",
    "markov": "coverage dependence=markov dependence.repeat=0.7 difficulty.ceiling=0.9",
    "sticky": "coverage dependence=sticky dependence.share=0.2 difficulty=continuous_bernoulli",
    "polya": "coverage dependence=polya difficulty=uniform difficulty.low=0.01",
    "copula": "coverage dependence=copula difficulty=reciprocal difficulty.high=0.4",
    "copula_noisy": "coverage dependence=copula verifier=noisy",
    "noisy": "coverage verifier=noisy verifier.true_positive=0.7 verifier.false_positive=0.05 difficulty.ceiling=0.9",
    "sticky_noisy": "coverage dependence=sticky verifier=noisy law.share=0.2 law.true_positive=0.8",
    "bias": "coverage difficulty=latent_precision difficulty.bias=0.5 difficulty.tolerance=0.2",
    "small_ball": "coverage difficulty=small_ball difficulty.dimension=3 difficulty.ceiling=0.7",
    "pilot": "coverage,replay difficulty=empirical difficulty.path=pilot.csv",
    "given": "replay law.alpha=2 law.beta=0.3 seed=3 difficulty=empirical difficulty.path=pilot.csv",
    # Both
    "joint": "joint memory.depth=2 difficulty.ceiling=0.9 difficulty.alpha=1.5 difficulty.beta=0.8 attempts.max=1e4 "
    "attempts.points=9 examples.points=9 budget.problems=524288",
    "joint_markov": "joint dependence=markov difficulty=scaled_beta features=uniform "
    "features.size=90 examples.points=5 attempts.points=7 attempts.max=3000 examples.max=3000",
    "joint_traces": "joint memory=multi_trace memory.recall=0.4 difficulty=certain attempts.max=30 "
    "attempts.points=4 examples.max=300 examples.points=4 budget.problems=65536",
    "joint_guessing": "joint memory=guessing memory.guess=0.1 features.exponent=1.6 examples.points=6 "
    "attempts.points=6",
    # Questions with settings of their own
    "verification": "verification difficulty.ceiling=0.9 verification.true_positive=0.8 verification.penalty=3 "
    "verification.false_positive=0.005",
    "selection": "selection difficulty.ceiling=0.8 difficulty.beta=1.5 selection.wrong=2 selection.shift=1 "
    "budget.problems=2097152 attempts.max=100 attempts.points=7",
    "selection_pilot": "selection difficulty=empirical difficulty.path=pilot.csv budget.problems=2031616 "
    "attempts.max=30 attempts.points=5 selection.wrong=1",
    "cost": "cost difficulty.ceiling=0.9 difficulty.alpha=2 difficulty.beta=0.6 cost.value=2 cost.price=0.03 "
    "cost.parameters=1e9 cost.layers=16 cost.width=2048 cost.prompt=100 cost.decode=50 cost.seconds=2 cost.slots=4 "
    "budget.problems=524288",
    "cost_uniform": "cost difficulty=scaled_beta cost.price=0.01 attempts.points=5 attempts.max=1e4",
    "suite": "suite suite.problems=20 difficulty.alpha=2 difficulty.beta=0.5",
    "suite_ceiling": "suite suite.problems=50 difficulty.ceiling=0.9 difficulty.beta=0.6 attempts.max=100 "
    "attempts.points=6",
    "importance": "importance importance.lift=1 importance.problems=0.2 importance.features=0.3 importance.target=0.7 "
    "memory=arrival difficulty.ceiling=0.95 features.exponent=1.8 budget.problems=524288",
    "importance_finite": "importance difficulty=empirical difficulty.path=pilot.csv features.size=50 "
    "importance.target=0.5",
    "noise": "noise noise.lead=0.5 noise.examples=100 memory.depth=2 budget.learners=4096 examples.points=7",
    "noise_at_first_sight": "noise noise.lead=0.3 noise.examples=100 features.exponent=1.8 features.size=500 "
    "budget.learners=16384 examples.points=7",
    "capacity": "capacity capacity.product=1e5 memory.depth=2 features.exponent=1.6",
    "allocation": "allocation allocation.budget=1e6 allocation.example=2 allocation.attempt=0.5 "
    "allocation.problems=30 difficulty.ceiling=0.9 budget.problems=524288",
}
FILES = {
    "features.csv": "feature,count\n" + "".join(f"f{i},{1 + 1000 // i**2}\n" for i in range(1, 61)),
    "pilot.csv": "problem_id,attempts,successes\n"
    + "".join(f"p{i},{60 + i % 3},{(7 * i * i) % 60 if i % 4 else 0}\n" for i in range(24)),
}
DIGITS = {  # (relative, absolute) error that a float may have; 1e-9 of it where nothing is said
    "law": (1e-9, 1e-15),
    "sigmas": (1e-6, 1e-6),
    "max_sigmas": (1e-6, 1e-6),
    "measured": (1e-6, 0),
    "prefactor_measured": (1e-6, 0),
    "prefactor_stderr": (1e-5, 0),
    "chi_square": (1e-3, 1e-9),
    "p_value": (2e-2, 0),
    "batches_needed": (1e-4, 1),
}
MEANS = DIGITS | {  # of float32 numbers, which compilers add up in an order of their own
    "estimate": (1e-6, 0),
    "stderr": (2e-5, 0),
    "sigmas": (1e-4, 1e-3),
    "max_sigmas": (1e-4, 1e-3),
    "measured": (1e-5, 0),
    "prefactor_measured": (1e-5, 0),
    "prefactor_stderr": (1e-4, 0),
    "batches_needed": (1e-3, 1),
}
OF_MEANS = "suite", "importance", "cost"  # and learners


def run(name, call, where):
    """What a command has written, by experiment: {experiment: {table, verdicts, draws}}."""
    for file, text in FILES.items():
        (where / file).write_text(text)
    experiments, *others = COMMANDS[name].split()
    here = [other.replace("path=", f"path={where}/") for other in others]
    call("run", f"experiments=[{experiments}]", f"output={where / name}", *TINY, *here)
    return {path.name: _kept(path) for path in sorted((where / name).glob("*/*")) if path.is_dir()}


def _kept(path):
    lines = (path / "table.csv").read_text().splitlines()
    manifest = json.loads((path / "manifest.json").read_text())
    units = ("problems", "learners", "attempts", "represented")
    draws = {unit: manifest[unit] for unit in units if unit in manifest}
    figure = drawn(files.draw(folder.read_run(path), path))
    verdicts = json.loads((path / "verdict.json").read_text())
    return {"table": lines, "verdicts": verdicts, "draws": draws, "figure": figure}


def differences(found, golden):
    """What is not as it was, a line each."""
    if found.keys() != golden.keys():
        return [f"need the experiments {', '.join(golden)}, got {', '.join(found)}"]
    told = []
    for experiment, own in golden.items():
        other, digits = found[experiment], MEANS if experiment in OF_MEANS or "learners" in own["draws"] else DIGITS
        if own["draws"] != other["draws"]:
            told.append(f"{experiment}: draws {other['draws']}, before {own['draws']}")
        (header, *after), (same, *before) = ([line.split(",") for line in one["table"]] for one in (other, own))
        if (header, len(after)) != (same, len(before)):
            told.append(f"{experiment}: another table, {len(after)} lines of {','.join(header)}")
            continue
        for row, (new, old) in enumerate(zip(after, before, strict=True), start=2):
            cells = zip(header, map(_number, new), map(_number, old), strict=True)
            told += _apart(f"{experiment}, line {row} ({old[0]})", digits, cells)
        if [one["law"] for one in own["verdicts"]] != [one["law"] for one in other["verdicts"]]:
            told.append(f"{experiment}: other laws, {[one['law'] for one in other['verdicts']]}")
            continue
        for new, old in zip(other["verdicts"], own["verdicts"], strict=True):
            fields = [(key, new.get(key), value) for key, value in old.items()]
            told += _apart(f"{experiment}, {old['quantity']}: {old['law']}", digits, fields)
        told += [f"{experiment}, figure{line}" for line in _other(other["figure"], own["figure"], digits is MEANS)]
    return told


def _other(new, old, rough, place=""):
    """Where two figures are not alike."""
    if type(new) is type(old) and isinstance(old, list | dict) and len(new) == len(old):
        keys = old if isinstance(old, dict) else range(len(old))
        return [line for key in keys for line in _other(new[key], old[key], rough, f"{place}, {key}")]
    return [] if _same((1e-4, 2e-2) if rough else (1e-6, 1e-6), new, old) else [f"{place}: {new}, before {old}"]


def _apart(where, digits, fields):
    return [
        f"{where}: {name} {new}, before {old}"
        for name, new, old in fields
        if not _same(digits.get(name, (1e-9, 0)), new, old)
    ]


def _number(cell):
    try:
        return float(cell)
    except ValueError:
        return cell


def _same(error, new, old):
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_same(error, *pair) for pair in zip(new, old, strict=True))
    if isinstance(old, int | float) and isinstance(new, int | float):
        return math.isclose(new, old, rel_tol=error[0], abs_tol=error[1])
    return new == old and type(new) is type(old)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_gives_the_table_and_the_verdicts_it_gave_before(sim, tmp_path, name):
    def call(*arguments):
        code, _, err = sim(*arguments)
        assert (code, err) == (0, "")

    told = differences(run(name, call, tmp_path), json.loads(GOLDEN.read_text())[name])
    assert not told, "\n".join(told)


def main(names):
    """Write the entries of these names anew, or all of them."""
    os.environ["SIM_COMPILATION_CACHE"] = "off"
    from sim import __main__ as command_line

    def call(*arguments):
        sys.argv = ["sim", *arguments]
        if command_line.main() != 0:
            raise ValueError(f"{' '.join(arguments)}: need a command that ends well")

    kept = json.loads(GOLDEN.read_text()) if names and GOLDEN.is_file() else {}
    for name in names or COMMANDS:
        with tempfile.TemporaryDirectory() as folder:
            kept[name] = run(name, call, Path(folder))
    GOLDEN.write_text(written({name: kept[name] for name in COMMANDS if name in kept}))


if __name__ == "__main__":
    main(sys.argv[1:])
