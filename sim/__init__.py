"""sim: a Monte Carlo simulator of inference scaling laws.

Laws (sim.laws) and samplers (sim.samplers) share no arithmetic; sim.experiments tests one against the other. The names
below are the public library; each is imported when it is first used.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what type checkers and editors see of _NAMES
    from sim.calibration.forecast import calibrate as calibrate
    from sim.decision.decision import recommend as recommend
    from sim.experiments.draws import judge as judge
    from sim.experiments.draws import simulate as simulate
    from sim.figures.plot import plot as plot
    from sim.judging.estimators import pass_at_k as pass_at_k
    from sim.model.dependence import Copula as Copula
    from sim.model.dependence import Independent as Independent
    from sim.model.dependence import Markov as Markov
    from sim.model.dependence import Polya as Polya
    from sim.model.dependence import Sticky as Sticky
    from sim.model.difficulty import Beta as Beta
    from sim.model.difficulty import Certain as Certain
    from sim.model.features import Exponential as Exponential
    from sim.model.features import Zipf as Zipf
    from sim.model.memory import Arrival as Arrival
    from sim.model.memory import Capacity as Capacity
    from sim.model.memory import Guessing as Guessing
    from sim.model.memory import MultiTrace as MultiTrace
    from sim.model.model import Model as Model
    from sim.model.raw import sample_features as sample_features
    from sim.model.raw import sample_first_success as sample_first_success
    from sim.model.spread import ScaledBeta as ScaledBeta
    from sim.model.spread import ScaledKumaraswamy as ScaledKumaraswamy
    from sim.model.spread import SmallBall as SmallBall
    from sim.model.verifier import Noisy as Noisy
    from sim.model.verifier import Perfect as Perfect
    from sim.pilot.made import pilot as Pilot  # noqa: F401
    from sim.pilot.made import read_pilot as read_pilot
    from sim.records.loading import load as load

__version__ = "0.1.0"

SHIPPED_PILOT = Path(__file__).parent / "data" / "pilot.csv"  # 100 attempts of Pythia-2.8B at 128 problems of MATH
_NAMES = {  # name: (module, name in it)
    "Model": ("sim.model.model", "Model"),
    **{name: ("sim.model.features", name) for name in ("Zipf", "Exponential")},
    **{name: ("sim.model.memory", name) for name in ("Arrival", "Capacity", "Guessing", "MultiTrace")},
    **{name: ("sim.model.difficulty", name) for name in ("Beta", "Certain")},
    **{name: ("sim.model.spread", name) for name in ("ScaledBeta", "ScaledKumaraswamy", "SmallBall")},
    **{name: ("sim.model.dependence", name) for name in ("Independent", "Markov", "Sticky", "Polya", "Copula")},
    **{name: ("sim.model.verifier", name) for name in ("Perfect", "Noisy")},
    "sample_features": ("sim.model.raw", "sample_features"),
    "sample_first_success": ("sim.model.raw", "sample_first_success"),
    "simulate": ("sim.experiments.draws", "simulate"),
    "judge": ("sim.experiments.draws", "judge"),
    "pass_at_k": ("sim.judging.estimators", "pass_at_k"),
    "Pilot": ("sim.pilot.made", "pilot"),
    "read_pilot": ("sim.pilot.made", "read_pilot"),
    "calibrate": ("sim.calibration.forecast", "calibrate"),
    "recommend": ("sim.decision.decision", "recommend"),
    "plot": ("sim.figures.plot", "plot"),
    "load": ("sim.records.loading", "load"),
}
__all__ = ["SHIPPED_PILOT", "__version__", *_NAMES]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    module, own = _NAMES[name]
    return getattr(importlib.import_module(module), own)


def __dir__() -> list[str]:
    return sorted(__all__)
