"""sim: a Monte Carlo simulator of inference scaling laws.

Laws (sim.laws) and samplers (sim.samplers) share no arithmetic; sim.experiments tests one against the other. The names
below are the public library; each is imported when it is first used.
"""

import importlib
from pathlib import Path

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


def __getattr__(name):
    if name not in _NAMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    module, own = _NAMES[name]
    return getattr(importlib.import_module(module), own)


def __dir__():
    return sorted(__all__)
