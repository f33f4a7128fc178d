"""A report is one page that needs nothing, does nothing, and shows every name as what it is: text."""

import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim.app.reports import page
from sim.app.reports.page import Part

ROOT = Path(__file__).parents[2]
EVIL = "<script>alert(1)</script>"
QUOTED = '" onerror="alert(1)" x=\'&lt;'
VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Elements with their attributes and text; a tag that is closed by another is an error."""

    def __init__(self):
        super().__init__()
        self.found, self.open, self.texts = [], [], {}

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]][-1] += data

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def read(path):
    reader = Reader()
    reader.feed(path.read_bytes().decode("utf-8"))
    reader.close()
    assert not reader.open
    return reader


def picture():
    figure = Figure()
    figure.subplots().plot([1, 2], label=EVIL)
    return page.svg(figure)


def parts(name=EVIL):
    table = {
        name: [name, QUOTED, None],
        "k": [1, 10000, np.int64(10**6)],
        "pass@k": [np.float64(0.123456), np.nan, 1.0],
    }
    return [Part(name, (name, QUOTED), table, f"<svg xmlns='http://www.w3.org/2000/svg'>{name}</svg>"), Part("Last")]


def write(tmp_path, language="en", **changed):
    path = tmp_path / "report.html"
    page.write(path, language, **{"title": "pilot", "sentence": "Try 8 times.", "parts": parts(), **changed})
    return path


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_is_whole_html_in_its_language_with_the_sentence_before_the_parts(language, tmp_path):
    path = write(tmp_path, language, title="パイロット", sentence="8回試すのが最良です。")
    reader, content = read(path), path.read_text(encoding="utf-8")
    assert content.startswith("<!doctype html>\n")
    assert reader.all("html") == [{"lang": language}]
    assert {"charset": "utf-8"} in reader.all("meta")
    assert (reader.texts["title"], reader.texts["h1"]) == (["パイロット"], ["パイロット"])
    assert reader.texts["p"][0] == "8回試すのが最良です。" and reader.texts["h2"] == [EVIL, "Last"]
    assert content.index("8回") < content.index("<h2>")
    assert ("Hiragino" in content) == (language == "ja")


def test_another_language_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(ValueError, match=re.escape("report.language: need en or ja, got fr")):
        write(tmp_path, "fr")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [EVIL, QUOTED, "</style><img src=x>", "]]>", "&amp;", "a\nb\tc"])
def test_every_text_is_shown_as_it_is_wherever_it_stands(name, tmp_path):
    reader = read(write(tmp_path, title=name, sentence=name, parts=parts(name)))
    for tag, place in (("title", 0), ("h1", 0), ("h2", 0), ("p", 0), ("p", 1), ("th", 0), ("td", 0)):
        assert reader.texts[tag][place] == name
    (image,) = reader.all("img")
    assert image["alt"] == name and set(image) == {"alt", "src"}
    assert {tag for tag, _ in reader.found} <= set(
        "html head meta title style body main h1 h2 p section div table thead tbody tr th td figure img".split()
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_fetches_nothing_and_runs_nothing(language, tmp_path):
    path = write(tmp_path, language, parts=[Part("Figure", figure=picture()), *parts()])
    content, reader = path.read_text(encoding="utf-8"), read(path)
    for forbidden in (
        "http://",
        "https://",
        "//",
        "<script",
        "url(",
        "@import",
        "<svg",
        "<link",
        "<iframe",
        "javascript:",
    ):
        assert forbidden not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", content), forbidden
    assert all(not name.startswith("on") and name != "style" for _, held in reader.found for name in held)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in reader.all("meta")
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in reader.all("img"))


def test_a_figure_arrives_as_it_was(tmp_path):
    drawn = picture()
    (image,) = read(write(tmp_path, parts=[Part("Figure", figure=drawn)])).all("img")
    assert base64.b64decode(image["src"].partition(",")[2]).decode() == drawn and image["alt"] == "Figure"


def test_the_same_report_is_the_same_bytes(tmp_path):
    first, second = (write(tmp_path, parts=[Part("Figure", figure=picture())]).read_bytes() for _ in range(2))
    assert first == second and [path.name for path in tmp_path.iterdir()] == ["report.html"]


CELLS = [
    *((None, ""), (float("nan"), ""), (np.float64("nan"), ""), ("", ""), ("0.10–0.20", "0.10–0.20"), (True, "True")),
    *((0, "0"), (0.0, "0"), (-0.25, "-0.25"), (1.0, "1"), (128, "128"), (1234567, "1234567"), (1e6, "1000000")),
    *((np.int32(12345), "12345"), (np.float32(0.5), "0.5"), (0.123456, "0.1235"), (12345.678, "12350")),
    *((0.99996, "1"), (0.00012345, "0.0001234"), (1.23456e-7, "1.235e-07"), (10**20, "1" + 20 * "0"), (1e20, "1e+20")),
    *((float("inf"), "inf"), (float("-inf"), "-inf")),
]


@pytest.mark.parametrize(("cell", "shown"), CELLS)
def test_a_number_has_4_significant_digits_and_a_whole_one_all_of_them(cell, shown, tmp_path):
    reader = read(write(tmp_path, parts=[Part("Table", columns={"value": [cell]})]))
    assert reader.texts["td"] == [shown]
    number = isinstance(cell, int | float | np.number) and not isinstance(cell, bool)
    assert (reader.all("td")[0].get("class") == "number") == number


def test_a_table_scrolls_in_a_box_that_the_keyboard_reaches(tmp_path):
    reader = read(write(tmp_path))
    assert reader.all("div") == [{"class": "scroll", "role": "region", "aria-label": EVIL, "tabindex": "0"}]
    assert [held.get("class") for held in reader.all("th")] == [None, "number", "number"]


def test_columns_of_unequal_length_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"report: Table: need as many cells in every column, got \{'a': 1, 'b': 2\}"):
        write(tmp_path, parts=[Part("Table", columns={"a": [1], "b": [1, 2]})])


def test_a_file_name_that_is_not_utf_8_does_not_stop_the_report(tmp_path):
    name = b"pilot\xff.csv".decode("utf-8", "surrogateescape")
    assert read(write(tmp_path, title=name, parts=parts(name))).texts["h1"] == ["pilot?.csv"]


def test_an_earlier_report_stays_whole_until_the_next_one_is(tmp_path):
    before = write(tmp_path).read_bytes()
    with pytest.raises(ValueError):
        write(tmp_path, "xx")
    with pytest.raises(ValueError):
        write(tmp_path, parts=[*parts(), Part("Table", columns={"a": [1], "b": []})])
    assert (tmp_path / "report.html").read_bytes() == before


def test_a_page_without_figures_loads_neither_matplotlib_nor_jax():
    unwanted = "[name for name in ('jax', 'matplotlib', 'scipy') if name in sys.modules]"
    loaded = f"import sys, sim.app.reports.page; print({unwanted})"
    done = subprocess.run([sys.executable, "-W", "error", "-c", loaded], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
