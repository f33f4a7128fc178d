"""Settings of single experiments: every limit is accepted, and what lies beyond it refused with the name of its key."""

from dataclasses import replace

import pytest

from sim.draw.budget import BATCH
from sim.experiments import EXPERIMENTS, settings
from sim.model.spread import LatentPrecision

BASE = {
    "verification": settings.Verification(0.9, 0.02, 1.0),
    "selection": settings.Selection(4, 2.0),
    "cost": settings.Cost(1.0, 1e-3, 8e9, 32, 4096, 500, 300, 6.0, 16),
    "suite": settings.Suite(164),
    "importance": settings.Importance(0.25, 0.25, 0.0, 0.9),
    "noise": settings.Noise(0.2, 1000),
    "capacity": settings.Capacity(1e8),
    "allocation": settings.Allocation(1e9, 1.0, 1.0, 100.0, "fixed"),
    "generative": settings.Generative(
        "", 256, 8, 128, 3000, 0.1, (1.0, 2.0), (0.003, 0.004), 16384, (2, 4), 0.3, 1.5, (64, 128, 256), 4
    ),
}
ENDS = {  # least and most that are accepted, and what is just beyond them
    "verification.true_positive": (0.02, 1.0, 0.019, 1.001),  # from false_positive on
    "verification.false_positive": (1e-12, 0.9, 9e-13, 0.91),
    "verification.penalty": (0.0, 1e6, -0.01, 1.01e6),
    "selection.wrong": (1, 100, 0, 101),
    "selection.shift": (0.0, 20.0, -0.1, 20.1),
    "cost.value": (1e-12, 1e12, 9e-13, 1.1e12),
    "cost.price": (1e-15, 1e12, 9e-16, 1.1e12),
    "cost.parameters": (1, 1e15, 0.9, 1.1e15),
    "cost.layers": (1, 10**6, 0, 10**6 + 1),
    "cost.width": (1, 10**6, 0, 10**6 + 1),
    "cost.prompt": (0, 10**6, -1, 10**6 + 1),
    "cost.decode": (1, 10**6, 0, 10**6 + 1),
    "cost.seconds": (1e-6, 1e6, 9e-7, 1.1e6),
    "cost.slots": (1, 10**6, 0, 10**6 + 1),
    "suite.problems": (2, BATCH, 1, BATCH + 1),
    "importance.problems": (0.0, 1 / 3, -0.01, 0.34),
    "importance.features": (0.0, 1 / 3, -0.01, 0.34),
    "importance.lift": (0.0, 10.0, -0.1, 10.1),
    "importance.target": (1e-9, 1 - 1e-9, 0.0, 1.0),
    "noise.lead": (0.01, 10.0, 0.009, 10.1),
    "noise.examples": (10, 10**4, 9, 10**4 + 1),
    "capacity.product": (100.0, 1e15, 99.0, 1.1e15),
    "allocation.example": (1e-6, 1e6, 9e-7, 1e7),  # the budget is to be from 100 to 1e15 of them
    "allocation.budget": (100 * 101.0, 1e15, 10099.0, 1.1e15),
    "allocation.problems": (1.0, 9e6, 0.9, 1.1e7),
    "generative.images": (20, 2**14, 19, 2**14 + 1),
    "generative.latent": (1, 256, 0, 257),
    "generative.width": (1, 4096, 0, 4097),
    "generative.steps": (1, 10**6, 0, 10**6 + 1),
    "generative.noise": (1e-3, 10.0, 9e-4, 10.1),
    "generative.attempts": (1024, 2**17, 1023, 2**17 + 1),
    "generative.shared": (1e-9, 1 - 1e-9, 0.0, 1.0),
    "generative.zipf": (0.0, 5.0, -0.1, 5.1),
    "generative.replicates": (1, 64, 0, 65),
    "generative.temperatures": ((1e-3,), (1.0, 100.0), (2.0, 1.0), (1.0, 101.0)),
    "generative.thresholds": ((1e-9,), (0.5, 1.0), (0.5, 0.5), (0.5, 1.1)),
    "generative.latents": ((), (1, 256), (1.5,), (0, 2)),
    "generative.examples": ((2, 3, 4), (2, 3, 10**6), (2, 3), (1, 2, 3)),
}


@pytest.mark.parametrize("key", ENDS)
def test_limits_are_accepted_and_what_lies_beyond_them_is_refused_by_name(key):
    section, name = key.split(".")
    low, high, below, above = ENDS[key]
    for value in (low, high):
        replace(BASE[section], **{name: value}).check()
    for value in (below, above):
        with pytest.raises(ValueError, match=section):
            replace(BASE[section], **{name: value}).check()


def test_what_is_learnt_is_a_bias_and_a_word_is_one_of_two():
    learnt = replace(BASE["allocation"], difficulty="learnt")
    learnt.check()
    learnt.check_beside(LatentPrecision(2.5, 0.1, 0.5))
    BASE["allocation"].check_beside(LatentPrecision(2.5, 0.1, 0.0))
    with pytest.raises(ValueError, match="latent_precision"):
        learnt.check_beside(LatentPrecision(2.5, 0.1, 0.0))
    with pytest.raises(ValueError, match="fixed or learnt"):
        replace(BASE["allocation"], difficulty="learned").check()


UNITS = {
    "optimum": "attempts", "attempts_made": "attempts", "best_parallel": "attempts", "best_sequential": "attempts",
    "flops": "petaFLOP", "latency_sequential": "s", "latency_slots": "s", "solve_to_completion": "problems",
    "round_robin_cost": "attempts", "attempts_needed": "attempts", "weighted_attempts_needed": "attempts",
    "best_examples": "examples",
}  # fmt: skip


def test_numbers_that_are_no_shares_have_their_unit_and_every_quantity_its_column():
    headings = {name: heading for one in EXPERIMENTS.values() for name, heading in one.quantities.items()}
    assert {name: one.unit for name, one in headings.items() if one.unit != "1"} == UNITS
    against_examples = {name for name, one in headings.items() if one.column == "examples"}
    of_noise = set(EXPERIMENTS["noise"].quantities)
    learnt = {"error", "weighted_error", "best_examples", "best_failure", "regret", "failure"}
    assert against_examples <= of_noise | learnt
    for name in ("coverage", "replay", "verification", "selection", "cost", "suite", "generative"):
        assert {one.column for one in EXPERIMENTS[name].quantities.values()} == {"attempts"}
    for name in ("learning_curve", "noise", "capacity", "allocation"):
        assert {one.column for one in EXPERIMENTS[name].quantities.values()} == {"examples"}
