"""Learn numbers of the prior from measured curves: python scripts/learn_prior.py [--counts FILE --seeds 10]

FILE: a CSV of real counts with columns suite, model, problem_id, attempts, successes, each (suite, model) with one
number of attempts n, by default the eighteen curves of this repository. Five numbers of the kind of law called
"measured curves" (sim.calibration.prior) are learnt from them: the centres of log beta and of log sigma, the chance
that there is no ceiling, how ceilings are spread, and the scale of bends. They are those with which pilots of 100 and
1,000 attempts a problem, drawn without replacement, best predict pass@n of the same curve: the least mean continuous
ranked probability score of log pass@n, those of 1,000 attempts counting twice, plus a pull to where the search
starts.

Printed: the numbers learnt from all curves, and from all but those of one suite, which predictions of that suite use
wherever they are reported. A quarter of an hour on two cores.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from benchmark_forecast import COUNTS, curves_of, drawn_pilot, suite_of
from scipy import optimize, special

from sim.calibration import mixtures, posterior, prediction, prior
from sim.draw import seeds

# Broad, so that every other prior of the kind is a reweighting of draws under it.
REFERENCE = prior.Kind(
    "reference", 1.0, (-1.7, 1.6), (3.0, 3.5), 0.5, 1.0, prior.Deviation((-0.3, 1.0), (1.5, 12.0)), None
)
FIXED = prior.KINDS[prior.MEASURED]  # its widths are not learnt
START = np.array([-1.7, 0.0, special.logit(0.9), 1.5, np.log(0.05)])
SCALE = np.array([0.5, 0.5, 1.0, 0.7, 0.5])  # of the pull, and of the first steps of the search
_PULL, _STEPS, _BEFORE = 0.003, 120, 20_000
SIZES = 100, 1000
KINDS = prior.LEVI, prior.ROUGH, prior.MEASURED


def main():
    """Command line: 0, and a line for each prior; or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument(
        "--counts", type=Path, default=COUNTS, help="CSV: suite, model, problem_id, attempts, successes"
    )
    parser.add_argument("--seeds", type=int, default=10, help="pilots of each curve (default: 10)")
    parser.add_argument("--json", type=Path, help="also write the learnt numbers to this file")
    asked = parser.parse_args()
    try:
        if asked.seeds < 1:
            raise ValueError(f"--seeds: need a whole number above 0, got {asked.seeds}")
        curves = curves_of(asked.counts)
    except (ValueError, OSError) as error:
        print(f"learn_prior: {error}", file=sys.stderr)
        return 2
    pilots = [
        (curve, place, size, seed)
        for place, curve in enumerate(curves)
        for size in SIZES
        for seed in range(asked.seeds)
    ]
    suites = [None, *sorted({suite_of(curve) for curve in curves})]
    with ProcessPoolExecutor() as pool:
        draws = list(pool.map(drawn, pilots, chunksize=4))
        found = dict(zip(suites, pool.map(partial(learnt, draws), suites), strict=True))
    for suite, kind in found.items():
        print(f"{'all' if suite is None else 'without ' + suite}: {numbers(kind)}", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps({str(k): numbers(v) for k, v in found.items()}, indent=2) + "\n", "utf-8")
    return 0


def numbers(kind):
    """What is learnt, as it stands in sim/calibration/prior.py."""
    return tuple(
        round(float(x), 3) for x in (kind.beta[0], kind.deviation.size[0], kind.solvable, kind.never, kind.bend)
    )


class Drawn(NamedTuple):
    """Draws of one pilot. evidence: of Levi's, of rough laws and of the reference.  solved: log pass@n of these
    problems under each, draws [n].  points, change, counts: of the reference, what weighs it.  truth: log pass@n.
    """

    suite: str
    size: int
    evidence: np.ndarray
    solved: tuple
    points: np.ndarray
    change: np.ndarray
    counts: np.ndarray
    truth: float


def drawn(one):
    """Drawn of one pilot of a curve."""
    curve, place, size, seed = one
    successes = drawn_pilot(curve, size, seed, place)
    likelihood = mixtures.of_counts(np.full(len(successes), float(size)), successes)
    kinds = (prior.KINDS[prior.LEVI], prior.KINDS[prior.ROUGH], REFERENCE._replace(name=f"reference {seed}"))
    samples = [posterior.sampled(kind, likelihood) for kind in kinds]
    laws = [prior.mixing(sample.points, sample.kind) for sample in samples]
    least, reach = 0.5 / len(successes), mixtures.reach(curve.attempts[:1])
    solved = [prediction.shares(posterior.Posterior(None, own, *[None] * 6), likelihood, reach)[:, 0] for own in laws]
    truth = np.log(np.count_nonzero(curve.successes) / len(successes))
    evidence = np.array([sample.log_evidence for sample in samples])
    logs = tuple(np.log(np.maximum(own, least)) for own in solved)
    return Drawn(
        suite_of(curve), size, evidence, logs, samples[-1].points[:, :4], *prior.bends(laws[-1] @ prior.DECADES), truth
    )


def before():
    """Draws of the reference itself, as Drawn without a pilot: they give what the bends leave of a kind."""
    points = seeds.generator(0, "reference").standard_normal((_BEFORE, REFERENCE.size))
    found = [
        prior.bends(prior.averages(part, REFERENCE, prior.DECADES)) for part in np.array_split(points, _BEFORE // 1000)
    ]
    return Drawn("", 0, None, (), points[:, :4], *(np.concatenate(column) for column in zip(*found, strict=True)), 0.0)


def learnt(draws, without):
    """The kind of law that predicts best the curves of all suites but one."""
    kept, start = [one for one in draws if one.suite != without], before()

    def loss(theta):
        kind = of(theta)
        size = _mean(log_weights(start, kind))
        scores = [(2 if one.size == SIZES[-1] else 1) * score(one, kind, size) for one in kept]
        return np.mean(scores) + _PULL * (((theta - START) / SCALE) ** 2).mean()

    simplex = np.vstack([START, START + np.diag(SCALE)])
    found = optimize.minimize(loss, START, method="Nelder-Mead", options={"maxfev": _STEPS, "initial_simplex": simplex})
    return of(found.x)


def of(theta):
    """Kind of law from the five numbers of the search."""
    deviation = FIXED.deviation._replace(size=(theta[1], FIXED.deviation.size[1]))
    return FIXED._replace(
        beta=(theta[0], FIXED.beta[1]),
        deviation=deviation,
        solvable=special.expit(theta[2]),
        never=np.exp(theta[3]),
        bend=np.exp(theta[4]),
    )


def log_weights(one, kind):
    """Log weight [n] of draws under the reference that makes draws under a kind of them, but for a constant."""
    points = one.points
    found = prior.log_density_of_bends(one.change, one.counts, kind.bend)
    for name, place in (("beta", 0), ("odds", 1)):
        found += _ratio(points[:, place], getattr(REFERENCE, name), getattr(kind, name))
    found += _ratio(points[:, 3], REFERENCE.deviation.size, kind.deviation.size)
    limited = np.maximum(special.ndtr(points[:, 2]) - REFERENCE.solvable, 0) / (1 - REFERENCE.solvable)
    rest = np.log((1 - kind.solvable) / (1 - REFERENCE.solvable) / kind.never)
    rest = rest + (1 / kind.never - 1) * np.log(np.maximum(limited, 1e-9))
    return found + np.where(limited > 0, rest, np.log(kind.solvable / REFERENCE.solvable))


def score(one, kind, size):
    """Continuous ranked probability score of log pass@n, all three kinds of law together.

    size: log of what the bends leave of the kind.
    """
    own = log_weights(one, kind)
    evidence = one.evidence + np.array([0.0, 0.0, _mean(own) - size])
    shares = special.softmax(evidence + np.log([prior.KINDS[name].share for name in KINDS]))
    flat = (np.full(len(solved), 1 / len(solved)) for solved in one.solved[:2])
    weight = np.concatenate([share * each for share, each in zip(shares, (*flat, special.softmax(own)), strict=True)])
    value = np.concatenate(one.solved)
    order = np.argsort(value)
    weight, value = weight[order], value[order]
    return weight @ np.abs(value - one.truth) - ((2 * np.cumsum(weight) - weight - 1) * weight) @ value


def _mean(logs):
    return special.logsumexp(logs) - np.log(len(logs))


def _ratio(points, own, other):
    """Log of the ratio of two normal densities of centre + deviation z: of the other and of one's own."""
    values = own[0] + own[1] * points
    return points**2 / 2 + np.log(own[1]) - ((values - other[0]) / other[1]) ** 2 / 2 - np.log(other[1])


if __name__ == "__main__":
    raise SystemExit(main())
