"""The end of a sweep: the verdicts of all its points in one summary.csv, and measured against predicted exponent."""

from pathlib import Path

from sim.app import folder


def collect(where):
    """Write summary.csv of a sweep folder from the points' folders; the verdicts' words.

    figure.{png,pdf} too, unless all of the points were run without figures.
    """
    where = Path(where)
    points = sorted(where.glob("point_*/*/manifest.json"), key=lambda path: (_number(path), path.parent.name))
    rows = [row for path in points for row in _rows(path)]
    if not rows:
        return []
    varied = _varied([row["config"] for row in rows])
    fields = ("point", "experiment", *folder.VERDICT_FIELDS)
    columns = {name: [row[name] for row in rows] for name in fields}
    columns |= {name: [_leaf(row["config"], name) for row in rows] for name in varied}
    folder.write_columns(where / "summary.csv", columns)
    summary = folder.read_summary(where)
    wanted = any(row["config"].get("figure", True) for row in rows)
    if wanted and any(value == value for value in summary["measured"]):
        from sim.figures import files  # loads matplotlib

        files.save(files.draw_sweep(summary), where / "figure")
    return columns["verdict"]


def report(where):
    """Collect a sweep and say in one line what became of it."""
    words = collect(where)
    if not words:
        finished = len(list(Path(where).glob("point_*/*/manifest.json")))
        what = f"{finished} tables without a law to be held against" if finished else "no point was finished"
        return f"sweep: {what} in {where}"
    counts = ", ".join(f"{words.count(word)} {word}" for word in folder.VERDICTS if word in words)
    drawn = Path(where) / "figure.png"
    return f"sweep: {counts}; joined in {Path(where) / 'summary.csv'}" + (
        f", drawn in {drawn}" if drawn.exists() else ""
    )


def _number(path):
    return int(path.parent.parent.name.removeprefix("point_"))


def _rows(path):
    run = folder.read_run(path.parent)
    shared = {"point": _number(path), "experiment": run.manifest["experiment"], "config": run.manifest["config"]}
    return [{**verdict, **shared} for verdict in run.verdicts]


def _varied(configs):
    """Dotted names of the values that differ between points."""
    names = dict.fromkeys(name for config in configs for name in _names(config))
    return [name for name in names if len({repr(_leaf(config, name)) for config in configs}) > 1]


def _names(node, prefix=""):
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _names(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _leaf(config, name):
    for key in name.split("."):
        config = config.get(key) if isinstance(config, dict) else None
    return config
