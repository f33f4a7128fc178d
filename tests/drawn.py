"""What a figure shows, in words and a few sums: a wrong column, a bar that is a variance, a lost curve change them."""

import json
import re

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.patches import Rectangle


def drawn(figure):
    """Title, and for each panel labels, scales, legend, texts, and all that is drawn: [name, numbers ...] each."""
    title = figure.get_suptitle() or "".join(part.get_suptitle() or "" for part in figure.subfigs)
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return [title, *legends, *map(_panel, figure.axes)]


def _panel(axis):
    legend = axis.get_legend()
    return {
        "labels": [axis.get_xlabel(), axis.get_ylabel(), axis.get_title(loc="left"), axis.get_title()],
        "scales": [axis.get_xscale(), axis.get_yscale()],
        "legend": [] if legend is None else [text.get_text() for text in legend.get_texts()],
        "texts": [[text.get_text(), *map(_short, text.get_position())] for text in axis.texts],
        "drawn": [
            *map(_line, axis.lines),
            *map(_collection, axis.collections),
            *(["image", *_sums(np.ma.getdata(image.get_array()))] for image in axis.images),
            *(_patch(patch) for patch in axis.patches),
        ],
    }


def _line(line):
    look = f"{line.get_color()} {line.get_marker() if isinstance(line.get_marker(), str) else 'own'}"
    return [f"line {look}", *_sums(line.get_xdata()), *_sums(line.get_ydata())]


def _collection(collection):
    if isinstance(collection, LineCollection):  # of error bars, too
        ends = [segment[[0, -1]] for segment in collection.get_segments() if len(segment)]
        return [
            "segments",
            *_sums(np.ravel([end[:, 0] for end in ends])),
            *_sums(np.ravel([end[:, 1] for end in ends])),
        ]
    values = [] if collection.get_array() is None else _sums(np.ma.filled(collection.get_array(), np.nan))
    if isinstance(collection, QuadMesh):
        return ["mesh", *_sums(collection.get_coordinates()), *values]
    if isinstance(collection, PathCollection):
        return ["dots", *_sums(np.ma.getdata(collection.get_offsets())), *values]
    edges = np.concatenate([path.vertices for path in collection.get_paths()] or [np.zeros((0, 2))])
    return ["band", *_sums(edges[:, 0]), *_sums(edges[:, 1])]


def _patch(patch):
    if isinstance(patch, Rectangle):
        return ["rectangle", *(_short(x) for x in (*patch.get_xy(), patch.get_width(), patch.get_height()))]
    return [type(patch).__name__]


def _sums(values):
    """How many are finite, their sum, and their sum weighted by places."""
    values = np.ravel(np.asarray(values, float))
    seen = np.isfinite(values)
    places = np.arange(1.0, len(values) + 1)[seen] / max(len(values), 1)
    return [int(seen.sum()), _short(values[seen].sum()), _short(values[seen] @ places)]


def _short(value):
    return float(f"{float(value):.10g}")


def written(content):
    """JSON, all that is drawn by one call in one line."""
    one = r'\[\s+("(?:line|segments|band|mesh|dots|rectangle|image)\b[^\]]*)\]'
    return re.sub(one, lambda found: f"[{' '.join(found[1].split())}]", json.dumps(content, indent=1)) + "\n"
