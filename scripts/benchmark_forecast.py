"""How well pilots predict coverage: python scripts/benchmark_forecast.py [--part model --part unlike --part real]

model: pilots of 100 attempts a problem drawn from the memorising model itself (Levi 2024, Eq. 7), at sixteen truths of
128 and 1,000 problems each; k = 10, 100 and 1,000 times as many attempts.

unlike: pilots from truths that are unlike the curves of language models and mostly unlike the model; whether the 90 %
band holds, or the answer is "cannot tell", at 10 and 100 times the attempts.

real: pilots of m attempts a problem drawn without replacement from real counts, by default eighteen curves of 10,000
attempts a problem. The relative error of predicted pass@n, averaged over pilots of a curve; beside it those of
published methods on the same pilots. The prior is learnt without the suite of the curve.

    python scripts/benchmark_forecast.py --counts FILE --pilot 1000 --seeds 6 --json OUT

judges curves of your own (columns suite, model, problem_id, attempts, successes), part real alone. All parts take some
forty minutes on two cores.
"""

import argparse
import csv
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import special

from sim.calibration import ansatz, calibrate, curve, mixtures, posterior, prediction, prior, published
from sim.judging import estimators, fits
from sim.pilot.pilot import Pilot
from sim.pilot.reading import read
from sim.records.defaults import defaults

COUNTS = Path(__file__).resolve().parents[1] / "outputs" / "reference" / "calibration" / "counts.csv"
LEAST = 5000  # attempts of a curve that is predicted to its end
OURS, LINE, EQ7 = "sim", "line through log(-log pass@k)", "A (1 - Gamma ratio) (Levi, Eq. 7)"
PARTS = "model", "unlike", "real"
_BOOTSTRAP = 40  # pilots resampled for the intervals of others

CEILINGS, SHAPES = (1.0, 0.9, 0.6, 0.3), ((5.0, 0.35), (2.0, 1.0), (5.0, 0.5), (1.0, 2.0))
FURTHER = 10, 100, 1000


def main():
    """Command line: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="may be repeated (default: all)")
    parser.add_argument("--counts", type=Path, help="CSV: suite, model, problem_id, attempts, successes")
    parser.add_argument("--pilot", type=int, action="append", help="attempts a problem, may be repeated (100, 1000)")
    parser.add_argument("--seeds", type=int, default=10, help="pilots of each real curve (default: 10)")
    parser.add_argument("--pilots", type=int, default=40, help="pilots of each made-up truth (default: 40)")
    parser.add_argument("--json", type=Path, help="also write the tables to this file")
    asked = parser.parse_args()
    sizes = asked.pilot or [100, 1000]
    try:
        for name, value in (("seeds", asked.seeds), ("pilots", asked.pilots), *(("pilot", size) for size in sizes)):
            if value < 1:
                raise ValueError(f"--{name}: need a whole number above 0, got {value}")
        parts = asked.part or (["real"] if asked.counts else list(PARTS))
        curves = curves_of(asked.counts or COUNTS) if "real" in parts else []
        longest = max((one.attempts[0] for one in curves), default=np.inf)
        if longest <= max(sizes):
            raise ValueError(
                f"{asked.counts}: need a curve with more attempts than --pilot {max(sizes)}, got {longest:.0f}"
            )
    except (ValueError, OSError) as error:
        print(f"benchmark_forecast: {error}", file=sys.stderr)
        return 2
    found = {}
    with ProcessPoolExecutor() as pool:
        if "model" in parts:
            found["model"] = _show_model(pool, asked.pilots)
        if "unlike" in parts:
            found["unlike"] = _show_unlike(pool, asked.pilots)
        found |= {str(size): real(pool, curves, size, asked.seeds) for size in sizes if curves}
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


# Truths that are made up ----------------------------------------------------------------------------------------------


def of_model(ceiling, alpha, beta, generator, problems):
    """Success probabilities of Eq. 7."""
    return generator.beta(beta, alpha, problems) * (generator.random(problems) < ceiling)


def _two_scales(generator, problems):
    hard = generator.random(problems) < 0.6
    return np.where(hard, generator.beta(2, 3000, problems), generator.beta(3, 2, problems))


def _easy_and_hard(generator, problems):
    easy = generator.random(problems) < 0.3
    return np.where(easy, generator.beta(3, 1.5, problems), 10 ** generator.normal(-4.5, 0.5, problems).clip(-12, 0))


UNLIKE = {  # name: (success probabilities, problems, attempts)
    "failure Beta(200, 2)": (lambda generator, problems: generator.beta(2, 200, problems), 100, 10),
    "every s = 0.01": (lambda generator, problems: np.full(problems, 0.01), 100, 10),
    "Eq. 7, A 0.6, alpha 5, beta 0.5": (partial(of_model, 0.6, 5, 0.5), 100, 100),
    "0.4 Beta(3, 2) + 0.6 Beta(2, 3000), m = 10": (_two_scales, 100, 10),
    "0.4 Beta(3, 2) + 0.6 Beta(2, 3000), m = 100": (_two_scales, 100, 100),
    "0.3 Beta(3, 1.5) + 0.7 lognormal(10^-4.5)": (_easy_and_hard, 100, 100),
    "logit-normal(-2, 2)": (lambda generator, problems: special.expit(generator.normal(-2, 2, problems)), 100, 10),
    "0.5 x 60, 0.004 x 60, never x 40": (
        lambda generator, problems: np.repeat([0.5, 0.004, 0.0], (60, 60, 40)),
        160,
        100,
    ),
}


def judged(one):
    """What a pilot of a made-up truth says, and what is true: a record of arrays [k].

    one: (draw of success probabilities, problems, attempts, times as many attempts, whether the model is tested, seed).
    """
    draw, problems, attempts, further, tested, seed = one
    generator = np.random.default_rng(seed)
    success = draw(generator, problems)
    successes = generator.binomial(attempts, success).astype(float)
    ks = np.array(further, float) * attempts
    first = np.where(success > 0, generator.geometric(np.maximum(success, 1e-15)), np.iinfo(np.int64).max)
    pilot = Pilot("made up", [str(i) for i in range(problems)], np.full(problems, float(attempts)), successes)
    likelihood = curve.likelihood(pilot)
    known = posterior.posterior(likelihood)
    these = prediction.these(known, likelihood, ks)
    cannot, fits_model = np.zeros(len(ks), bool), True
    if tested:
        asked = calibrate.asked(defaults("calibrate"))
        wide = prediction.these(posterior.widened(known, likelihood), likelihood, ks)
        cannot = np.array([bool(calibrate.reasons(pilot, these, wide, asked, place)) for place in range(len(ks))])
        fits_model = ansatz.fit_test(pilot, asked.level, seed).verdict == ansatz.FITS
    return {
        "median": these.median,
        "quantiles": these.quantiles,
        "truth": np.array([-np.expm1(k * np.log1p(-np.minimum(success, 1 - 1e-16))).mean() for k in ks]),
        "solved": (first[:, None] <= ks).mean(axis=0),
        "cannot": cannot,
        "fits": fits_model,
    }


def _inside(quantiles, values):
    """Whether values [k] lie in the 50 % and in the 90 % interval [k, levels]."""
    low, quarter, _, three, high = np.moveaxis(quantiles, -1, 0)
    return (quarter - 1e-9 <= values) & (values <= three + 1e-9), (low - 1e-9 <= values) & (values <= high + 1e-9)


def _show_model(pool, pilots):
    """Table of the model's own pilots, printed."""
    truths = [(ceiling, *shape, problems) for problems in (128, 1000) for ceiling in CEILINGS for shape in SHAPES]
    asked = [
        (partial(of_model, *truth[:3]), truth[3], 100, FURTHER, False, number * 1000 + place)
        for place, truth in enumerate(truths)
        for number in range(pilots)
    ]
    found = np.array(list(pool.map(judged, asked, chunksize=4))).reshape(len(truths), pilots)
    print(f"pilots of 100 attempts a problem from the model, {pilots} of each truth; k = 10, 100, 1000 times as many")
    print("  A  alpha beta problems   mean headline less mean truth       standard error")
    rows, hits, errors = [], [], []
    for truth, own in zip(truths, found, strict=True):
        error = np.array([one["median"] - one["truth"] for one in own])
        hits += [_inside(one["quantiles"], one["solved"]) for one in own]
        errors += list(error)
        bias, stderr = error.mean(axis=0), error.std(axis=0, ddof=1) / np.sqrt(pilots)
        within = np.abs(bias) <= 0.01 + 2 * stderr
        rows.append({"truth": truth, "bias": bias.tolist(), "stderr": stderr.tolist(), "within": within.tolist()})
        shown = "  ".join(f"{value:+7.3f}{' ' if fine else '*'}" for value, fine in zip(bias, within, strict=True))
        print(
            f"{truth[0]:4g} {truth[1]:5g} {truth[2]:5g} {truth[3]:7d}   {shown}     "
            + " ".join(f"{x:6.3f}" for x in stderr)
        )
    half, ninety = np.mean(hits, axis=0).mean(axis=1)
    bias, stderr = np.mean(errors, axis=0), np.std(errors, axis=0, ddof=1) / np.sqrt(len(errors))
    over = " ".join(f"{value:+.4f} +- {error:.4f}" for value, error in zip(bias, stderr, strict=True))
    outside = sum(not fine for row in rows for fine in row["within"])
    print(
        f"over all: {over}; {outside} of {3 * len(rows)} truths and k (*) are off by more than 0.01 + 2 standard errors"
    )
    print(f"50 % bands hold {half:.1%}, 90 % bands {ninety:.1%}\n", flush=True)
    return {"truths": rows, "bias": bias.tolist(), "stderr": stderr.tolist(), "inside_50": half, "inside_90": ninety}


def _show_unlike(pool, pilots):
    """Table of truths unlike the curves of language models, printed."""
    asked = [
        (name, number, (*UNLIKE[name][1:], FURTHER[:2], True, 7000 + number))
        for name in UNLIKE
        for number in range(pilots)
    ]
    found = list(pool.map(_judged_by_name, asked, chunksize=4))
    print(f"truths unlike the curves of language models, {pilots} pilots each; at k = 10 m and at k = 100 m:")
    print(f"{'truth':46s} holds or cannot tell   holds        cannot tell  wrong beside fits")
    rows = {}
    for place, name in enumerate(UNLIKE):
        own = found[place * pilots : (place + 1) * pilots]
        holds = np.array([_inside(one["quantiles"], one["solved"])[1] for one in own])
        cannot, fitting = np.array([one["cannot"] for one in own]), np.array([one["fits"] for one in own])[:, None]
        shares = [holds | cannot, holds, cannot, ~holds & ~cannot & fitting]
        names = "answered", "holds", "cannot_tell", "wrong_beside_fits"
        rows[name] = {key: share.mean(axis=0).tolist() for key, share in zip(names, shares, strict=True)}
        print(f"{name:46s} " + "   ".join("  ".join(f"{x:5.2f}" for x in rows[name][key]) for key in names))
    print(flush=True)
    return rows


def _judged_by_name(one):
    """`judged` of a truth that is named, as what draws it cannot be sent to another process."""
    name, _, rest = one
    return judged((UNLIKE[name][0], *rest))


# Real curves ----------------------------------------------------------------------------------------------------------


def curves_of(path):
    """Pilots of a file with the same, large number of attempts at each problem; ValueError where there are none."""
    curves = [one for one in read(path) if one.attempts.min() == one.attempts.max() >= LEAST]
    if not curves:
        raise ValueError(f"{path}: need a curve of {LEAST} attempts a problem")
    with open(path, encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(line for line in stream if not line.startswith("#"))
        suites = {row["suite"] for row in rows} if "suite" in (rows.fieldnames or ()) else set()
    if len(suites) == 1:  # which names do not say, then
        curves = [one._replace(name=f"{suites.copy().pop()}, {one.name}") for one in curves]
    return curves


def suite_of(curve):
    """Suite of a curve, the first part of its name."""
    return curve.name.partition(", ")[0]


def drawn_pilot(curve, size, seed, place):
    """Successes [problems] among so many of the attempts of a curve, without replacement."""
    generator = np.random.default_rng([seed, place, size])
    won = curve.successes.astype(int)
    return generator.hypergeometric(won, curve.attempts.astype(int) - won, size).astype(float)


def real(pool, curves, size, seeds):
    """What came of pilots of `size` attempts: a record for each method, printed."""
    long = [(place, one) for place, one in enumerate(curves) if one.attempts[0] > size]
    asked = [(one, size, seed, place) for place, one in long for seed in range(seeds)]
    found = list(pool.map(_predicted, asked, chunksize=2))
    errors = {}
    for (one, *_), (values, *_) in zip(asked, found, strict=True):
        for method, error in values.items():
            errors.setdefault(method, {}).setdefault(one.name, []).append(error)
    table = {
        method: _summary({name: float(np.mean(own)) for name, own in each.items()}) for method, each in errors.items()
    }
    for method in found[0][1]:
        table[method]["interval_score"] = float(np.mean([scores[method] for _, scores, _ in found]))
    for key in ("at_n", "at_10_m", "new_at_10_m"):
        hits = [inside[key] for *_, inside in found if key in inside]
        half, ninety = np.mean(hits, axis=0) if hits else (None, None)
        table[OURS][key] = {"50": half, "90": ninety, "pilots": len(hits)} if hits else None
    _show_real(size, len(long), seeds, table)
    short = {"at all": [one.name for one in curves if one.attempts[0] <= size]}
    short["at k = 10 m"] = [one.name for _, one in long if one.attempts[0] < 10 * size]
    for where, names in short.items():
        if names:
            print(f"  left out {where}: {'; '.join(names)}")
    print(flush=True)
    return table


def _summary(by_curve):
    values = np.array(list(by_curve.values()))
    median, mean, p90 = np.median(values), values.mean(), np.quantile(values, 0.9)
    return {"median": float(median), "mean": float(mean), "p90": float(p90), "curves": by_curve}


def _predicted(one):
    """(relative error of pass@n by method, score of the 90 % interval by method, what lay inside) of one pilot."""
    curve, size, seed, place = one
    most, successes = int(curve.attempts[0]), drawn_pilot(curve, size, seed, place)
    attempts = np.array(sorted({min(10 * size, most), most}), float)
    truths = estimators.pass_at_k(attempts.astype(int), curve.attempts, curve.successes).mean(axis=1)
    made, ks = np.full(len(successes), float(size)), prediction.curve_grid(size)
    likelihood = mixtures.of_counts(made, successes)
    known = prior.without(suite_of(curve))
    these = prediction.measured(posterior.posterior(likelihood, known), likelihood, attempts, most)
    shown = estimators.pass_at_k(ks.astype(int), made, successes)
    points = {OURS: these.median[-1:], **others(made, successes, likelihood, ks, shown.mean(axis=1), attempts[-1:])}
    errors = {method: abs(float(value[0]) / truths[-1] - 1) for method, value in points.items()}
    generator = np.random.default_rng([seed, place, size, 1])
    ends = {OURS: these.quantiles[-1, [0, -1]]} | _bootstrapped(ks, shown, attempts[-1:], generator)
    scores = {method: _score(*own, truths[-1]) for method, own in ends.items()}
    inside = {"at_n": [bool(hit[-1]) for hit in _inside(these.quantiles, truths)]}
    if 10 * size <= most:
        inside["at_10_m"] = [bool(hit[0]) for hit in _inside(these.quantiles, truths)]
        inside["new_at_10_m"] = _halves(curve, made, successes, 10 * size, known, generator)
    return errors, scores, inside


def _score(low, high, truth, level=0.1):
    """Of an interval: its width, and 2 / level times by how much it misses (Gneiting and Raftery 2007, Eq. 43)."""
    return float(high - low + 2 / level * (max(low - truth, 0) + max(truth - high, 0)))


def _bootstrapped(ks, shown, attempts, generator):
    """90 % intervals of two curves fitted to pass@k of resampled problems.  shown: pass@k [k, problems]."""
    found = {LINE: [], EQ7: []}
    start = published.ceiling_law_fit(ks, shown.mean(axis=1))
    for _ in range(_BOOTSTRAP):
        curve = shown[:, generator.integers(0, shown.shape[1], shown.shape[1])].mean(axis=1)
        found[LINE].append(float(np.nan_to_num(published.line(ks, curve, attempts)[0])))
        found[EQ7].append(float(published.levi(published.ceiling_law_fit(ks, curve, start), attempts)[0]))
    return {method: np.quantile(values, (0.05, 0.95)) for method, values in found.items()}


def _halves(curve, made, successes, attempts, known, generator):
    """Whether the coverage of half of the problems lies in the intervals that a pilot on the others gives."""
    order = generator.permutation(len(successes))
    seen, hidden = order[: len(order) // 2], order[len(order) // 2 :]
    law = posterior.posterior(mixtures.of_counts(made[seen], successes[seen]), known)
    interval = prediction.new(law, [float(attempts)], len(hidden))
    truth = estimators.pass_at_k([attempts], curve.attempts[hidden], curve.successes[hidden]).mean()
    return [bool(hit[0]) for hit in _inside(interval.quantiles, np.array([truth]))]


def others(made, successes, likelihood, ks, curve, attempts):
    """pass@k at `attempts` [k], by published method.  ks, curve: pass@k of the pilot."""
    reached = mixtures.reach(attempts)
    beta = fits.beta_binomial(made, successes)
    counted = {name: calibrate.counted(*law, likelihood) @ reached for name, law in calibrate.COUNTED.items()}
    found = {
        LINE: published.line(ks, curve, attempts),
        "exp(-a k^-b) (Brown)": published.exponential_power(ks, curve, attempts),
        EQ7: published.ceiling_law(ks, curve, attempts),
        "beta-binomial (Kazdan)": mixtures.beta(np.log([[beta.beta, beta.alpha]])) @ reached,
        "zero-inflated beta-binomial": counted["zero-inflated beta-binomial"],
        "scaled beta (Schaeffer)": counted["scaled beta"],
        "scaled Kumaraswamy (Schaeffer)": counted["scaled Kumaraswamy"],
        "free mixture": published.free_mixture(likelihood, reached),
        "plug-in 1 - (1 - c/m)^k": published.plug_in(made, successes, attempts),
    }
    return {method: np.nan_to_num(np.ravel(value)) for method, value in found.items()}  # no line: nothing was solved


def _show_real(size, curves, seeds, table):
    print(f"pilots of {size} attempts a problem from {curves} real curves, {seeds} of each; relative error of pass@n,")
    print(
        "suite of the curve left out of what is learnt for the prior; mean score of 90 % intervals (smaller is better)"
    )
    print(f"{'method':36s} {'median':>7s} {'mean':>7s} {'p90':>7s} {'score':>7s}")
    for method, row in table.items():
        score = f"{row['interval_score']:7.3f}" if "interval_score" in row else ""
        print(f"{method:36s} {row['median']:7.1%} {row['mean']:7.1%} {row['p90']:7.1%} {score}")
    said = {
        "at_n": "these problems, k = n",
        "at_10_m": "these problems, k = 10 m",
        "new_at_10_m": "new problems, k = 10 m",
    }
    for key, words in said.items():
        if table[OURS][key]:
            own = table[OURS][key]
            print(f"  {words}: {own['50']:.2f} inside 50 %, {own['90']:.2f} inside 90 %, of {own['pilots']} pilots")


if __name__ == "__main__":
    raise SystemExit(main())
