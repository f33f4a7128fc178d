"""How many attempts to pay for, as a value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.decision import recommend as recommending
from sim.decision.problems import Estimate, Share
from sim.pilot import made
from sim.records.checked import scalar
from sim.records.defaults import with_settings
from sim.records.tabular import Tabular


@dataclass(frozen=True, repr=False, eq=False)
class Decision(Tabular):
    """What pays (sim.recommend). found: all of it, sim.decision.recommend.Found."""

    found: recommending.Found

    @property
    def attempts(self) -> int:
        """Number of attempts with the largest mean net value."""
        return self.found.own.attempts

    @property
    def as_good(self) -> tuple[int, int]:
        """(low, high): numbers of attempts that lose less than 1 % of the best net value."""
        return self.found.own.low, self.found.own.high

    @property
    def solved(self) -> Share:
        """Share solved at `attempts`: median, low, high (90 %)."""
        return self.found.own.solved

    @property
    def net(self) -> Estimate:
        """Net value of a problem at `attempts`: mean, low, high (90 %)."""
        return self.found.own.net

    @property
    def regret(self) -> float:
        """Mean net value of a problem that is lost by not knowing how hard the problems are."""
        return self.found.own.regret

    @property
    def stages(self) -> np.ndarray:
        """Numbers of attempts after each stage of a plan that checks after each, [stages]."""
        return self.found.stages.attempts

    @property
    def fits(self) -> str:
        """Whether the memorising model fits the pilot: "fits", "misfits", or "cannot tell"."""
        return self.found.test.verdict

    @property
    def cannot_tell(self) -> list[str]:
        """Reasons why the pilot cannot tell: keys of the section `tell` of conf/recommend.yaml."""
        return [reason for reason, _ in self.found.reasons]

    def table(self) -> dict[str, np.ndarray]:
        """Columns over attempts: shares solved, cost and net value of a problem, each with its 90 % interval."""
        curves, columns = self.found.curves, {"attempts": self.found.curves.attempts}
        for name in ("solved", "cost", "net"):
            ends = zip((name, f"{name}_low", f"{name}_high"), getattr(curves, name), strict=True)
            columns |= {key: np.asarray(values, float) for key, values in ends}
        return columns

    def __repr__(self) -> str:
        solved, net = self.solved, self.net
        rest = f"; cannot tell: {', '.join(self.cannot_tell)}" if self.cannot_tell else ""
        return (
            f"<Decision: {self.attempts:,} attempts a problem, {solved.median:.3g} solved ({solved.low:.3g} to "
            f"{solved.high:.3g}), net {net.mean:.4g} a problem; model {self.fits}{rest}>"
        )


def recommend(
    pilot: Any,
    *,
    value: float,
    price: float,
    against: Any = None,
    against_price: float | None = None,
    settings: dict[str, Any] | None = None,
) -> Decision:
    """Choose how many attempts to pay for.

    Parameters
    ----------
    pilot : sim.pilot.pilot.Pilot or DataFrame
        As for `calibrate`.
    value, price : float
        Value of a solved problem and price of an attempt, in one currency.
    against, against_price : optional
        Pilot of a second model, and the price of its attempt.
    settings : dict, optional
        {key of conf/recommend.yaml: value}, such as {"paid": "sequential", "cost.wrong": 2}.

    Returns
    -------
    Decision
        With `attempts`, `solved`, `net`, `regret`, `stages`.

    Raises
    ------
    ValueError
        If the pilot or a price is not valid.

    Examples
    --------
    >>> import sim
    >>> decision = sim.recommend(sim.read_pilot(sim.SHIPPED_PILOT), value=1, price=0.001)
    >>> decision.as_good[0] <= decision.attempts <= decision.as_good[1]
    True
    """
    if against is None and against_price is not None:
        raise ValueError(f"against: need the pilot of the second model for against_price={against_price}, got none")
    own = {"cost.value": scalar("value", value, 1e-12, 1e12), "cost.price": scalar("price", price, 1e-12, 1e12)}
    if against is not None:
        rival = None if against_price is None else scalar("against_price", against_price, 1e-12, 1e12)
        own |= {"against.path": "given", "against.price": rival}
    others = "pilot", "against", "report", "figure", "output"
    asked = recommending.asked(with_settings("recommend", settings, own, others))
    return Decision(recommending.found(made.of(pilot), asked, None if against is None else made.of(against)))
