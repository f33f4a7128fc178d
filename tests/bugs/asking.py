"""In experiments, figures, pilot, generative, and the reports of runs."""

BUGS = ()
