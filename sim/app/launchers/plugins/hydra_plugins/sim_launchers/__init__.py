"""What hydra/launcher=slurm, joblib, ray and local name: Hydra takes launchers from the namespace hydra_plugins only.

Hydra runs this file at every start: it loads nothing that Hydra has not loaded.
"""

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.config_store import ConfigStore

_STORED = ConfigStore.instance().repo.get("hydra", {}).get("launcher", {})
for _name in ("joblib.yaml", "ray.yaml"):  # of Hydra's own plugins, should they be installed: ours have other keys
    _STORED.pop(_name, None)


class QueueLauncher(BasicLauncher):
    """Composes the points of a sweep, which then wait; sim.app.launchers hands them to the engine of the settings."""

    def __init__(self, **settings):
        super().__init__()
        self.settings = settings

    def setup(self, **context):
        """Refuse an engine that is not installed, before anything is composed."""
        from sim.app import launchers

        launchers.check(self.settings["engine"])
        super().setup(**context)
