"""From a pilot to what more attempts will buy: one posterior of success probabilities over problems."""
