"""How Hydra composes here: every question once, and the points of a sweep as copies."""

import copy
import os
from contextlib import contextmanager
from pathlib import Path

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobRuntime, JobStatus, configure_log, env_override, run_job, setup_globals
from hydra.errors import ConfigCompositionException, SearchPathException
from hydra.plugins.config_source import ConfigLoadError, ConfigResult
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.records import defaults


class Shipped(FileConfigSource):
    """The files of conf/, read by libyaml where PyYAML has it: a tenth of the time that OmegaConf takes."""

    @staticmethod
    def scheme():
        """sim://FOLDER"""
        return "sim"

    def load_config(self, config_path):
        """A file, and what its comments say to Hydra."""
        try:
            text = defaults.text(config_path.removesuffix(".yaml"))
        except FileNotFoundError as error:
            raise ConfigLoadError(f"Config not found : {error.filename}") from error
        content = OmegaConf.create(defaults.parsed(text) or {})
        return ConfigResult(self.provider, self.full_path(), content, self._get_header_dict(text[:512]))


class Loader(ConfigLoaderImpl):
    """Hydra's loader without most of what it does for every point of a sweep, some .3 s each.

    Hydra reads and merges all files anew whenever it is asked: for a single run twice, at first only to see whether a
    sweep is meant. Here the answer to the last question is kept. Points with the same members of groups are copies of
    one composition, to which Hydra then applies the values that are their own, in the order in which it would have.
    """

    def __init__(self, search_path):
        super().__init__(search_path)
        self._last = None, None
        self._shared, self._parsed = {}, {}

    def load_configuration(self, config_name, overrides, run_mode, from_shell=True, validate_sweep_overrides=True):
        """What hydra.core.config_loader.ConfigLoader.load_configuration says."""
        asked = config_name, tuple(overrides), run_mode, from_shell, validate_sweep_overrides
        if self._last[0] != asked:
            self._last = asked, super().load_configuration(config_name, list(overrides), *asked[2:])
        return copy.deepcopy(self._last[1])

    def load_sweep_config(self, master_config, sweep_overrides):
        """What hydra.core.config_loader.ConfigLoader.load_sweep_config says."""
        lines = [*OmegaConf.to_container(master_config.hydra.overrides.hydra), *sweep_overrides]
        overrides = [self._override(line) for line in lines]
        if any(each.get_key_element() == "hydra.searchpath" for each in overrides):  # there may be other groups there
            return super().load_sweep_config(master_config, sweep_overrides)
        values, others = [], []
        for each in overrides:
            (values if self._is_value(each) else others).append(each)
        shared = tuple(each.input_line for each in others)
        if shared not in self._shared:
            name = master_config.hydra.job.config_name
            self._shared[shared] = super().load_configuration(name, list(shared), RunMode.RUN)
        config = copy.deepcopy(self._shared[shared])
        self._apply_overrides_to_config(values, config)
        own = [each for each in overrides if not each.is_hydra_override()]
        config.hydra.overrides.task = [each.input_line for each in own]
        style = config.hydra.job.config.override_dirname
        dirname = get_overrides_dirname(own, style.exclude_keys, style.item_sep, style.kv_sep)
        config.hydra.job.override_dirname = dirname
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config

    def _override(self, line):
        """A parsed override: parsing takes a millisecond, and all points have the same but for one or two."""
        if line not in self._parsed:
            [self._parsed[line]] = OverridesParser.create(self).parse_overrides([line])
        return self._parsed[line]

    def _is_value(self, override):
        """Whether an override changes what has been composed, and not what is composed."""
        if override.is_hydra_override():
            return False
        return isinstance(override.value(), dict) or not self.repository.group_exists(override.key_or_group)


def run(task, name, options):
    """Call a task with the configuration of a single run, or with that of each point of a sweep.

    name: of the configuration.  options: of the command line, as Hydra's parser gives them.
    """
    with _begun(name, options.config_dir) as hydra:
        overrides = list(options.overrides)
        if options.multirun:
            hydra.multirun(name, task, [*overrides, "hydra.mode=MULTIRUN"])
        elif _mode(hydra, name, overrides) == RunMode.MULTIRUN:
            hydra.multirun(name, task, overrides)
        else:
            hydra.run(name, task, overrides)


@contextmanager
def _begun(name, folder):
    """Hydra with our loader.  folder: of further files (--config-dir), or None."""
    for base in VERSION_BASE.values():
        version.setbase(base)
    Plugins.instance().register(Shipped)
    path = create_config_search_path(f"{Shipped.scheme()}://{CONF}")
    if folder is not None:
        if not Path(folder).is_dir():
            raise SearchPathException(f"Additional config directory '{os.path.abspath(folder)}' not found")
        further = f"file://{os.path.abspath(folder)}"
        path.prepend(provider="command-line", path=further, anchor=SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    GlobalHydra.instance().initialize(Hydra(name, Loader(path)))
    try:
        yield GlobalHydra.instance().hydra
    finally:
        GlobalHydra.instance().clear()


def _mode(hydra, name, overrides):
    """Whether one run or a sweep is asked for: by hydra.mode, which a preset may set."""
    try:
        return hydra.config_loader.load_configuration(name, overrides, RunMode.RUN).hydra.mode
    except ConfigCompositionException:  # wrong, or a sweep's
        return hydra.get_mode(name, overrides)


def launch(launcher, points, first):
    """Compose the points of a sweep (their overrides; numbers from `first` on), and give each to the launcher's task.

    launcher: has hydra_context, config and task_function, as Hydra sets them.
    """
    setup_globals()
    hydra, loader = launcher.config.hydra, launcher.hydra_context.config_loader
    configure_log(hydra.hydra_logging, hydra.verbose)
    Path(hydra.sweep.dir).mkdir(parents=True, exist_ok=True)
    returned = []
    for number, overrides in enumerate(points, first):
        config = loader.load_sweep_config(launcher.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        returned.append(_called(launcher.task_function, config, launcher.hydra_context))
        configure_log(hydra.hydra_logging, hydra.verbose)
    return returned


def _called(task, config, context):
    """hydra.core.utils.run_job for a task that takes its configuration down and does no more.

    It needs no folder to be in, and no copies; files that Hydra is asked to write, Hydra writes itself.
    """
    folder, point = "hydra.sweep.dir", "hydra.sweep.subdir"
    if config.hydra.output_subdir is not None:
        return run_job(task, config, folder, point, context)
    hydra, before = HydraConfig.instance(), HydraConfig.instance().cfg
    hydra.cfg = config  # where ${hydra:...} is looked for
    try:
        where = Path(*(str(OmegaConf.select(config, key)) for key in (folder, point)))
        with open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = os.path.abspath(where)
        OmegaConf.set_readonly(config.hydra, True)
        own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
        OmegaConf.set_struct(own, True)
        where.mkdir(parents=True, exist_ok=True)
        configure_log(config.hydra.job_logging, config.hydra.verbose)
        returned = JobReturn(overrides=OmegaConf.to_container(config.hydra.overrides.task), working_dir=os.getcwd())
        returned.task_name = JobRuntime.instance().get("name")
        with env_override(config.hydra.job.env_set):
            context.callbacks.on_job_start(config=config, task_function=task)
            try:
                returned.return_value, returned.status = task(own), JobStatus.COMPLETED
            except Exception as error:
                returned.return_value, returned.status = error, JobStatus.FAILED
        context.callbacks.on_job_end(config=config, job_return=returned)
        return returned
    finally:
        hydra.cfg = before
