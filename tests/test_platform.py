"""What the project needs of the machine below it: a JAX that sums rightly, and a package that is whole."""

import subprocess
import sys
import zipfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
REDUCTIONS = {
    "sum": lambda xp, y: y.sum(axis=0),
    "max": lambda xp, y: y.max(axis=0),
    "sum of squares": lambda xp, y: (y * y).sum(axis=0),
    "sum of exp": lambda xp, y: xp.exp(y).sum(axis=0),
}


@pytest.mark.seldom(1)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_small_matrix_times_rows_then_a_reduction_is_summed_rightly(reduction):
    """jaxlib 0.9.1 to 0.10.2 fail this on CPUs, past a block boundary of the batch and without a warning."""
    reduce = REDUCTIONS[reduction]
    rng = np.random.default_rng(0)
    program = jax.jit(lambda m, z: reduce(jnp, m @ z.T))
    for n in (16385, 20001, 32769, 40001, 65537):
        for inner, outer in ((2, 3), (3, 2), (3, 3), (5, 2), (5, 3)):
            m, z = rng.normal(size=(outer, inner)), rng.normal(size=(n, inner))
            found = np.asarray(program(m.astype(np.float32), z.astype(np.float32)))
            expected = reduce(np, m.astype(np.float32).astype(float) @ z.astype(np.float32).astype(float).T)
            np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The wheel, built and unpacked as an installer would."""
    where = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", where, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = where.glob("sim-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(where / "site")
    return where / "site"


def test_the_wheel_holds_the_configuration_the_data_and_the_licence(unpacked):
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    conf = {f"sim/conf/{path.relative_to(ROOT / 'conf').as_posix()}" for path in (ROOT / "conf").rglob("*.yaml")}
    assert conf <= names
    assert "sim/data/math_pythia_2.8b.csv" in names
    assert any(name.endswith("LICENSE") for name in names)


def test_the_installed_package_runs_from_any_folder(unpacked, tmp_path):
    command = [sys.executable, "-m", "sim", "run", "experiment=replay", "budget=smoke"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked), "PATH": "", "SIM_COMPILATION_CACHE": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(tmp_path.glob("outputs/*/replay/table.csv"))) == 1
