"""From a seed to counts: keys, batches, how the work is cut, plans and what they come to."""
