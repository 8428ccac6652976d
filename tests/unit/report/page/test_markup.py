from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.report.page.markup import Markup, escape, join, lines, tag


class Reader(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.attributes: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


def test_words_are_escaped_and_markup_is_not() -> None:
    inner = tag("b", "<i>")
    assert inner == "<b>&lt;i&gt;</b>"
    assert tag("p", inner, " & ", class_="x") == '<p class="x"><b>&lt;i&gt;</b> &amp; </p>'
    assert isinstance(join([inner, "x"]), Markup)


def test_attributes() -> None:
    shown = tag("a", href='"><script>', data_k=0.5, open=True, id=None, hidden=False)
    assert shown == '<a href="&quot;&gt;&lt;script&gt;" data-k="0.5" open></a>'
    assert tag("rect", width="100") == '<rect width="100"/>'
    assert tag("input", type="radio") == '<input type="radio">'


def test_control_characters_do_not_come_through() -> None:
    assert escape("a\x1b[2Jb\u202ec\x00\n") == "a·[2Jb·c·\n"
    assert lines("one\x1b\n\ttwo") == "one \n    two"


@given(st.text(), st.text())
def test_whatever_words_hold_they_stay_words(words: str, value: str) -> None:
    reader = read(tag("p", words, title=value))
    assert reader.tags == ["p"]
    assert "\x1b" not in reader.words
    plain = "".join(c if c in "\n\t" or c.isprintable() else "·" for c in words)
    assert reader.words == plain
    assert list(reader.attributes) == ["title"]
