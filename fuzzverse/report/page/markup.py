"""HTML that nobody breaks out of: words are escaped where they are put in, whoever wrote them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse.report.text import printable

_EMPTY: Final = frozenset({"rect", "path", "circle", "line", "input", "meta"})
_LINE_LENGTH_MAX: Final = 2_000


class Markup(str):
    """HTML that is taken as it is. Only this package makes some."""

    __slots__ = ()


Content = str | Markup | None


def tag(name: str, /, *content: Content, **attributes: str | int | float | bool | None) -> Markup:
    """An element. Words in it are escaped, Markup and numbers stay; `_` in the names of attributes
    is `-`, at the end it is nothing; attributes that are None or False are left out."""
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _EMPTY:
        return Markup(f"<{name}{shown}>" if name in ("input", "meta") else f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{join(content)}</{name}>")


def join(content: Iterable[Content]) -> Markup:
    """Pieces one after the other, words escaped."""
    return Markup("".join(escape(piece) for piece in content if piece is not None))


def escape(piece: str) -> Markup:
    """Words as HTML, without control characters but for line ends and tabs."""
    if isinstance(piece, Markup):
        return piece
    return Markup(html.escape("".join(map(_shown, piece))))


def line(words: str, length_max: int = 200) -> str:
    """Words on one line, cut when longer; still to be escaped."""
    return printable(words, length_max)


def lines(words: str) -> str:
    """Words on several lines, each of them cut at _LINE_LENGTH_MAX; still to be escaped."""
    kept = (one.replace("\t", "    ") for one in words.split("\n"))
    return "\n".join(printable(one, _LINE_LENGTH_MAX) for one in kept)


def _shown(character: str) -> str:
    return character if character in "\n\t" or character.isprintable() else "\N{MIDDLE DOT}"


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(shown)}"'


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; sorted by `key`, where there is one, and shown as `content`."""

    content: Content
    key: float | None = None
    look: str | None = None


def table(
    heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, numbers: Sequence[int]
) -> Markup:
    """A table that the script makes sortable and the style stacks on narrow screens; the columns in
    `numbers` align right."""
    head = join(
        tag("th", name, scope="col", class_="n" if i in numbers else None)
        for i, name in enumerate(heads)
    )
    body = join(_row(heads, row, numbers) for row in rows)
    parts = (tag("thead", tag("tr", head)), tag("tbody", body))
    return tag("div", tag("table", *parts, class_="data"), class_="wide")


def _row(heads: Sequence[str], row: Sequence[Cell], numbers: Sequence[int]) -> Markup:
    cells = []
    for i, (name, cell) in enumerate(zip(heads, row, strict=True)):
        looks = " ".join(filter(None, ("n" if i in numbers else "", cell.look)))
        cells.append(tag("td", cell.content, data_l=name, data_k=cell.key, class_=looks or None))
    return tag("tr", *cells)


def bar(share: float) -> Markup:
    """A share as a bar."""
    width = max(0.0, min(1.0, share)) * 100
    parts = (
        tag("rect", width="100", height="8", class_="ground"),
        tag("rect", width=round(width, 1), height="8", class_="fill"),
    )
    return tag(
        "svg",
        *parts,
        class_="bar",
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def section(name: str, title: str, *content: Content) -> Markup:
    """A section of the page that the navigation leads to."""
    return tag("section", tag("h2", title), *content, id=name)


def note(*words: Content) -> Markup:
    """Small words that explain."""
    return tag("p", *words, class_="note")
