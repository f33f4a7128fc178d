"""How well pilots of two models estimate their difference: python scripts/benchmark_difference.py [--pairs 200]

Pairs of models are simulated: success probabilities from Beta laws with and without a ceiling, over the same problems,
independent between the models or not; each pilot has 100 attempts a problem. Printed: in how many pairs the whole
curve of the difference of coverage, over the attempts from 1 to 100 times those of the pilot, lay inside the band of
90 %, how often a certain statement about the order was right, and how often the interval of a turn contained it.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import special

from sim.calibration import difference
from sim.pilot.pilot import Pilot

ATTEMPTS, FURTHER = 100, 100
KS = np.unique(np.round(np.geomspace(1, ATTEMPTS * FURTHER, 41)))
KINDS = {"independent": 0.0, "correlated": 0.8}  # between the models, of the normal scores of difficulty


def main():
    """Command line: 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--pairs", type=int, default=200, help="pairs of models (default: 200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    asked = parser.parse_args()
    rows = [judged(asked.seed, number) for number in range(asked.pairs)]
    found = {"all": summary(rows)}
    for key in ("kind", "ceilings"):
        for value in sorted({row[key] for row in rows}):
            found[f"{key} {value}"] = summary([row for row in rows if row[key] == value])
    for name, one in found.items():
        print(f"{name:20s} " + ", ".join(f"{key} {value:.3g}" for key, value in one.items()))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def judged(seed, number):
    """What is told of one pair, against the truth."""
    generator = np.random.default_rng([seed, number])
    kind = list(KINDS)[number % len(KINDS)]
    success, ceilings = simulated(generator, KINDS[kind])
    pilots = [pilot(generator, own) for own in success]
    begin = time.perf_counter()
    models = [difference.model(one) for one in pilots]
    middle = time.perf_counter()
    told = difference.difference(*models, KS, seed)
    end = time.perf_counter()
    true = truth(*success, KS)
    wrong = [
        lead for lead in told.leads if (true[(KS >= lead.low) & (KS <= lead.high)] * (1 - 2 * lead.model) <= 0).any()
    ]
    place = crossing(*success)
    turn = told.turns[0] if told.turns else None
    return {
        "kind": kind,
        "ceilings": ceilings,
        "inside": bool(((told.low <= true) & (true <= told.high)).all()),
        "at_each": float(((told.low <= true) & (true <= told.high)).mean()),
        "width": float(np.mean(told.high - told.low)),
        "wrong": bool(wrong),
        "leads": bool(told.leads),
        "turn": None if turn is None or place is None else bool(turn.low <= place <= turn.high),
        "chance": 0.0 if told.chance is None else told.chance.probability,
        "turns": place is not None,
        "posterior_seconds": middle - begin,
        "seconds": end - middle,
    }


def simulated(generator, correlation):
    """Success probabilities [2, problems] of two models, and how many of them have a ceiling."""
    problems = int(generator.integers(100, 141))
    normal = generator.standard_normal((3, problems))
    scores = np.sqrt(correlation) * normal[2] + np.sqrt(1 - correlation) * normal[:2]
    ceiling = np.where(generator.random(2) < 0.5, generator.uniform(0.5, 0.95, 2), 1.0)
    beta, alpha = np.exp(generator.uniform(np.log(0.2), np.log(1.5), 2)), np.exp(generator.uniform(0, np.log(10), 2))
    rank = 1 - (1 - special.ndtr(scores)) / ceiling[:, None]  # below 0: never
    success = np.where(rank > 0, special.betaincinv(beta[:, None], alpha[:, None], rank.clip(0, 1)), 0.0)
    return success, int((ceiling < 1).sum())


def pilot(generator, success):
    """A pilot of these problems."""
    names = [f"p{i}" for i in range(len(success))]
    made = np.full(len(success), float(ATTEMPTS))
    return Pilot("simulated", names, made, generator.binomial(ATTEMPTS, success).astype(float))


def truth(first, second, ks):
    """Difference [k] of the coverage of these very problems."""
    with np.errstate(divide="ignore"):
        lost = [np.exp(np.outer(ks, np.log1p(-own))).mean(axis=1) for own in (first, second)]
    return lost[1] - lost[0]


def crossing(first, second):
    """Attempts from which on the order stays turned; None where both ends have the same."""
    ks = np.geomspace(1, ATTEMPTS * FURTHER, 4001)
    true = truth(first, second, ks)
    if true[0] * true[-1] >= 0:
        return None
    return float(ks[np.flatnonzero(np.diff(np.sign(true)))[-1]])


def summary(rows):
    """Shares and means over pairs."""
    turns = [row["turn"] for row in rows if row["turn"] is not None]
    return {
        "pairs": len(rows),
        "inside": float(np.mean([row["inside"] for row in rows])),
        "inside_at_each": float(np.mean([row["at_each"] for row in rows])),
        "width": float(np.mean([row["width"] for row in rows])),
        "a_lead": float(np.mean([row["leads"] for row in rows])),
        "a_wrong_lead": float(np.mean([row["wrong"] for row in rows])),
        "sure_turns": len(turns),
        "turn_inside": float(np.mean(turns)) if turns else float("nan"),
        "turn_chance_where_it_turns": _mean([row["chance"] for row in rows if row["turns"]]),
        "turn_chance_where_not": _mean([row["chance"] for row in rows if not row["turns"]]),
        "posterior_seconds": float(np.mean([row["posterior_seconds"] for row in rows])),
        "seconds": float(np.mean([row["seconds"] for row in rows])),
    }


def _mean(values):
    return float(np.mean(values)) if values else float("nan")


if __name__ == "__main__":
    raise SystemExit(main())
