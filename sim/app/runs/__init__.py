"""One point of a run: its experiments, continued from checkpoints, reported and written."""
