"""What a command says and shows, read back as numbers: sentences by templates, tables of a report by their headings."""

import csv
import html
import re

from sim.calibration import posterior

NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?"


def remember_posteriors(patch):
    """Let commands sample the posterior of the same counts once: the same counts give the same draws.

    patch: pytest.MonkeyPatch.
    """
    for name in ("posterior", "widened"):
        patch.setattr(posterior, name, _remembered(name, getattr(posterior, name)))


def forget_posteriors():
    """Sample them anew."""
    _KEPT.clear()


_KEPT = {}


def _remembered(name, of):
    def remembered(*arguments, **others):
        likelihood = arguments[-1]
        key = name, *(getattr(likelihood, field).tobytes() for field in ("kernel", "problems", "row")), repr(others)
        if key not in _KEPT:
            _KEPT[key] = of(*arguments, **others)
        return _KEPT[key]

    return remembered


def assert_says(line, template, *values):
    """The line is the template, each {} the next value as a number, each {%} as a percentage, to its last digit.

    Spaces of any kind are alike.
    """
    line, template = (re.sub(r"\s", " ", text) for text in (line, template))
    places = re.findall(r"\{%?\}", template)
    assert len(places) == len(values), f"need a value for each of {len(places)} places, got {len(values)}"
    pattern = f"({NUMBER})".join(re.escape(part) for part in re.split(r"\{%?\}", template))
    found = re.fullmatch(pattern, line)
    assert found, f"{line!r} is not of the form {template!r}"
    for number, place, value in zip(found.groups(), places, values, strict=True):
        wanted = 100 * value if place == "{%}" else value
        assert abs(float(number.replace(",", "")) - wanted) <= 0.501 * _digit(number), (line, number, wanted)


def _digit(number):
    """Size of the last digit of a number as it is written."""
    mantissa, _, exponent = number.replace(",", "").partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)


def numbers(text):
    """All numbers of a text, in order of their size."""
    return sorted(float(number.replace(",", "")) for number in re.findall(NUMBER, text))


def read(path):
    """Columns of a CSV, each a list of text."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return {name: [row[name] for row in rows] for name in rows[0]}


def assert_column(cells, values, digits=15):
    """Cells of a CSV, or to 4 digits of a report, are these values; an empty one stands for NaN or None."""
    assert len(cells) == len(values), (cells, values)
    for cell, value in zip(cells, values, strict=True):
        if isinstance(value, str):
            assert cell == value
        elif value is None or value != value:
            assert cell == ""
        else:
            wanted = float(f"{value:.{digits}g}") if value != round(value) else value
            assert abs(float(cell) - wanted) <= 1e-14 * abs(wanted), (cell, value)


def sections(report):
    """{heading: (text of the paragraphs, {heading of a column: cells})} of a report."""
    found = {}
    for section in re.findall(r"<section>(.*?)</section>", report, re.S):
        heading = _text(re.search(r"<h2>(.*?)</h2>", section, re.S).group(1))
        paragraphs = [_text(one) for one in re.findall(r"<p>(.*?)</p>", section, re.S)]
        names = [_text(one) for one in re.findall(r"<th [^>]*>(.*?)</th>", section, re.S)]
        rows = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", section, re.S)]
        rows = [[_text(cell) for cell in row] for row in rows if row]
        found[heading] = paragraphs, dict(zip(names, map(list, zip(*rows, strict=True)), strict=False))
    return found


def sentence(report):
    """The sentence at the head of a report."""
    return _text(re.search(r'<p class="sentence">(.*?)</p>', report, re.S).group(1))


def _text(markup):
    return html.unescape(markup).replace("\u00a0", " ").strip()
