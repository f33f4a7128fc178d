"""What a verdict is worth, over many seeds: the true law is refuted hardly ever, a law 2 % off always."""

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app import door
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.experiments import asking

SLOWER = "law.exponent=2.0408"  # 1 - 1/s = 0.51 for 0.5
FLATTER = "law.beta=0.357"
# What is run, and a law 2 % off. 8 million problems are an eighth of the default budget, 1024 learners a sixteenth.
ROWS = {
    "learners": (["experiment=learning_curve", "budget.learners=1024"], SLOWER),
    "test examples": (["experiment=learning_curve", "memory=arrival", "budget.problems=8e6"], SLOWER),
    "coverage": (["experiment=coverage", "budget.problems=8e6"], FLATTER),
    "lattice": (["experiment=coverage", "sampling=lattice", "budget.problems=8e6"], FLATTER),
    "joint": (["experiment=joint", "budget.problems=8e6"], FLATTER),
}

pytestmark = pytest.mark.slow


def verdicts(seeds, asked):
    """For each seed the words that `python -m sim run` would write; the command line is read once for all of them."""
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        config = OmegaConf.to_container(compose("run", [*asked, "budget.devices=1"]), resolve=True)
    [(name, question)] = door.questions(config)
    answers = [asking.answer(name, question._replace(seed=seed)) for seed in range(seeds)]
    return [[verdict.verdict for verdict in answer.verdicts] for answer in answers]


@pytest.mark.parametrize("row", ROWS)
def test_over_200_seeds_the_true_law_is_refuted_at_most_once(row):
    asked, _ = ROWS[row]
    assert sum("refuted" in words for words in verdicts(200, asked)) <= 1


@pytest.mark.parametrize("row", ROWS)
def test_over_20_seeds_a_law_two_percent_off_is_refuted_every_time(row):
    asked, wrong = ROWS[row]
    assert all("refuted" in words for words in verdicts(20, [*asked, wrong]))
