"""Values of a plain nested configuration, each checked; ValueError, in one sentence, names key, rule and value."""


def number(config, key, low, high, whole=False):
    """The number at a dotted key, from low to high."""
    value = config
    for part in key.split("."):
        value = value[part]
    kind = "a whole number" if whole else "a number"
    right = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not right or (whole and value != int(value)):
        raise ValueError(f"{key}: need {kind} from {low:g} to {high:g}, got {value!r}")
    return int(value) if whole else float(value)


def flag(config, key):
    """true or false at a key."""
    if not isinstance(config[key], bool):
        raise ValueError(f"{key}: need true or false, got {config[key]!r}")
    return config[key]


def one_of(config, key, words):
    """One of some words at a key."""
    if config[key] not in words:
        raise ValueError(f"{key}: need {' or '.join(words)}, got {config[key]!r}")
    return config[key]


def need(condition, name, rule, value):
    """Raise ValueError in one sentence unless the condition holds."""
    if not condition:
        raise ValueError(f"{name}: need {rule}, got {value}")
