"""Two models: the difference of their coverage over attempts, how sure it is, and where their order turns."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.calibration import curve, mixtures, posterior, prediction
from sim.draw import seeds

LEVEL = 0.9  # of the band and of intervals
LEAST = 1e-6  # a smaller difference of coverage is none: where both have solved all they can, rounding is left
DRAWS = 2000  # curves; the rank of the band, some 20 of them, then has an error of a fifth
_MANY = 256  # problems with the same counts, from which on they are drawn by cell
_BLOCK = 1 << 22  # numbers held at once, 32 MB
_NEGLIGIBLE = 1e-30  # likelihood, against the largest, of cells that are left out
_FURTHER, _MOST = 100, 10**12  # times the attempts of a pilot, and no further
_PER_DECADE = 10  # numbers of attempts: between them the curves are straight to 1e-3
_RARE = 0.05  # probability from which on a turn that is not sure is told of


class Model(NamedTuple):
    """A pilot (sim.pilot.pilot.Pilot), what its counts say, and draws of the law behind them: weight and mixing."""

    pilot: tuple
    likelihood: mixtures.Likelihood
    posterior: tuple


class Lead(NamedTuple):
    """A model, 0 or 1, that leads for sure at all numbers of attempts from one to another."""

    model: int
    low: float
    high: float


class Turn(NamedTuple):
    """Where the order turns to the model `to`, 0 or 1, which stays ahead from there on.

    probability: that it does.  low, middle, high: quantiles at 5, 50 and 95 % of the attempts where, if it does.
    after, before: between these numbers of attempts the band says for sure that it turns; None where it does not.
    """

    to: int
    probability: float
    low: float
    middle: float
    high: float
    after: float | None = None
    before: float | None = None


class Difference(NamedTuple):
    """Coverage of the first model less that of the second, [k] at `attempts`.

    first, second: coverage of each, medians.  middle: of the difference.  low, high: a band that holds the whole curve
    with 90 %.  paired: whether these are the problems that are in both pilots; else new ones.  problems: of each model.
    leads, turns: what the band says for sure, ascending.  chance: the likelier Turn over all numbers of attempts, sure
    or not; None where neither has a probability of 5 %.
    """

    attempts: np.ndarray
    first: np.ndarray
    second: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    paired: bool
    problems: tuple
    leads: list
    turns: list
    chance: Turn | None


def model(pilot):
    """Model of a pilot."""
    likelihood = curve.likelihood(pilot)
    return Model(pilot, likelihood, posterior.posterior(likelihood))


def difference(first, second, attempts, seed):
    """Difference of two Models at numbers of attempts [k], ascending.

    The problems are those in both pilots. How hard each of them is for a model is drawn from what its counts leave of
    that model's law, one draw of the law for all of them. Which problems a model finds hard says nothing here of the
    other model, so where both find the same ones hard the band is, if anything, too wide. Where the pilots share no
    problem, as many new problems as each pilot has are drawn from its law, independently of the other's.

    Swapping the models mirrors all numbers, exactly but for pilots with the same counts.
    """
    common = set(first.pilot.problem_id) & set(second.pilot.problem_id)
    sizes = [_sizes(one, common) for one in (first, second)]
    texts = [_text(one, own) for one, own in zip((first, second), sizes, strict=True)]
    texts[1] += " again" * (texts[0] == texts[1])
    lost = []
    for one, own, text in zip((first, second), sizes, texts, strict=True):
        kernel = one.likelihood.kernel if common else np.ones((1, one.likelihood.kernel.shape[1]))
        lost.append(losses(one.posterior, kernel, own, attempts, seeds.generator(seed, f"difference {text}")))
    problems = tuple(int(own.sum()) for own in sizes)
    return compared(np.asarray(attempts, float), *lost, bool(common), problems)


def found(first, second, seed, most=None):
    """Difference of two models (Model).

    most: attempts up to which they are compared; None: 100 times those of the pilot with fewer.
    """
    fewer = min(one.pilot.attempts.max() for one in (first, second))
    grid = prediction.attempts_grid(max(most or min(_FURTHER * int(fewer), _MOST), 2), _PER_DECADE)
    return difference(first, second, grid, seed)


def _sizes(one, common):
    """Problems that are compared, [pairs] of counts; all of them together where none are common."""
    if not common:
        return np.array([len(one.pilot.problem_id)])
    kept = np.array([name in common for name in one.pilot.problem_id])
    return np.bincount(one.likelihood.row[kept], minlength=len(one.likelihood.kernel))


def _text(one, sizes):
    """What names the draws of a model: its counts, whatever the order of problems and of models."""
    first = np.unique(one.likelihood.row, return_index=True)[1]
    counts = one.pilot.attempts[first].tolist(), one.pilot.successes[first].tolist()
    return f"{counts} {one.likelihood.problems.tolist()} {sizes.tolist()} {one.pilot.stopping.kind}"


# Draws ----------------------------------------------------------------------------------------------------------------


def losses(known, kernel, sizes, attempts, generator):
    """1 - pass@k of so many problems with each row of the likelihood, [draws, k].

    The resolution is a cell of the grid, 0.125 in log odds, over which s is spread evenly.
    """
    drawn = generator.permutation(_systematic(known.weight))
    total = np.zeros((DRAWS, len(attempts)))
    held, width = [], 0
    for row in np.flatnonzero(sizes):
        begin, cumulated = _cumulated(known.mixing, kernel[row])
        if sizes[row] >= _MANY:
            counts = generator.multinomial(sizes[row], np.diff(cumulated, axis=1, prepend=0)[drawn])
            total += counts @ _failed(attempts)[begin : begin + counts.shape[1]]
            continue
        held.append(_log_failure(begin, cumulated, drawn, generator, int(sizes[row])))
        width += int(sizes[row])
        if width * DRAWS > _BLOCK:
            total += _summed(held, attempts)
            held, width = [], 0
    return (total + _summed(held, attempts)) / sizes.sum()


def _systematic(weight):
    """Places of equally weighted draws, each as often as its weight asks for."""
    places = np.searchsorted(np.cumsum(weight) / weight.sum(), (np.arange(DRAWS) + 0.5) / DRAWS)
    return places.clip(0, len(weight) - 1)


def _cumulated(mixing, kernel):
    """The first cell where s may lie, and the distribution function from there on, [n, cells], given law and counts."""
    begin, *_, end = np.flatnonzero(kernel > _NEGLIGIBLE)[[0, -1]]
    cumulated = np.cumsum(mixing[:, begin : end + 1] * kernel[begin : end + 1] + 1e-300, axis=1)
    cumulated /= cumulated[:, -1:]
    return begin, cumulated


def _log_failure(begin, cumulated, drawn, generator, size):
    """log(1 - s) of problems, [draws, size], by the inverse distribution function."""
    width = cumulated.shape[1]
    flat = (cumulated + np.arange(len(cumulated))[:, None]).ravel()
    places = np.searchsorted(flat, generator.random((len(drawn), size)) + drawn[:, None], side="right")
    cells = begin + (places - width * drawn[:, None]).clip(0, width - 1)
    odds = np.append(-np.inf, mixtures.ODDS)[cells] + mixtures.STEP * (generator.random(cells.shape) - 0.5)
    return -np.logaddexp(0, odds)


def _failed(attempts):
    """(1 - s)^k, [1 + cells, k], averaged over each cell."""
    nodes = mixtures.STEP * (np.arange(8) + 0.5 - 4) / 8
    log_failure = -np.logaddexp(0, np.append(-np.inf, mixtures.ODDS)[:, None] + nodes)
    return np.stack([np.exp(k * log_failure).mean(axis=1) for k in attempts], axis=1)


def _summed(held, attempts):
    """(1 - s)^k summed over problems, [draws, k]."""
    if not held:
        return 0.0
    log_failure = np.concatenate(held, axis=1)
    return np.stack([np.exp(k * log_failure).sum(axis=1) for k in attempts], axis=1)


# What they say --------------------------------------------------------------------------------------------------------


def compared(attempts, lost_first, lost_second, paired, problems):
    """Difference from draws [draws, k] of 1 - pass@k of each model."""
    drawn = lost_second - lost_first
    low, high = band(drawn)
    leads = _leads(attempts, low, high)
    return Difference(
        attempts,
        *(1 - np.median(lost, axis=0) for lost in (lost_first, lost_second)),
        np.median(drawn, axis=0),
        low,
        high,
        paired,
        problems,
        leads,
        _turns(attempts, drawn, leads),
        _chance(attempts, drawn),
    )


def band(drawn, level=LEVEL):
    """low and high [k] that hold a share `level` of whole curves [draws, k]: the r-th lowest and highest at every k.

    r is the largest rank that does (Montiel Olea and Plagborg-Moller 2019, Sec. 4: equal pointwise levels). Ranks know
    no scale, so the band stands where nothing scatters, and is skewed where the draws are.
    """
    ordered = np.sort(drawn, axis=0)
    depth = np.full(len(drawn), len(drawn))
    for own, values in zip(drawn.T, ordered.T, strict=True):
        at_most = np.searchsorted(values, own, side="right")
        at_least = len(values) - np.searchsorted(values, own, side="left")
        depth = np.minimum(depth, np.minimum(at_most, at_least))
    rank = np.sort(depth)[int((1 - level) * len(drawn) + 1e-9)]
    return ordered[rank - 1], ordered[len(drawn) - rank]


def _leads(attempts, low, high):
    """Leads where the band leaves no doubt."""
    sign = np.where(low > LEAST, 1, np.where(high < -LEAST, -1, 0))
    ends = np.flatnonzero(np.diff(sign, prepend=0, append=0))
    return [
        Lead(int(sign[begin] < 0), float(attempts[begin]), float(attempts[end - 1]))
        for begin, end in pairwise(ends)
        if sign[begin]
    ]


def _turns(attempts, drawn, leads):
    """Turns that are sure: between leads of different models."""
    found = []
    for one, other in pairwise(leads):
        if one.model != other.model:
            window = (attempts >= one.low) & (attempts <= other.high)
            turn = _turn(attempts[window], drawn[:, window], other.model)
            found.append(turn._replace(after=one.high, before=other.low))
    return found


def _chance(attempts, drawn):
    both = [_turn(attempts, drawn, to) for to in (0, 1)]
    likelier = max(both, key=lambda turn: turn.probability)
    return likelier if likelier.probability >= _RARE else None


def _turn(attempts, drawn, to):
    """Turn of the draws in which the other model leads first and this one last, where it comes ahead for good.

    Straight lines in log k between numbers of attempts.
    """
    sign, own = _signs(drawn), 1 - 2 * to
    turning = (sign[:, 0] == -own) & (sign[:, -1] == own)
    if not turning.any():
        return Turn(to, 0.0, *[np.nan] * 3)
    changes = sign[turning, 1:] != sign[turning, :-1]
    last = changes.shape[1] - 1 - np.argmax(changes[:, ::-1], axis=1)
    rows = np.flatnonzero(turning)
    before, after = drawn[rows, last], drawn[rows, last + 1]
    share = np.clip(before / (before - after), 0, 1)
    log_k = np.log(attempts)
    places = np.exp(log_k[last] + share * (log_k[last + 1] - log_k[last]))
    return Turn(to, float(turning.mean()), *np.quantile(places, (0.05, 0.5, 0.95)).tolist())


def _signs(drawn):
    """Which model leads, 1 for the first, -1 for the second, [draws, k]; where neither does, the one before or next."""
    sign = np.where(np.abs(drawn) > LEAST, np.sign(drawn), 0).astype(np.int8)
    places = np.maximum.accumulate(np.where(sign != 0, np.arange(sign.shape[1]), 0), axis=1)
    filled = np.take_along_axis(sign, places, axis=1)
    start = np.take_along_axis(sign, np.argmax(sign != 0, axis=1)[:, None], axis=1)
    return np.where(filled == 0, start, filled)
