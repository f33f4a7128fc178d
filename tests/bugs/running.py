"""In app: the door, points, sweeps, checkpoints, launchers; and bench."""

BUGS = ()
