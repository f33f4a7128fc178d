"""From a pilot to what more attempts will buy: laws of difficulty on counts, their average, and how sure it is."""
