"""The configurations of a sweep's points, composed once for all that differ only in values."""

import copy
from contextlib import contextmanager

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import OmegaConf

_COMPOSED = ConfigLoaderImpl.load_sweep_config  # Hydra's own


@contextmanager
def composed_once():
    """Spares Hydra most of a sweep's compositions: it reads and merges all files anew for every point, and that twice.

    Within, points with the same members of groups are copies of one composition, to which Hydra then applies the
    values that are their own, in the order in which it would have.
    """
    composed = {}

    def load(loader, master_config, sweep_overrides):
        overrides = OverridesParser.create(loader).parse_overrides(
            [*OmegaConf.to_container(master_config.hydra.overrides.hydra), *sweep_overrides]
        )
        if any(each.get_key_element() == "hydra.searchpath" for each in overrides):  # there may be other groups there
            return _COMPOSED(loader, master_config, sweep_overrides)
        values, others = [], []
        for each in overrides:
            (values if _is_value(loader, each) else others).append(each)
        shared = tuple(each.input_line for each in others)
        if shared not in composed:
            name = master_config.hydra.job.config_name
            composed[shared] = loader.load_configuration(name, list(shared), RunMode.RUN)
        config = copy.deepcopy(composed[shared])
        ConfigLoaderImpl._apply_overrides_to_config(values, config)
        _tell(config.hydra, overrides)
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config

    ConfigLoaderImpl.load_sweep_config = load
    try:
        yield
    finally:
        ConfigLoaderImpl.load_sweep_config = _COMPOSED


def _is_value(loader, override):
    """Whether an override changes what has been composed, and not what is composed."""
    if override.is_hydra_override():
        return False
    return isinstance(override.value(), dict) or not loader.repository.group_exists(override.key_or_group)


def _tell(hydra, overrides):
    """Have the configuration say how it was made."""
    own = [each for each in overrides if not each.is_hydra_override()]
    hydra.overrides.task = [each.input_line for each in own]
    style = hydra.job.config.override_dirname
    hydra.job.override_dirname = get_overrides_dirname(own, style.exclude_keys, style.item_sep, style.kv_sep)
