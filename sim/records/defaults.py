"""The configuration as it stands in conf/, for those who set nothing."""

from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf" / "run.yaml").is_file() else _PACKAGE.parent / "conf"


def with_settings(name: str, settings: Any, arguments: dict[str, Any], others: tuple[str, ...]) -> dict[str, Any]:
    """`defaults` changed by a user's settings, and by arguments {dotted key: value} of the function that has them.

    others: keys, or sections, that the function has other ways for.  ValueError for one of them.
    """
    if settings is not None and not (isinstance(settings, dict) and all(isinstance(key, str) for key in settings)):
        raise ValueError(f"settings: need a dictionary of keys such as 'test.level', got {settings!r}")
    for key in settings or {}:
        if key in arguments or any(key == other or key.startswith(f"{other}.") for other in others):
            raise ValueError(f"settings: need keys that are no arguments of the function, got {key!r}")
    return defaults(name, {**(settings or {}), **arguments})


def defaults(name: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Nested dictionary of conf/NAME.yaml.  changes: {dotted key: value}; ValueError for a key that is not there."""
    config = _copied(_read(name))
    for key, value in (changes or {}).items():
        *sections, last = key.split(".")
        section = config
        for part in sections:
            section = section.get(part) if isinstance(section, dict) else None
        if not isinstance(section, dict) or last not in section or isinstance(section[last], dict):
            raise ValueError(f"{key}: no such key; conf/{name}.yaml has {', '.join(_keys(config))}")
        section[last] = value
    return config


@cache
def _read(name):
    return _numbers(parsed(text(name)))


def text(name: str) -> str:
    """Text of conf/NAME.yaml."""
    return (CONF / f"{name}.yaml").read_text(encoding="utf-8")


def parsed(content: str) -> Any:
    """What a text in YAML says to Hydra, by libyaml where PyYAML was built with it."""
    import yaml

    return _numbers(yaml.load(content, yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader), words=("inf",))


def _numbers(node, words=()):
    """The same with numbers such as 1e9, which YAML 1.1 takes for text.  words: what is text all the same."""
    if isinstance(node, dict):
        return {key: _numbers(value, words) for key, value in node.items()}
    if isinstance(node, list):
        return [_numbers(value, words) for value in node]
    try:
        return float(node) if isinstance(node, str) and node not in words else node
    except ValueError:
        return node


def _copied(node):
    return {key: _copied(value) for key, value in node.items()} if isinstance(node, dict) else node


def _keys(config, prefix=""):
    for key, value in config.items():
        yield from _keys(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
