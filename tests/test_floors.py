"""The house stands: who may import whom, read from the sources."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "sim").rglob("*.py"))


def imports(path):
    """Dotted names a file imports, wherever in it they stand."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(pattern, sources=SOURCES):
    return {path.relative_to(ROOT).as_posix() for path in sources if any(re.match(pattern, m) for m in imports(path))}


def inside(room):
    return [path for path in SOURCES if path.is_relative_to(ROOT / "sim" / room)]


def test_laws_know_no_jax_and_no_randomness_and_nothing_of_sim_but_laws():
    assert not importers(r"jax|sim(?!\.laws)|random|numpy\.random", inside("laws"))


def test_samplers_know_no_law():
    assert not importers(r"sim(?!\.samplers)|scipy", inside("samplers"))


def test_what_draws_knows_no_law_no_model_and_no_judge():
    assert not importers(r"sim(?!\.(draw|samplers|records\.checked))|scipy", inside("draw"))


def test_a_model_knows_laws_and_samplers_and_not_who_asks():
    assert not importers(r"sim(?!\.(model|laws|samplers|draw|records|pilot))", inside("model"))


def test_judges_know_no_law_no_sampler_and_no_model():
    assert not importers(r"sim(?!\.(judging|draw\.(counts|budget)))|jax", inside("judging"))


def test_records_know_no_hydra_no_jax_and_nothing_above_them():
    assert not importers(r"jax|hydra|omegaconf|sim\.(?!records|__version__)", inside("records"))


def test_a_pilot_is_calibrated_decided_on_and_designed_below_the_command_line():
    for room in ("pilot", "calibration", "decision", "design", "experiments", "figures", "generative", "bench"):
        assert not importers(r"sim\.app|hydra|omegaconf", inside(room)), room
    assert not importers(r"sim\.(decision|design|experiments|figures)", inside("calibration"))
    assert not importers(r"sim\.(design|experiments|figures)", inside("decision"))


def test_nothing_is_loose():
    assert [path.name for path in sorted((ROOT / "sim").glob("*.py"))] == ["__init__.py", "__main__.py"]
    assert [path.name for path in sorted((ROOT / "sim" / "app").glob("*.py"))] == ["__init__.py", "run.py"]


def test_models_that_are_trained_know_no_law_and_nobody_else_knows_their_libraries():
    assert not importers(r"scipy|sim(?!\.(generative|draw\.keys))", inside("generative"))
    assert all(path.startswith("sim/generative/") for path in importers(r"equinox|optax|sklearn"))


def test_only_the_app_knows_hydra():
    assert all(path.startswith(("sim/app/", "sim/__main__")) for path in importers(r"hydra|omegaconf"))


def test_only_the_room_of_figures_draws():
    assert all(path.startswith("sim/figures/") for path in importers(r"matplotlib"))
    assert not importers(r"scipy|sim\.(judging|laws)", inside("figures"))


def test_only_keys_makes_or_folds_keys_and_only_seeds_makes_generators_without_jax():
    makers = re.compile(r"(random\.(key|PRNGKey|fold_in|wrap_key_data)\b|default_rng|RandomState|random\.Generator)")
    assert {p.name for p in SOURCES if makers.search(re.sub(r" *>>> .*", "", p.read_text(encoding="utf-8")))} == {
        "keys.py",
        "seeds.py",
    }


def test_a_law_is_a_model():
    from sim.experiments.question import Law
    from sim.model.model import Model

    assert issubclass(Law, Model) and Law() == Law(**vars(Model()))


@pytest.mark.parametrize("room", ["utils", "helpers", "common", "misc"])
def test_there_is_no_room_for_odds_and_ends(room):
    assert not [path for path in SOURCES if room in path.stem]


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )


def test_importing_any_module_prints_nothing_and_starts_no_device():
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in SOURCES]
    code = f"""
import importlib
for name in {modules!r}: importlib.import_module(name)
from jax._src import xla_bridge
assert not xla_bridge.backends_are_initialized(), "a backend was started"
"""
    done = run(code)
    assert done.stdout == done.stderr == ""


@pytest.mark.parametrize(
    "module",
    [
        *("sim", "sim.__main__", "sim.draw.cutting", "sim.laws.coverage"),
        *("sim.app.door", "sim.app.run", "sim.records.folder", "sim.app.commands.bench"),
        *("sim.app.sweeps.collect", "sim.app.sweeps.status"),
    ],
)
def test_neither_jax_nor_matplotlib_is_loaded_before_it_is_needed(module):
    loaded = f"import sys, {module}; print([name for name in ('jax', 'matplotlib') if name in sys.modules])"
    assert run(loaded).stdout == "[]\n"


def test_no_environment_is_read_at_import():
    readers = {
        p.name for p in SOURCES if re.search(r"^[^#\s].*(os\.environ|getenv)", p.read_text(encoding="utf-8"), re.M)
    }
    assert not readers


def test_no_function_has_more_than_seven_parameters():
    """Those that build kernels have one for each of its arrays."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not path.is_relative_to(ROOT / "sim" / "samplers"):
                own = node.args
                names = [one.arg for one in (*own.posonlyargs, *own.args, *own.kwonlyargs) if one.arg != "self"]
                found += [f"{path.name}: {node.name}"] if len(names) > 7 else []
    assert not found


_CHANGES = {"append", "add", "update", "pop", "clear", "extend", "setdefault", "remove", "insert", "discard", "popitem"}


def changed(tree):
    """Names at the top of a module, or of what it imports, that something in it changes; sys.argv may be set."""
    own = {
        name.id
        for line in tree.body
        if isinstance(line, ast.Assign | ast.AnnAssign)
        for target in (line.targets if isinstance(line, ast.Assign) else [line.target])
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }
    others = {
        (alias.asname or alias.name).split(".")[0]
        for line in ast.walk(tree)
        if isinstance(line, ast.Import | ast.ImportFrom)
        for alias in line.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            yield from {ast.unparse(node.func.value)} & own
        elif isinstance(node, ast.Assign | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Subscript):
                    yield from {ast.unparse(target.value)} & own
                elif isinstance(target, ast.Attribute) and ast.unparse(target) != "sys.argv":
                    yield from {ast.unparse(target).split(".")[0]} & others


def test_nothing_at_the_top_of_a_module_changes_after_import_and_nobody_patches_another():
    assert not {path.name: found for path in SOURCES if (found := set(changed(ast.parse(path.read_text("utf-8")))))}


@pytest.mark.parametrize(
    "wrong",
    [
        "A = []\ndef f(): A.append(1)",
        "A: dict = {}\ndef f(): A[1] = 2",
        "A = 1\ndef f():\n    global A\n    A = 2",
        "import yaml\ndef f(): yaml.SafeLoader = 1",
        "from hydra.b import C\ndef f(): C.load = 1",
    ],
)
def test_what_changes_is_seen(wrong):
    assert set(changed(ast.parse(wrong)))
    assert not set(changed(ast.parse("import sys\nA = []\ndef f():\n    sys.argv = B = []\n    B.append(A)")))
