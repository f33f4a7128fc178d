"""Where the numbers of a dataset come from: its global attributes."""

import json
import shlex

_PAPERS = "N. Levi, A Simple Model of Inference Scaling Laws, arXiv 2410.16377; M. Hutter, Learning Curve Theory, "
_PAPERS += "arXiv 2102.04074"


def attributes(sweep, tables, varied):
    """Global attributes: where the numbers come from."""
    manifests = [table.run.manifest for table in tables]
    statuses = [point.status for point in sweep.points if point.status]
    versions = _distinct(manifest.get("versions") for manifest in manifests)
    own = ", ".join(_distinct((version or {}).get("sim", "?") for version in versions))
    since = sweep.record.get("since") or min((status.get("started") or "" for status in statuses), default="")
    command = shlex.join(["python", "-m", "sim", "run", "--multirun", *sweep.record.get("command", [])])
    names = ", ".join(dict.fromkeys(table.experiment for table in tables))
    texts = {
        "title": f"sim sweep of {names}{' over ' if varied.swept else ''}{', '.join(varied.swept)}",
        "Conventions": "CF-1.11",
        "source": f"sim {own}: Monte Carlo simulation of inference scaling laws, tested against their analytic laws",
        "history": f"{since} {command}".strip() if sweep.record else "",
        "references": _PAPERS,
        "date_created": since,
        "sim_version": own,
        "versions": "; ".join(map(json.dumps, versions)),
        "commit": ", ".join(_distinct(manifest.get("commit") for manifest in manifests if manifest.get("commit"))),
        "device": ", ".join(_distinct(manifest.get("device") for manifest in manifests if manifest.get("device"))),
        "data": ", ".join(_distinct(manifest.get("source") for manifest in manifests if manifest.get("source"))),
        "configuration": json.dumps(_nested(varied.shared)),
    }
    return {name: text for name, text in texts.items() if text}


def _distinct(values):
    found = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _nested(flat):
    """The nested configuration of dotted keys."""
    nested = {}
    for name, value in flat.items():
        *groups, key = name.split(".")
        node = nested
        for group in groups:
            node = node.setdefault(group, {})
        node[key] = value
    return nested
