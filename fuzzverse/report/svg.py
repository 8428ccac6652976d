"""The strokes that plots are made of, as SVG text. No library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

from fuzzverse.report.text import printable

GRID: Final = "#e0e0e0"
FINE_GRID: Final = "#f3f3f3"
AXIS: Final = "#404040"
# Okabe and Ito's colours, which colour-blind readers tell apart; dashes help in print.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_DASHES: Final = ("none", "7 3", "2 3", "9 3 2 3", "none", "7 3", "2 3")


def colour(number: int) -> str:
    """The colour of a curve."""
    return _COLOURS[number % len(_COLOURS)]


def stroke(number: int) -> str:
    """How the line of a curve looks."""
    dash = _DASHES[number % len(_DASHES)]
    return f'fill="none" stroke="{colour(number)}" stroke-width="2" stroke-dasharray="{dash}"'


def document(width: int, height: int, lines: Iterable[str]) -> str:
    """A whole file, on white."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">'
    )
    ground = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, ground, *lines, "</svg>"]) + "\n"


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    """A straight line of this colour."""
    return f'<path d="M{x1:.1f} {y1:.1f} L{x2:.1f} {y2:.1f}" stroke="{look}"/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal") -> str:
    """Words, whatever they hold; `anchor` is start, middle or end."""
    look = f'text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(printable(words))}</text>'


def label(x: float, y: float, words: str, look: str) -> str:
    """Words in this colour, their middle at the place, readable over whatever is below."""
    halo = 'stroke="#ffffff" stroke-width="3" paint-order="stroke"'
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="middle"'
    return f'<text {place} fill="{look}" {halo}>{escape(printable(words))}</text>'


def text_upward(x: float, y: float, words: str) -> str:
    """Words that run from bottom to top, their middle at the place."""
    place = f'transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle"'
    return f"<text {place}>{escape(printable(words))}</text>"


def dot(x: float, y: float, look: str) -> str:
    """A measured point, in this colour."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{look}"/>'
