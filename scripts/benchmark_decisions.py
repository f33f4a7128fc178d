"""What decisions from pilots lose: python scripts/benchmark_decisions.py --counts FILE [--pilot 100 --seeds 10]

FILE: a CSV of real counts as scripts/benchmark_calibration.py takes it. From pilots of m attempts a problem, drawn
without replacement, each method chooses how many attempts to pay for at prices of 1/100 to 1/10,000 of the value of a
solved problem, all of them paid. What that is worth, on the unbiased pass@k of all attempts recorded, against the best
number of attempts there is, is its regret: here in per cent of the best net value, averaged over prices and pilots.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from benchmark_calibration import OURS, curves_of, others

from sim import estimators
from sim.calibration import mixtures, posterior, prediction
from sim.optimum import problems, stopping
from sim.optimum.prices import Prices

PRICES = (1e-2, 1e-3, 1e-4)  # of an attempt, with a solved problem worth 1


def main():
    """Command line: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--counts", required=True, type=Path, help="CSV: suite, model, problem_id, attempts, successes")
    parser.add_argument("--pilot", type=int, default=100, help="attempts a problem (default: 100)")
    parser.add_argument("--seeds", type=int, default=10, help="pilots of each curve (default: 10)")
    parser.add_argument("--json", type=Path, help="write the table there too")
    asked = parser.parse_args()
    try:
        curves = curves_of(asked.counts)
    except ValueError as error:
        print(f"benchmark_decisions: {error}", file=sys.stderr)
        return 2
    lost = {}
    for place, curve in enumerate(curves):
        most = int(curve.attempts[0])
        ks = stopping.whole_grid(most)[1:]
        true = estimators.pass_at_k(ks, curve.attempts, curve.successes).mean(axis=1)
        for seed in range(asked.seeds):
            generator = np.random.default_rng([seed, place, asked.pilot])
            won = curve.successes.astype(int)
            drawn = generator.hypergeometric(won, most - won, asked.pilot).astype(float)
            for method, chosen in _chosen(drawn, asked.pilot, ks).items():
                for price, k in zip(PRICES, chosen, strict=True):
                    net = np.append(0.0, true - price * ks)
                    at = 0.0 if k == 0 else float(np.interp(np.log(k), np.log(ks), true)) - price * k
                    lost.setdefault(method, []).append(((net.max() - at), net.max()))
    table = {method: np.array(pairs) for method, pairs in lost.items()}
    found = {method: float(pairs[:, 0].sum() / pairs[:, 1].sum()) for method, pairs in table.items()}
    print(f"{'method':36s} regret, of the best net value ({len(curves)} curves, {asked.seeds} pilots, 3 prices)")
    for method, regret in sorted(found.items(), key=lambda pair: pair[1]):
        print(f"{method:36s} {regret:7.2%}")
    if asked.json:
        record = {"pilot": asked.pilot, "seeds": asked.seeds, "regret": found}
        asked.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


def _chosen(drawn, size, ks):
    """Numbers of attempts [prices] that each method chooses."""
    made = np.full(len(drawn), float(size))
    likelihood = mixtures.of_counts(made, drawn)
    average = posterior.average(likelihood)
    own, shown = problems.these(average, likelihood), prediction.curve_grid(size)
    seen = estimators.pass_at_k(shown, made, drawn).mean(axis=1)
    found = {
        method: [_best(curve, price, ks) for price in PRICES]
        for method, curve in others(made, drawn, likelihood, shown, seen, ks).items()
    }
    found[OURS] = [stopping.decide(own, Prices(1.0, price, most=int(ks[-1])), 0.01).attempts for price in PRICES]
    found["no more than the pilot shows"] = [_best(seen, price, shown) for price in PRICES]
    return found


def _best(curve, price, ks):
    net = np.append(0.0, np.nan_to_num(np.broadcast_to(curve, ks.shape)) - price * ks)
    return float(np.append(0, ks)[net.argmax()])


if __name__ == "__main__":
    raise SystemExit(main())
