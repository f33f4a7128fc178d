"""In calibration, optimum, design and their reports."""

from bugs import Bug


def _of(folder, *tests):
    """Paths of test files."""
    return tuple(f"tests/{folder}{test}.py" for test in tests)


ANSATZ, CURVE, DIFFERENCE, MIXTURES = (
    _of("calibration/test_", name) for name in ("ansatz", "curve", "difference", "mixtures")
)
EVIDENCE, POSTERIOR, PREDICTION, PRIOR, QUANTITIES, TEMPERING = (
    _of("calibration/test_", name)
    for name in ("evidence", "posterior", "prediction", "prior", "quantities", "tempering")
)
OPTIMUM, DESIGN, AGAINST = _of("test_", "optimum"), _of("test_", "design"), _of("app/test_", "against")
CALIBRATE = _of("app/test_", "said_by_calibrate", "calibrate")
RECOMMEND = _of("app/test_", "said_by_recommend", "recommend", "recommend_money")

BUGS = (
    # Calibration ------------------------------------------------------------------------------------------------------
    Bug("runs test: wrong variance", "sim/calibration/ansatz.py",
        "made**2 * (made - 1)", "made**3", ANSATZ),
    Bug("runs test: p-value one-sided", "sim/calibration/ansatz.py",
        "float(2 * special.ndtr(-abs(z)))", "float(special.ndtr(-abs(z)))", ANSATZ),
    Bug("Sidak: one test too few", "sim/calibration/ansatz.py",
        "** len(p_values)", "** (len(p_values) - 1)", ANSATZ),
    Bug("cannot tell: threshold of the factor inverted", "sim/calibration/calibrate.py",
        "if high > asked.most_factor * low:", "if high < asked.most_factor * low:", PREDICTION + CALIBRATE),
    Bug("backtest: quartiles swapped", "sim/calibration/calibrate.py",
        "[0, 4, 1, 3]", "[0, 4, 3, 1]", CALIBRATE),
    Bug("observed: unbiased pass@k at k + 1", "sim/calibration/curve.py",
        "pass_at_k(attempts, pilot",
        "pass_at_k(np.minimum(np.asarray(attempts) + 1, pilot.attempts.min()), pilot", CURVE),
    Bug("observed: Greenwood without the square root", "sim/calibration/curve.py",
        "failure * np.sqrt(greenwood)", "failure * greenwood", CURVE),
    Bug("two models: sign of the median", "sim/calibration/difference.py",
        "np.median(drawn, axis=0),", "-np.median(drawn, axis=0),", DIFFERENCE + AGAINST),
    Bug("two models: band pointwise", "sim/calibration/difference.py",
        "np.minimum(depth, np.minimum(at_most, at_least))", "np.minimum(at_most, at_least)", DIFFERENCE),
    Bug("two models: paired by position", "sim/calibration/difference.py",
        "np.array([name in common for name in one.pilot.problem_id])",
        "np.arange(len(one.pilot.problem_id)) < len(common)", DIFFERENCE + AGAINST),
    Bug("batches counted as single attempts", "sim/calibration/mixtures.py",
        "np.where(won, m - batch, m)", "np.where(won, m - 1, m)", MIXTURES),
    Bug("Beta law: tails on the wrong sides", "sim/calibration/mixtures.py",
        "below, above = special.betainc(own, other, _LOWEST)", "above, below = special.betainc(own, other, _LOWEST)",
        MIXTURES),
    Bug("evidence without the share of the kind", "sim/calibration/posterior.py",
        "one.log_evidence + np.log(one.kind.share)", "one.log_evidence", POSTERIOR + EVIDENCE),
    Bug("evidence without what the bends leave of the kind", "sim/calibration/posterior.py",
        "found.log_evidence - log_size(kind)", "found.log_evidence", EVIDENCE),
    Bug("wider prior: sign of the change of density", "sim/calibration/posterior.py",
        "one.value - ((points**2)", "one.value + ((points**2)", POSTERIOR),
    Bug("shares: problems with the same counts count once", "sim/calibration/prediction.py",
        "np.ones(int(likelihood.problems[row]))", "np.ones(1)", PREDICTION + POSTERIOR),
    Bug("new problems: shares off the lattice by one", "sim/calibration/prediction.py",
        "problems, mean).clip(0, problems) / problems", "problems, mean).clip(0, problems) / (problems + 1)",
        PREDICTION + POSTERIOR),
    Bug("prior: what is below the grid is lost", "sim/calibration/prior.py",
        "never + (1 - never) * below / total", "never", PRIOR),
    Bug("prior: bends from k = 1 on", "sim/calibration/prior.py",
        "10.0 ** np.arange(1, 9)", "10.0 ** np.arange(9)", PRIOR),
    Bug("prior: scale of log beta halved", "sim/calibration/prior.py",
        "kind.beta[1] * points[:, 0]", "kind.beta[1] / 2 * points[:, 0]", PRIOR),
    Bug("quantities: these and new swapped in the record", "sim/calibration/quantities.py",
        "of_these(mixing, likelihood, generator), of_new(mixing, likelihood, generator)",
        "of_new(mixing, likelihood, generator), of_these(mixing, likelihood, generator)", QUANTITIES + CALIBRATE),
    Bug("resampling by sorted weights", "sim/calibration/tempering.py",
        "np.searchsorted(np.cumsum(weight)", "np.searchsorted(np.cumsum(np.sort(weight))", TEMPERING),
    # Optimum ----------------------------------------------------------------------------------------------------------
    Bug("budget: k - 1 told", "sim/decision/budget.py",
        "total), 0, best) - 1", "total), 0, best) - 2", OPTIMUM),
    Bug("verifier: false_accept and false_reject exchanged", "sim/decision/outcomes.py",
        "1 - prices.false_reject, prices.false_accept", "1 - prices.false_accept, prices.false_reject", OPTIMUM),
    Bug("latency: slots ignored", "sim/decision/prices.py",
        "return slots * (turns", "return (turns", OPTIMUM),
    Bug("net value: weights not squared in the variance", "sim/decision/problems.py",
        "problems.square @ worth", "problems.weighed @ worth", OPTIMUM),
    Bug("net value: upper end at 90 %", "sim/decision/problems.py",
        "each, (0.05, 0.95))", "each, (0.05, 0.9))", OPTIMUM),
    Bug("two models: the rival's price for both", "sim/decision/rivals.py",
        "_affordable(own, own_prices, best[1].cost)", "_affordable(own, other_prices, best[1].cost)", OPTIMUM),
    Bug("stages: set-up charged again at each", "sim/decision/stages.py",
        "cost = prices.setup + prices.each", "cost = prices.setup * np.arange(1, len(ends) + 1) + prices.each",
        OPTIMUM),
    Bug("regret without the minus", "sim/decision/stopping.py",
        "problems.weight @ (tops - chosen)", "problems.weight @ tops", OPTIMUM),
    Bug("set-up charged again for a problem that was tried", "sim/decision/update.py",
        "further = prices._replace(setup=0.0)", "further = prices", OPTIMUM),
    # Reports ----------------------------------------------------------------------------------------------------------
    Bug("cost.verification ignored", "sim/decision/priced.py",
        "Prices(value, later + verified,", "Prices(value, later,", RECOMMEND[1:]),
    Bug("calibrate: these and new swapped in the table", "sim/app/reports/calibrate.py",
        '(("", one.these.quantiles), ("new_", one.new.quantiles))',
        '(("new_", one.these.quantiles), ("", one.new.quantiles))', CALIBRATE),
    Bug("recommend: these and new swapped in a sentence", "sim/app/reports/recommended.py",
        '("these", one.these) if asked.new else ("new", one.new)',
        '("these", one.new) if asked.new else ("new", one.these)', RECOMMEND),
    Bug("design: the adaptive pilot is the chosen one", "sim/app/reports/design.py",
        '"adaptive": record(found.other)', '"adaptive": told(found.chosen)', _of("app/test_", "said_by_design")),
    # Words ------------------------------------------------------------------------------------------------------------
    Bug("calibrate: percent of the wrong end", "sim/app/reports/words/calibrate.py",
        "anything from {percent(low)} to", "anything from {percent(high)} to", CALIBRATE),
    Bug("two models: Japanese and English swapped", "sim/app/reports/words/against.py",
        '{"en": EN, "ja": JA}', '{"en": JA, "ja": EN}', AGAINST),
    Bug("recommend: probability of the other model, in Japanese", "sim/app/reports/words/recommend_ja.py",
        "chance = found.better if found.gain > 0 else 1 - found.better", "chance = found.better", RECOMMEND),
    # Design -----------------------------------------------------------------------------------------------------------
    Bug("design: error squared", "sim/design/targets.py",
        "root = np.sqrt(square.mean())", "root = square.mean()", DESIGN),
    Bug("design: alpha and beta exchanged in the hazard", "sim/design/targets.py",
        "loss * fits.beta <= price", "loss * fits.alpha <= price", DESIGN),
)  # fmt: skip
