"""Commands that are neither runs nor reports."""
