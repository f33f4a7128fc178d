"""How well pilots foretell coverage: python scripts/benchmark_calibration.py --counts FILE [--pilot 100 --seeds 10]

FILE: a CSV of real counts with columns suite, model, problem_id, attempts, successes, each (suite, model) with one
number of attempts n. Pilots of m attempts a problem are drawn from it without replacement; this one and every published
method predict pass@n from them. Printed: the relative error of a curve, averaged over seeds, as median, mean and 90th
percentile over curves, and how often the truth lay in the intervals for what n attempts will show of it; also at
k = 10 m, and for new problems (fitted on a random half of the problems, judged on the other half). Curves that cannot
be judged at a place, because they end before it, are left out there, and named.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from sim import estimators, fits
from sim.calibration import calibrate, mixtures, posterior, prediction, published
from sim.pilot.reading import read

LEAST = 5000  # attempts of a curve that is predicted to its end
OURS = "sim"


def main():
    """Command line: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--counts", required=True, type=Path, help="CSV: suite, model, problem_id, attempts, successes")
    parser.add_argument("--pilot", type=int, action="append", help="attempts a problem, may be repeated (100, 1000)")
    parser.add_argument("--seeds", type=int, default=10, help="pilots of each curve (default: 10)")
    parser.add_argument("--json", type=Path, help="write the table there too")
    asked = parser.parse_args()
    try:
        curves = curves_of(asked.counts)
        sizes = {size: _judged(curves, size, asked.seeds) for size in asked.pilot or [100, 1000]}
    except ValueError as error:
        print(f"benchmark_calibration: {error}", file=sys.stderr)
        return 2
    found = {str(size): _table(judged, size, asked.seeds) for size, judged in sizes.items()}
    for size, table in found.items():
        _show(int(size), table, curves)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def curves_of(path):
    """Pilots of a file with the same, large number of attempts at each problem; ValueError where there are none."""
    curves = [one for one in read(path) if one.attempts.min() == one.attempts.max() >= LEAST]
    if not curves:
        raise ValueError(f"{path}: need a curve of {LEAST} attempts a problem")
    return curves


def _judged(curves, size, seeds):
    """Curves that go on after a pilot of so many attempts, and show something; ValueError where there are none."""
    if size < 1 or seeds < 1:
        raise ValueError(f"need at least one attempt and one pilot, got --pilot {size} --seeds {seeds}")
    judged = [one for one in curves if one.attempts[0] > size and one.successes.any()]
    if not judged:
        raise ValueError(f"need a curve with a success and more attempts than --pilot {size}, got none")
    return judged


def _table(curves, size, seeds):
    """What came of pilots of `size` attempts: a record for each method."""
    errors, inside = {}, {"at_n": [], "at_10_m": [], "new_at_10_m": []}
    for place, curve in enumerate(curves):
        own = {}
        for seed in range(seeds):
            generator = np.random.default_rng([seed, place, size])
            predicted, true = _one(curve, size, generator, inside)
            for method, value in predicted.items():
                own.setdefault(method, []).append(abs(value / true - 1))
        for method, values in own.items():
            errors.setdefault(method, {})[curve.name] = float(np.mean(values))
    table = {method: _summary(by_curve) for method, by_curve in errors.items()}
    table[OURS] |= {key: _shares(hits) for key, hits in inside.items()}
    table[OURS] |= {"inside_50": table[OURS]["at_n"]["50"], "inside_90": table[OURS]["at_n"]["90"]}
    return table


def _summary(by_curve):
    values = np.array(list(by_curve.values()))
    return {
        "median": float(np.median(values)),
        "mean": float(values.mean()),
        "p90": float(np.quantile(values, 0.9)),
        "inside_50": None,
        "inside_90": None,
        "curves": by_curve,
    }


def _shares(hits):
    if not hits:
        return None
    fifty, ninety = np.mean(hits, axis=0)
    return {"50": float(fifty), "90": float(ninety), "pilots": len(hits)}


def _one(curve, size, generator, inside):
    """Predictions of pass@n by every method from one pilot, and the truth; what lay inside is added to `inside`."""
    most, successes = int(curve.attempts[0]), curve.successes.astype(int)
    drawn = generator.hypergeometric(successes, most - successes, size).astype(float)
    attempts = np.array(sorted({min(10 * size, most), most}), float)
    truths = estimators.pass_at_k(attempts.astype(int), curve.attempts, curve.successes).mean(axis=1)
    made = np.full(len(drawn), float(size))
    likelihood = mixtures.of_counts(made, drawn)
    average = posterior.average(likelihood)
    ks = prediction.curve_grid(size)
    seen = estimators.pass_at_k(ks.astype(int), made, drawn).mean(axis=1)
    point, interval = prediction.told(average, likelihood, ks, seen, attempts, measured=most)
    quantiles = interval.quantiles
    inside["at_n"].append(_hit(quantiles[-1], truths[-1]))
    if 10 * size <= most:
        inside["at_10_m"].append(_hit(quantiles[0], truths[0]))
        if len(drawn) > 1:
            inside["new_at_10_m"].append(_halves(curve, made, drawn, 10 * size, generator))
    found = {OURS: point[-1:], **others(made, drawn, likelihood, ks, seen, attempts[-1:])}
    return {method: float(value[0]) for method, value in found.items()}, truths[-1]


def _hit(quantiles, truth):
    low, quarter, _, three, high = quantiles
    return quarter - 1e-6 <= truth <= three + 1e-6, low - 1e-6 <= truth <= high + 1e-6


def _halves(curve, made, drawn, attempts, generator):
    """Whether the coverage of half of the problems lies in the intervals that a pilot on the others gives."""
    order = generator.permutation(len(drawn))
    known, judged = order[: len(order) // 2], order[len(order) // 2 :]
    average = posterior.average(mixtures.of_counts(made[known], drawn[known]))
    quantiles = prediction.new(average, [float(attempts)], len(judged)).quantiles[0]
    truth = estimators.pass_at_k([attempts], curve.attempts[judged], curve.successes[judged]).mean()
    return _hit(quantiles, truth)


def others(made, drawn, likelihood, ks, curve, attempts):
    """pass@k at `attempts` [k], by published method.  ks, curve: pass@k of the pilot."""
    reached = mixtures.reach(attempts)
    beta = fits.beta_binomial(made, drawn)
    counted = {name: calibrate.counted(*law, likelihood) @ reached for name, law in calibrate.COUNTED.items()}
    found = {
        "line through log(-log pass@k)": published.line(ks, curve, attempts),
        "exp(-a k^-b) (Brown)": published.exponential_power(ks, curve, attempts),
        "A (1 - Gamma ratio) (Levi, Eq. 7)": published.ceiling_law(ks, curve, attempts),
        "beta-binomial (Kazdan)": mixtures.beta(np.log([[beta.beta, beta.alpha]])) @ reached,
        "zero-inflated beta-binomial": counted["zero-inflated beta-binomial"],
        "scaled beta (Schaeffer)": counted["scaled beta"],
        "scaled Kumaraswamy (Schaeffer)": counted["scaled Kumaraswamy"],
        "free mixture": published.free_mixture(likelihood, reached),
        "plug-in 1 - (1 - c/m)^k": published.plug_in(made, drawn, attempts),
    }
    return {method: np.nan_to_num(np.ravel(value)) for method, value in found.items()}  # no line: nothing was solved


def _show(size, table, curves):
    print(f"pilots of {size} attempts a problem")
    print(f"{'method':36s} {'median':>7s} {'mean':>7s} {'p90':>7s}   inside 50 % 90 %")
    for method, row in table.items():
        shares = "" if row["inside_50"] is None else f"       {row['inside_50']:5.2f} {row['inside_90']:4.2f}"
        print(f"{method:36s} {row['median']:7.1%} {row['mean']:7.1%} {row['p90']:7.1%}{shares}")
    for key, said in (("at_10_m", "these problems, k = 10 m"), ("new_at_10_m", "new problems, k = 10 m")):
        own = table[OURS][key]
        if own is None:
            print(f"  {said}: no curve has so many attempts")
        else:
            print(f"  {said}: {own['50']:.2f} inside 50 %, {own['90']:.2f} inside 90 %, of {own['pilots']} pilots")
    for said, left in (
        ("at all", [one.name or "the only one" for one in curves if one.name not in table[OURS]["curves"]]),
        ("at k = 10 m", [one.name or "the only one" for one in curves if size < one.attempts[0] < 10 * size]),
    ):
        if left:
            print(f"  left out {said}: {', '.join(left)}")
    print(flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
