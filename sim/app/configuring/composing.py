"""The configurations of a sweep's points, composed once for all that differ only in values."""

import copy
import os
from contextlib import contextmanager
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra._internal.core_plugins import basic_launcher
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobRuntime, JobStatus, configure_log, env_override
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

_COMPOSED, _RUN_JOB = ConfigLoaderImpl.load_sweep_config, basic_launcher.run_job  # Hydra's own


@contextmanager
def composed_once():
    """Spares Hydra most of what it does for every point of a sweep, some .3 s each.

    It reads and merges all files anew for every point, and that twice: within, points with the same members of groups
    are copies of one composition, to which Hydra then applies the values that are their own, in the order in which it
    would have. It parses the same overrides over and over: within, once. And it copies all of it four times before it
    calls what it is to run, which here only takes the point down.
    """
    Plugins.instance()  # runs the files of all launchers, where it has not yet
    ConfigLoaderImpl.load_sweep_config = _loader()
    basic_launcher.run_job = _take_down
    try:
        yield
    finally:
        ConfigLoaderImpl.load_sweep_config = _COMPOSED
        basic_launcher.run_job = _RUN_JOB


def _loader():
    """ConfigLoaderImpl.load_sweep_config, by copies of what it has composed."""
    composed, parsed = {}, {}

    def load(loader, master_config, sweep_overrides):
        lines = [*OmegaConf.to_container(master_config.hydra.overrides.hydra), *sweep_overrides]
        for each in lines:
            if each not in parsed:
                [parsed[each]] = OverridesParser.create(loader).parse_overrides([each])
        overrides = [parsed[each] for each in lines]
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

    return load


def _take_down(task_function, config, job_dir_key, job_subdir_key, hydra_context):
    """hydra.core.utils.run_job for a task that takes its configuration down and does no more.

    It needs no folder to be in; files that Hydra is asked to write, Hydra writes itself.
    """
    if config.hydra.output_subdir is not None:
        return _RUN_JOB(task_function, config, job_dir_key, job_subdir_key, hydra_context)
    hydra, before = HydraConfig.instance(), HydraConfig.instance().cfg
    hydra.cfg = config  # where ${hydra:...} is looked for
    try:
        where = Path(*(str(OmegaConf.select(config, key)) for key in (job_dir_key, job_subdir_key)))
        with open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = os.path.abspath(where)
        OmegaConf.set_readonly(config.hydra, True)
        task = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
        OmegaConf.set_struct(task, True)
        where.mkdir(parents=True, exist_ok=True)
        configure_log(config.hydra.job_logging, config.hydra.verbose)
        told = JobReturn(overrides=OmegaConf.to_container(config.hydra.overrides.task), working_dir=os.getcwd())
        told.task_name = JobRuntime.instance().get("name")
        with env_override(config.hydra.job.env_set):
            hydra_context.callbacks.on_job_start(config=config, task_function=task_function)
            try:
                told.return_value, told.status = task_function(task), JobStatus.COMPLETED
            except Exception as error:
                told.return_value, told.status = error, JobStatus.FAILED
        hydra_context.callbacks.on_job_end(config=config, job_return=told)
        return told
    finally:
        hydra.cfg = before


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
