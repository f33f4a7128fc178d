"""Values of a plain nested configuration, each checked; ValueError, in one sentence, names key, rule and value."""

from numbers import Real


def number(config, key, low, high, whole=False):
    """The number at a dotted key, from low to high."""
    value = config
    for part in key.split("."):
        value = value[part]
    return scalar(key, value, low, high, whole)


def scalar(name, value, low, high, whole=False):
    """A number from low to high as int or float; a NumPy or JAX scalar is one too."""
    kind = "a whole number" if whole else "a number"
    own = value.item() if getattr(value, "shape", None) == () else value
    right = isinstance(own, Real) and not isinstance(own, bool) and low <= own <= high
    if not right or (whole and own != int(own)):
        raise ValueError(f"{name}: need {kind} from {low:g} to {high:g}, got {value!r}")
    return int(own) if whole else float(own)


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
