"""What hydra/launcher=slurm, joblib, ray and local name: Hydra takes launchers from the namespace hydra_plugins only.

Hydra runs this file at every start: it loads nothing that Hydra has not loaded.
"""

from hydra.plugins.launcher import Launcher


class QueueLauncher(Launcher):
    """Composes the points of a sweep, which then wait; sim.app.launchers hands them to the engine of the settings."""

    def __init__(self, **settings):
        super().__init__()
        self.settings = settings
        self.hydra_context = self.config = self.task_function = None

    def setup(self, *, hydra_context, task_function, config):
        """Refuse an engine that is not installed, before anything is composed."""
        from sim.app import launchers

        launchers.check(self.settings["engine"])
        self.hydra_context, self.task_function, self.config = hydra_context, task_function, config

    def launch(self, job_overrides, initial_job_idx):
        """Have the task take down each point."""
        from sim.app.configuring import composing

        return composing.launch(self, job_overrides, initial_job_idx)
