"""Words of a figure: its title, and what its legends say of law and verdict."""

import textwrap
from collections import Counter

import numpy as np

from sim.records.folder import VERDICTS

LEARNING = (("Zipf exponent", "features.exponent"), ("features", "features.size"), ("depth", "memory.depth"))
USUAL = {  # members that go without saying
    "difficulty": ("beta", "gamma_ratio", "empirical"),
    "dependence": ("independent",),
    "verifier": ("perfect",),
}


def setting(run, path):
    value = run.manifest["config"]
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def inference(run):
    """Names and paths of what the axes of inference are set to; members by name where they are not the paper's."""
    named = []
    for group, usual in USUAL.items():
        node = run.manifest["config"].get(group)
        keys = node if isinstance(node, dict) else {}
        named += [(group, f"{group}.name")] if keys.get("name", usual[0]) not in usual else []
        named += [(key, f"{group}.{key}") for key, value in keys.items() if isinstance(value, int | float)]
    return tuple(named)


def learning(run):
    """Names and paths of what features and memory are set to; members by name where they are not the paper's."""
    if setting(run, "features.name") in (None, "zipf"):
        named = list(LEARNING[:2])
    else:
        named = [("features", "features.name"), *_numbers(run, "features")]
    if setting(run, "memory.name") in ("capacity", "guessing", "multi_trace"):
        named.append(("memory", "memory.name"))
    return (*named, *_numbers(run, "memory"))


def _numbers(run, group):
    keys = run.manifest["config"].get(group)
    return [(key, f"{group}.{key}") for key, value in (keys or {}).items() if isinstance(value, int | float)]


def number(value):
    """A parameter as a reader writes it: 0.35, 4096, 10^6."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return plain(value)
    power = np.log10(value) if value >= 1000 and np.isfinite(value) else 0
    return rf"$10^{{{power:.0f}}}$" if power and 10 ** round(power) == value else f"{value:.10g}"


def plain(text):
    return str(text).replace("$", r"\$")


def title(run, words, parameters):
    settings = [(name, setting(run, path)) for name, path in parameters]
    settings += [(name, run.manifest.get(name)) for name in ("problems", "learners", "seed")]
    words_of = [f"{name} {number(value)}" for name, value in settings if value is not None]
    lines = [", ".join(words_of[start : start + 5]) for start in range(0, len(words_of), 5)]  # six are too wide
    return ",\n".join([words, *lines]).replace(",", "", 1) if lines else words


def verdict_words(run, quantity):
    """The law's name, predicted and measured exponent, verdict: four lines for a legend."""
    entries = [entry for entry in run.verdicts if entry["quantity"] == quantity]
    if len(entries) > 2:  # more would hide the curve
        count = Counter(entry["verdict"] for entry in entries)
        words = ", ".join(f"{count[word]} {word}" for word in VERDICTS if count[word])
        return f"law: {len(entries)} verdicts\n{words}"
    return "\n".join(map(_entry_words, entries)) or "law (no verdict)"


def _entry_words(entry):
    lines = [textwrap.fill(f"law: {plain(entry['law'])}", 36)]  # characters: half of the figure's width
    if entry["predicted"] is not None:
        lines.append(f"exponent predicted {entry['predicted']:.4g}")
    if entry["measured"] is not None:
        lines.append(f"exponent measured {with_error(entry['measured'], entry['stderr'])}")
    elif entry["max_sigmas"] is not None:
        lines.append(f"largest residual {entry['max_sigmas']:.1f} sigma")
    return "\n".join([*lines, f"verdict: {entry['verdict']}"])


def panel_words(run, quantity):
    """The same for the title of a narrow panel: the law once, then a line for each axis it was measured along."""
    lines = []
    for entry in run.verdicts:
        if entry["quantity"] == quantity:
            law, _, axis = plain(entry["law"]).partition(", over ")
            found = f"largest residual {entry['max_sigmas'] or 0:.1f} sigma"
            if entry["measured"] is not None:
                found = f"exponent {with_error(entry['measured'], entry['stderr'])}"
            lines += [law, f"{axis}: {found}, {entry['verdict']}".removeprefix(": ")]
    known = np.isfinite(run.table["law"][run.table["quantity"] == quantity]).any()
    return "\n".join(dict.fromkeys(lines)) or ("law (no verdict)" if known else "simulation only: no closed form")


def with_error(value, stderr):
    if not stderr or not np.isfinite(stderr):
        return f"{value:.4g}"
    decimals = int(np.clip(1 - np.floor(np.log10(stderr)), 0, 8))  # two digits of the error
    return f"{value:.{decimals}f} ± {stderr:.{decimals}f}"
