"""How fast the shipped samplers are, against what else there is: ratios measured in turn in one run."""
