"""Whether pilots drawn from the memorising model give its parameters back: python scripts/benchmark_recovery.py

At each of six truths (ceiling A, alpha, beta of Levi 2024, Eq. 7) pilots are drawn, and every true parameter has a rank
in its posterior: uniform over pilots where the posterior is right and a pilot outweighs the prior. Printed: p-values of
the test of Kolmogorov and Smirnov, mean ranks, and how often the 90 % interval holds the truth. Where A is below 1,
ceiling and exponent share a ridge that only large pilots leave. Then pilots of 140 problems and 100 attempts, whose
parameters come from the prior: how often the 90 % intervals hold the coverage at ten times the attempts, of these
problems and of as many new ones. Half an hour on one core at the default size.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import special, stats

from sim import estimators
from sim.calibration import mixtures, posterior, prediction

_PROBLEMS, _ATTEMPTS = 140, 100
TRUTHS = ((1.0, 5.0, 0.35), (1.0, 15.0, 0.3), (1.0, 1.0, 1.0), (0.9, 5.0, 0.5), (0.8, 5.0, 0.35), (0.5, 2.0, 1.0))


def main():
    """Command line: 0, and a line for each truth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--pilots", type=int, default=400, help="at each truth (default: 400)")
    parser.add_argument("--problems", type=int, default=3000, help="of a pilot (default: 3000)")
    parser.add_argument("--attempts", type=int, default=10_000, help="at each problem (default: 10000)")
    parser.add_argument("--json", type=Path, help="write the table there too")
    asked = parser.parse_args()
    found = []
    for truth in TRUTHS:
        drawn = np.array([ranks(truth, asked.problems, asked.attempts, number) for number in range(asked.pilots)])
        row = {
            "truth": truth,
            "p_values": [float(stats.kstest(column, "uniform").pvalue) for column in drawn.T],
            "mean_ranks": drawn.mean(axis=0).tolist(),
            "inside_90": ((0.05 < drawn) & (drawn < 0.95)).mean(axis=0).tolist(),
        }
        print(_line(row), flush=True)
        found.append(row)
    these, new = np.mean([held(number) for number in range(2 * asked.pilots)], axis=0)
    print(f"90 % intervals at ten times the attempts: {these:.3f} of these problems, {new:.3f} of new ones", flush=True)
    if asked.json:
        asked.json.write_text(
            json.dumps(vars(asked) | {"json": None, "truths": found, "these": these, "new": new}, indent=2) + "\n"
        )
    return 0


def ranks(truth, problems, attempts, number):
    """Rank in (0, 1) of log beta, log alpha and, where the ceiling is below 1, of it, in the posterior of a pilot."""
    ceiling, alpha, beta = truth
    generator = np.random.default_rng([number, problems, attempts, *(round(1000 * part) for part in truth)])
    success = generator.beta(beta, alpha, problems) * (generator.random(problems) < ceiling)
    successes = generator.binomial(attempts, success).astype(float)
    law = "beta" if ceiling == 1 else "beta with a ceiling"
    of = posterior.posterior(mixtures.LAWS[law], mixtures.of_counts(np.full(problems, float(attempts)), successes))
    true = np.array([np.log(beta), np.log(alpha), special.logit(1 - ceiling)])[: of.theta.shape[1]]
    return of.weight @ (of.theta < true)


def held(number):
    """Whether both 90 % intervals of a pilot hold what will be solved, of Beta with and without a ceiling in turn."""
    generator, law = np.random.default_rng([number, 4242]), mixtures.LAWS[("beta", "beta with a ceiling")[number % 2]]
    theta = generator.normal(law.centre, law.scale)
    ceiling = 1 - special.expit(theta[2]) if len(theta) > 2 else 1.0

    def drawn():
        return generator.beta(*np.exp(theta[:2]), _PROBLEMS) * (generator.random(_PROBLEMS) < ceiling)

    def solved(success):
        return (generator.random(_PROBLEMS) < 1 - (1 - success) ** (10 * _ATTEMPTS)).mean()

    success = drawn()
    made, won = np.full(_PROBLEMS, float(_ATTEMPTS)), generator.binomial(_ATTEMPTS, success).astype(float)
    average, ks = posterior.average(likelihood := mixtures.of_counts(made, won)), prediction.curve_grid(_ATTEMPTS)
    seen = estimators.pass_at_k(ks.astype(int), made, won).mean(axis=1)
    attempts = np.array([10.0 * _ATTEMPTS])
    _, these = prediction.told(average, likelihood, ks, seen, attempts)
    new = prediction.new(average, attempts, _PROBLEMS)
    return [
        one.quantiles[0, 0] - 1e-9 <= share <= one.quantiles[0, -1] + 1e-9
        for one, share in ((these, solved(success)), (new, solved(drawn())))
    ]


def _line(row):
    names = ("beta", "alpha", "never solved")
    each = zip(names, row["p_values"], row["mean_ranks"], row["inside_90"], strict=False)
    told = "; ".join(f"{name} p {p:.3f}, mean {mean:.3f}, 90 % {inside:.3f}" for name, p, mean, inside in each)
    ceiling, alpha, beta = row["truth"]
    return f"A {ceiling:g}, alpha {alpha:g}, beta {beta:g}: {told}"


if __name__ == "__main__":
    raise SystemExit(main())
