"""From a pilot to what more attempts will buy: one posterior of how success probabilities spread, and how sure it is."""
