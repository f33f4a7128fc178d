"""scripts/benchmark_forecast.py: what it leaves out, and says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark_forecast.py"


@pytest.fixture
def benchmark(tmp_path):
    """Run it on curves of 6 problems, {model: attempts}: (exit code, standard output, standard error)."""

    def call(curves, *arguments):
        lines = [f"s,{model},p{i},{n},{n * i**3 // 300}" for model, n in curves.items() for i in range(6)]
        path = tmp_path / "counts.csv"
        path.write_text("suite,model,problem_id,attempts,successes\n" + "\n".join(lines) + "\n")
        words = map(str, ("--counts", path, "--seeds", 1, "--json", tmp_path / "found.json", *arguments))
        done = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return call


def test_a_curve_with_fewer_than_ten_times_the_attempts_is_left_out_there(benchmark, tmp_path):
    code, out, err = benchmark({"short": 5000, "long": 20000}, "--pilot", 1000, "--pilot", 6000)
    assert (code, err) == (0, "")
    first, second = out.strip().split("\n\n")
    assert first.endswith("left out at k = 10 m: s, short") and "of 1 pilots" in first
    assert "these problems, k = 10 m" not in second and "left out at all: s, short" in second
    found = json.loads((tmp_path / "found.json").read_text())
    assert [len(found[size]["sim"]["curves"]) for size in ("1000", "6000")] == [2, 1]
    assert found["6000"]["sim"]["at_10_m"] is None and found["1000"]["sim"]["at_n"]["pilots"] == 2


@pytest.mark.parametrize(("pilot", "words"), [(5000, "more attempts than --pilot 5000"), (0, "above 0")])
def test_where_nothing_can_be_judged_it_says_so_in_one_sentence(benchmark, pilot, words):
    code, out, err = benchmark({"short": 5000}, "--pilot", pilot)
    assert (code, out, err.count("\n")) == (2, "", 1) and words in err
