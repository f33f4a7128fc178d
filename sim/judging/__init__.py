"""From counts to verdicts: estimates with standard errors, power laws, exponents, tests."""
