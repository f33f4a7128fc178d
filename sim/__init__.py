"""sim: a Monte Carlo simulator of what repeated inference buys.

Laws (sim.laws) and samplers (sim.samplers) share no arithmetic; sim.experiments holds one against the other.
"""

__version__ = "0.1.0"
