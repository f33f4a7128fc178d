"""One point of a run: its experiments, drawn on from checkpoints, said and written."""
