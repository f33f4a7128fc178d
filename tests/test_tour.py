"""The notebook runs from its first cell to its last, and shows figures and tables."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOUR = ROOT / "scripts" / "tour.ipynb"


def cells():
    """Sources of the cells of code."""
    found = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def test_the_tour_runs_in_a_process_of_its_own(tmp_path):
    """Each cell's last expression is shown, as a notebook shows it."""
    script = """
import ast, json, sys
shown, names = [], {}
for source in json.load(sys.stdin):
    *rest, last = ast.parse(source).body
    exec(compile(ast.Module(rest, []), "cell", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        shown.append([hasattr(value, "_repr_png_") and len(value._repr_png_()), repr(value)])
    else:
        exec(compile(ast.Module([last], []), "cell", "exec"), names)
print(json.dumps(shown))
"""
    run = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(cells()), capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    shown = json.loads(run.stdout)
    assert sum(bool(png) for png, _ in shown) == 4 and all(png > 5000 for png, _ in shown if png)
    said = " ".join(text for _, text in shown)
    for words in ("confirmed", "refuted", "<Coverage at 10,000 attempts", "<Decision: "):
        assert words in said


def test_the_notebook_holds_what_its_cells_have_shown():
    found = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    of_code = [cell for cell in found if cell["cell_type"] == "code"]
    assert 12 <= len(of_code) <= 18
    assert all(cell["outputs"] for cell in of_code[1:])
    assert not [out for cell in of_code for out in cell["outputs"] if out["output_type"] in ("error", "stream")]
