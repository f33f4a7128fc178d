"""In laws, samplers, axes and the rooms at the top: keys, batches, simulate, estimators, verdict."""

BUGS = ()
