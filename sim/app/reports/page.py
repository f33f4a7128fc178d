"""A report as one HTML file that needs nothing else: no script, nothing fetched, every text escaped.

The page has no words of its own, so what it says is in the language of its caller. Figures are pictures with English
labels (k, pass@k), since matplotlib may have no Japanese font; the heading and paragraphs above one say what it shows.
"""

import base64
import html
from numbers import Integral, Real
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.records import writing

FONTS = {  # what systems have; nothing is downloaded
    "en": '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", '
    '"Liberation Sans", "DejaVu Sans", sans-serif',
    "ja": '"Hiragino Sans", "Hiragino Kaku Gothic ProN", "BIZ UDPGothic", "Yu Gothic UI", "Yu Gothic", Meiryo, '
    '"Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", sans-serif',
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --ground: #fff; --line: #d0d7de; --mark: #0072b2;
  --stripe: #f4f6f8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #a3adb8; --ground: #14181d; --line: #39414a; --mark: #56b4e9; --stripe: #1c2229; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.6 FONTS; }
:lang(ja) body { line-height: 1.8; line-break: strict; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1, h2, p, td { overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; color: var(--soft); font-size: 1rem; font-weight: 600; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem; line-height: 1.35; }
p { margin: .75rem 0; max-width: 44rem; }
.sentence { margin: 0; max-width: none; padding-left: 1rem; border-left: .25rem solid var(--mark);
  font-size: clamp(1.3rem, 1.1rem + 1vw, 1.7rem); line-height: 1.45; font-weight: 500; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .9375rem; line-height: 1.45; }
th, td { padding: .4rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { min-width: 14rem; max-width: 24rem; }
td.short, td.number { min-width: 0; white-space: nowrap; }
th { vertical-align: bottom; border-bottom: 2px solid var(--line); color: var(--soft); font-weight: 600;
  word-break: keep-all; }
tbody tr:nth-child(even) { background: var(--stripe); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; max-width: 44rem; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem;
  background: #fff; }
img { display: block; width: 100%; max-width: 38rem; height: auto; margin: 0 auto; }
@media (max-width: 30rem) { main { padding: 1rem 1rem 2rem; } figure { padding: .375rem; } }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --ground: #fff; --line: #bbb; --mark: #0072b2;
    --stripe: #fff; }
  @page { margin: 18mm; }
  main, p, figure { max-width: none; }
  main { padding: 0; }
  body { font-size: 10.5pt; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: .2rem .4rem; }
  td { min-width: 6rem; }
  td.short { white-space: normal; }
  figure { padding: 0; border: 0; }
  img { max-width: 13cm; }
  h2 { break-after: avoid; }
  figure, tr, .sentence { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""


class Part(NamedTuple):
    """What stands under one heading: paragraphs, then a table, then a figure.

    columns: heading -> cells, as many in each; text, or numbers, shown to 4 significant digits, None as nothing.
    figure: the text of an SVG.
    """

    heading: str
    paragraphs: tuple = ()
    columns: dict | None = None
    figure: str | None = None


def write(path, language, title, sentence, parts):
    """Write the report: the sentence for the manager, large, then the parts. ValueError; OSError if it cannot be."""
    if language not in FONTS:
        raise ValueError(f"report.language: need en or ja, got {language}")
    lines = [
        "<!doctype html>",
        f'<html lang="{language}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(title)}</title>",
        f"<style>{STYLE.replace('FONTS', FONTS[language])}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{html.escape(title)}</h1>",
        f'<p class="sentence">{html.escape(sentence)}</p>',
        *(_section(part) for part in parts),
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    # A name of a file that is not UTF-8 arrives with lone surrogates, which no page can hold.
    writing.whole(Path(path), "\n".join(lines).encode("utf-8", "replace"))


def svg(figure):
    """The text of a matplotlib figure as SVG, the same for the same figure; letters are outlines, alike everywhere."""
    from sim.figures import calibrate  # loads matplotlib

    return calibrate.svg(figure)


def _section(part):
    heading = html.escape(part.heading)
    lines = ["<section>", f"<h2>{heading}</h2>", *(f"<p>{html.escape(text)}</p>" for text in part.paragraphs)]
    if part.columns:
        # Reached by the keyboard too, as a box that scrolls must be.
        lines += [f'<div class="scroll" role="region" aria-label="{heading}" tabindex="0">', *_table(part), "</div>"]
    if part.figure is not None:
        # As a picture, in which nothing can act or be fetched, whatever the SVG says.
        picture = base64.b64encode(part.figure.encode("utf-8", "replace")).decode("ascii")
        lines.append(f'<figure><img alt="{heading}" src="data:image/svg+xml;base64,{picture}"></figure>')
    return "\n".join([*lines, "</section>"])


def _table(part):
    sizes = {name: len(cells) for name, cells in part.columns.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"report: {part.heading}: need as many cells in every column, got {sizes}")
    yield "<table>\n<thead>\n<tr>"
    for name, cells in part.columns.items():
        numbers = all(_is_number(cell) or cell is None for cell in cells)
        yield f'<th scope="col"{_class("number" if numbers else "")}>{html.escape(name)}</th>'
    yield "</tr>\n</thead>\n<tbody>"
    for row in zip(*part.columns.values(), strict=True):
        yield f"<tr>{''.join(map(_cell, row))}</tr>"
    yield "</tbody>\n</table>"


def _cell(cell):
    """Long text may break its lines; in bytes Japanese letters count three times, which are as wide as two."""
    text = _text(cell)
    kind = "number" if _is_number(cell) else "short" if len(text.encode("utf-8", "replace")) <= 24 else ""
    return f"<td{_class(kind)}>{html.escape(text)}</td>"


def _class(name):
    return f' class="{name}"' if name else ""


def _is_number(cell):
    return isinstance(cell, Real | np.number) and not isinstance(cell, bool)


def _text(cell):
    """A cell in words. Whole numbers count something and are shown whole, as far as a float holds them."""
    if cell is None or cell != cell:
        return ""
    if not _is_number(cell):
        return str(cell)
    if isinstance(cell, Integral) or (abs(cell) < 2**53 and cell == int(cell)):
        return f"{int(cell)}"
    if 1e-4 <= abs(cell) < 2**53:
        return np.format_float_positional(cell, 4, unique=False, fractional=False, trim="-").rstrip(".")
    return f"{cell:.4g}"
