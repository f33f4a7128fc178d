"""Questions put to simulator and law. Each module has run(question) -> Answer; NAMES lists them in their order."""

NAMES = ("learning_curve", "coverage", "joint", "replay")
