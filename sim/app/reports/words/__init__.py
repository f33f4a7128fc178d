"""What the reports say, in each language: a text, or a function that gives it, for each thing to be said."""
