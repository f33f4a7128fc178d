"""Regret of decisions from pilots: python scripts/benchmark_decisions.py [--counts FILE --pilot 100 --seeds 10]

FILE: a CSV of real counts, as for scripts/benchmark_forecast.py. From pilots of m attempts a problem, drawn without
replacement, each method chooses how many attempts to pay for at prices of 1/100 to 1/10,000 of the value of a solved
problem, all of them paid. The regret is the loss against the best number of attempts, on the unbiased pass@k of all
recorded attempts, in per cent of the best net value, averaged over prices and pilots. The prior is learnt without the
suite of the curve.

Then, from pilots of five made-up truths: the mean stated regret and the mean realised regret.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from benchmark_forecast import COUNTS, OURS, UNLIKE, curves_of, drawn_pilot, of_model, others, suite_of

from sim.calibration import mixtures, posterior, prediction, prior
from sim.decision import problems, stopping
from sim.decision.prices import Prices
from sim.judging import estimators

PRICES = (1e-2, 1e-3, 1e-4)  # of an attempt, with a solved problem worth 1
MODELS = {  # ceiling, alpha, beta of Levi 2024, Eq. 7
    "A 1, alpha 5, beta 0.35": (1.0, 5.0, 0.35),
    "A 0.9, alpha 5, beta 0.5": (0.9, 5.0, 0.5),
    "A 0.6, alpha 2, beta 1": (0.6, 2.0, 1.0),
}
OTHERS = "0.5 x 60, 0.004 x 60, never x 40", "logit-normal(-2, 2)"
TRUTHS = (*MODELS, *OTHERS)


def main():
    """Command line: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument(
        "--counts", type=Path, default=COUNTS, help="CSV: suite, model, problem_id, attempts, successes"
    )
    parser.add_argument("--pilot", type=int, default=100, help="attempts a problem (default: 100)")
    parser.add_argument("--seeds", type=int, default=10, help="pilots of each curve (default: 10)")
    parser.add_argument("--pilots", type=int, default=40, help="pilots of each made-up truth (default: 40)")
    parser.add_argument("--json", type=Path, help="also write the tables to this file")
    asked = parser.parse_args()
    try:
        for name in ("pilot", "seeds", "pilots"):
            if getattr(asked, name) < 1:
                raise ValueError(f"--{name}: need a whole number above 0, got {getattr(asked, name)}")
        curves = [one for one in curves_of(asked.counts) if one.attempts[0] > asked.pilot]
        if not curves:
            raise ValueError(f"{asked.counts}: need a curve with more attempts than --pilot {asked.pilot}")
    except (ValueError, OSError) as error:
        print(f"benchmark_decisions: {error}", file=sys.stderr)
        return 2
    with ProcessPoolExecutor() as pool:
        pilots = [(one, asked.pilot, seed, place) for place, one in enumerate(curves) for seed in range(asked.seeds)]
        lost = {}
        for own in pool.map(_lost, pilots, chunksize=2):
            for method, pairs in own.items():
                lost.setdefault(method, []).extend(pairs)
        made_up = [(name, number) for name in TRUTHS for number in range(asked.pilots)]
        regrets = np.array(list(pool.map(_regrets, made_up, chunksize=4))).reshape(len(TRUTHS), -1, 2)
    found = {method: float(np.sum(pairs, axis=0)[0] / np.sum(pairs, axis=0)[1]) for method, pairs in lost.items()}
    print(f"{'method':36s} regret, of the best net value ({len(curves)} curves, {asked.seeds} pilots, 3 prices)")
    for method, regret in sorted(found.items(), key=lambda pair: pair[1]):
        print(f"{method:36s} {regret:7.2%}")
    print(f"\n{'truth, ' + str(asked.pilots) + ' pilots':36s} regret stated   realised")
    means = dict(zip(TRUTHS, regrets.mean(axis=1).tolist(), strict=True))
    for name, (stated, realised) in means.items():
        print(f"{name:36s} {stated:13.5f} {realised:10.5f}")
    stated, realised = regrets.mean(axis=(0, 1))
    print(f"{'over all':36s} {stated:13.5f} {realised:10.5f}: stated {stated / realised:.2f} of what is realised")
    if asked.json:
        record = {"pilot": asked.pilot, "seeds": asked.seeds, "regret": found, "pilots": asked.pilots, "stated": means}
        asked.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


def _lost(one):
    """{method: [(regret, best net value) at each price]} of one pilot of a curve."""
    curve, size, seed, place = one
    ks = stopping.whole_grid(int(curve.attempts[0]))[1:]
    true = estimators.pass_at_k(ks, curve.attempts, curve.successes).mean(axis=1)
    found = {}
    for method, chosen in _chosen(drawn_pilot(curve, size, seed, place), size, ks, suite_of(curve)).items():
        for price, k in zip(PRICES, chosen, strict=True):
            net = np.append(0.0, true - price * ks)
            at = 0.0 if k == 0 else float(np.interp(np.log(k), np.log(ks), true)) - price * k
            found.setdefault(method, []).append((net.max() - at, net.max()))
    return found


def _chosen(drawn, size, ks, suite):
    """Numbers of attempts [prices] that each method chooses."""
    made = np.full(len(drawn), float(size))
    likelihood = mixtures.of_counts(made, drawn)
    own = problems.these(posterior.posterior(likelihood, prior.without(suite)), likelihood)
    shown = prediction.curve_grid(size)
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


def _regrets(one):
    """(mean stated regret, mean realised regret) over prices, of a pilot of a made-up truth."""
    name, number = one
    draw, size, attempts = (partial(of_model, *MODELS[name]), 128, 100) if name in MODELS else UNLIKE[name]
    generator = np.random.default_rng([number, TRUTHS.index(name)])
    success = draw(generator, size)
    likelihood = mixtures.of_counts(np.full(size, float(attempts)), generator.binomial(attempts, success).astype(float))
    own = problems.these(posterior.posterior(likelihood), likelihood)
    ks = stopping.whole_grid(10**7)
    true = np.array([-np.expm1(k * np.log1p(-np.minimum(success, 1 - 1e-16))).mean() for k in ks])
    rows = []
    for price in PRICES:
        decision = stopping.decide(own, Prices(1.0, price, most=10**7), 0.01)
        solved = -np.expm1(decision.attempts * np.log1p(-np.minimum(success, 1 - 1e-16))).mean()
        rows.append((decision.regret, (true - price * ks).max() - (solved - price * decision.attempts)))
    return np.mean(rows, axis=0)


if __name__ == "__main__":
    raise SystemExit(main())
