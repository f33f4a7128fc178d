"""Reading and judging what people have: counts of attempts and successes."""
