"""What a pilot says of coverage, as a value: any number of attempts, any interval, these problems and new ones."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.calibration import calibrate as calibration
from sim.calibration import curve, mixtures, prediction
from sim.pilot import made
from sim.records.checked import number, scalar
from sim.records.defaults import with_settings
from sim.records.tabular import Tabular

_LARGEST = 1e15  # attempts
_FURTHER, _MOST = 100, 10**12  # as the command line: times the attempts of the pilot, and no further


@dataclass(frozen=True, repr=False, eq=False)
class Coverage(Tabular):
    """Share of problems that k attempts each will solve: equally likely values, one column for each k.

    attempts: [k].  draws: float64 [n, k].
    """

    attempts: np.ndarray
    draws: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean of the share, [k]."""
        return self.draws.mean(axis=0)

    @property
    def median(self) -> np.ndarray:
        """Point prediction: median of the share, [k], a multiple of 1 / problems."""
        return prediction.interval(self.draws, self.attempts).median

    def interval(self, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) of the central interval that holds the share with probability `level`, [k] each.

        Examples
        --------
        >>> import sim
        >>> forecast = sim.calibrate(sim.Pilot(100, [0, 0, 1, 3, 10, 60] * 5))
        >>> low, high = forecast.coverage(1000).interval(0.5)
        >>> bool((low <= high).all())
        True
        """
        level = scalar("level", level, 1e-6, 1 - 1e-6)
        ends = (1 - level) / 2, (1 + level) / 2
        low, high = np.quantile(self.draws, ends, axis=0, method="inverted_cdf")
        return low, high

    def table(self) -> dict[str, np.ndarray]:
        """Columns attempts, mean, median, and the ends of the 50 % and 90 % intervals."""
        (low50, high50), (low90, high90) = self.interval(0.5), self.interval(0.9)
        return {
            "attempts": self.attempts, "mean": self.mean, "median": self.median,
            "low90": low90, "low50": low50, "high50": high50, "high90": high90,
        }  # fmt: skip

    def __repr__(self) -> str:
        low, high = self.interval()
        ends = f"{self.median[-1]:.3g} ({low[-1]:.3g} to {high[-1]:.3g}, 90 %)"
        return f"<Coverage at {self.attempts[-1]:,.0f} attempts: {ends}>"


@dataclass(frozen=True, repr=False, eq=False)
class Forecast(Tabular):
    """A pilot, calibrated (sim.calibrate). found: all of it, sim.calibration.calibrate.Calibration."""

    found: calibration.Calibration
    _likelihood: mixtures.Likelihood = field(repr=False)

    @property
    def fits(self) -> str:
        """Whether the memorising model fits: "fits", "misfits", or "cannot tell"."""
        return self.found.test.verdict

    @property
    def p_value(self) -> float | None:
        """p-value of the test of fit, or None."""
        return self.found.test.p_value

    @property
    def cannot_tell(self) -> list[str]:
        """Reasons why the pilot cannot tell: keys of the section `tell` of conf/calibrate.yaml."""
        return [reason for reason, _ in self.found.reasons]

    def coverage(self, attempts: ArrayLike, *, new: bool = False, problems: int | None = None) -> Coverage:
        """Coverage at any numbers of attempts: of these problems, or of new ones of the same kind.

        Parameters
        ----------
        attempts : array_like
            Numbers of attempts k >= 0, shape [k].
        new : bool
            True for new problems, False for those of the pilot.
        problems : int, optional
            Number of new problems; by default the whole population.

        Returns
        -------
        Coverage
            With `mean`, `median` and `interval`; the same digits as ``python -m sim calibrate`` writes.

        Examples
        --------
        >>> import sim
        >>> forecast = sim.calibrate(sim.read_pilot(sim.SHIPPED_PILOT))
        >>> bool(forecast.coverage(10_000).median > 0.7)
        True
        """
        ks = _whole(attempts)
        chance = mixtures.reach(ks)
        if not isinstance(new, bool | np.bool_):
            raise ValueError(f"new: need True or False, got {new!r}")
        if new:
            problems = None if problems is None else scalar("problems", problems, 1, 10**12, whole=True)
            return Coverage(ks, prediction.new_shares(self.found.posterior, chance, problems))
        if problems is not None:
            raise ValueError(f"problems: need new=True with a number of problems, got {problems!r}")
        return Coverage(ks, prediction.shares(self.found.posterior, self._likelihood, chance))

    def table(self) -> dict[str, np.ndarray]:
        """Columns as `Coverage.table`, at the numbers of attempts of ``python -m sim calibrate``."""
        return self.coverage(self.found.attempts).table()

    def __repr__(self) -> str:
        k = self.found.attempts[-1]
        p = "" if self.p_value is None else f" (p = {self.p_value:.2g})"
        rest = f"; cannot tell: {', '.join(self.cannot_tell)}" if self.cannot_tell else ""
        return (
            f"<Forecast of {len(self.found.pilot.attempts)} problems: model {self.fits}{p}; {self.coverage(k)!r}{rest}>"
        )


def _whole(attempts: Any) -> np.ndarray:
    """Numbers of attempts [k], of which there is one at least."""
    try:
        ks = np.atleast_1d(np.asarray(attempts))
        ks = ks.astype(float) if ks.dtype.kind in "iuf" else np.full((0,), np.nan)
    except (TypeError, ValueError):
        ks = np.full((0,), np.nan)
    if ks.ndim != 1 or not len(ks) or not ((ks >= 0) & (ks <= _LARGEST) & (ks == np.rint(ks))).all():
        raise ValueError(f"attempts: need whole numbers from 0 to {_LARGEST:g}, shape [k], got {attempts!r}")
    return ks


def calibrate(
    pilot: Any, attempts: float | None = None, *, seed: int = 0, settings: dict[str, Any] | None = None
) -> Forecast:
    """Predict coverage at any number of attempts from a pilot.

    Parameters
    ----------
    pilot : sim.pilot.pilot.Pilot or DataFrame
        From `Pilot`, `read_pilot`, or a table with columns problem_id, attempts, successes.
    attempts : float, optional
        Largest number of attempts of the table; by default 100 times those of the pilot.
    seed : int
        Seed of the simulated pilots in the test of fit and in the backtest.
    settings : dict, optional
        {key of conf/calibrate.yaml: value}, such as {"tell.prior": 0.2}.

    Returns
    -------
    Forecast
        With `coverage(k)`, the test of fit, and the reasons if the pilot cannot tell.

    Raises
    ------
    ValueError
        If the pilot or a setting is not valid.

    Examples
    --------
    >>> import sim
    >>> sim.calibrate(sim.read_pilot(sim.SHIPPED_PILOT)).fits
    'fits'
    """
    own = made.of(pilot)
    others = "pilot", "against", "attempts.max", "seed", "report", "figure", "output"
    config = with_settings("calibrate", settings, {}, others)
    seed = scalar("seed", seed, -(2**62), 2**62, whole=True)
    most = attempts if attempts is not None else min(_FURTHER * int(own.attempts.max()), _MOST)
    per_decade = number(config, "attempts.per_decade", 1, 100, whole=True)
    grid = prediction.attempts_grid(scalar("attempts", most, 2, _MOST), per_decade)
    found = calibration.calibrate(own, grid, calibration.asked(config), seed)
    return Forecast(found, curve.likelihood(own))
