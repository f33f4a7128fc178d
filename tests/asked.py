"""Questions as the command line asks them, without a folder: small ones, with members and numbers changed."""

import copy
from functools import cache

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app import door
from sim.app.configuring.configuration import CONF, VERSION_BASE

SMALL = {
    "examples": {"max": 100, "points": 3}, "attempts": {"max": 100, "points": 3},
    "budget": {"problems": 2**18, "learners": 64, "devices": 1},
}  # fmt: skip


@cache
def _whole():
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        return OmegaConf.to_container(compose("run"), resolve=True)


def question(name, *changes):
    """The Question of one small experiment.  changes: GROUP=MEMBER, SECTION.KEY=VALUE or KEY=NUMBER."""
    own = copy.deepcopy(_whole()) | {"experiments": [name]}
    for section, numbers in SMALL.items():
        own[section] |= numbers
    for key, _, value in (change.partition("=") for change in changes):
        section, _, field = key.partition(".")
        if (CONF / section / f"{value}.yaml").is_file():
            chosen = OmegaConf.to_container(OmegaConf.load(CONF / section / f"{value}.yaml"))
            own[section] = own[section] | chosen if section == "attempts" else chosen.get(section, chosen)
        elif field:
            own[section] = own[section] | {field: _read(value)}
        else:
            own[section] = int(value)
    [(_, asked)] = door.questions(own)
    return asked


def _read(value):
    try:
        return float(value)
    except ValueError:
        return value
