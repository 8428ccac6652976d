"""Curves as SVG: how many of the runs had found the bug by when. Pure text, no library."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse.report.svg import AXIS, GRID, document, line, stroke, text

_WIDTH: Final = 720
_PANEL_HEIGHT: Final = 300
_LEFT: Final = 64
_RIGHT: Final = 170
_TOP: Final = 40
_BOTTOM: Final = 52
_LEGEND_LINE: Final = 20
# The first decade that is drawn at the latest begins here.
_SHORTEST_S: Final = 1.0
_FASTEST_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Curve:
    """One contender: when, in seconds, each of its successful runs found the bug, of `runs`."""

    name: str
    found_s: tuple[float, ...]
    runs: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One target; runs ended after `limit_s` seconds."""

    title: str
    limit_s: float
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Seconds, on a logarithm, and shares to places in a panel."""

    first_s: float
    last_s: float

    def x(self, seconds: float) -> float:
        low, high = math.log10(self.first_s), math.log10(self.last_s)
        at = math.log10(min(max(seconds, self.first_s), self.last_s))
        return _LEFT + (at - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, share: float) -> float:
        return _PANEL_HEIGHT - _BOTTOM - share * (_PANEL_HEIGHT - _TOP - _BOTTOM)

    def decades(self) -> Iterator[float]:
        power = round(math.log10(self.first_s))
        while 10.0**power <= self.last_s * 1.001:
            yield 10.0**power
            power += 1


def render(panels: Sequence[Panel]) -> str:
    """A panel a target, one below the other; the x axis is logarithmic."""
    height = _PANEL_HEIGHT * max(1, len(panels))
    lines: list[str] = []
    for number, panel in enumerate(panels):
        lines.append(f'<g transform="translate(0 {number * _PANEL_HEIGHT})">')
        lines += _panel(panel)
        lines.append("</g>")
    return document(_WIDTH, height, lines)


def _panel(panel: Panel) -> Iterator[str]:
    scale = _scale(panel)
    yield text(_LEFT, 22, f"{panel.title}: runs that had found the bug", weight="bold")
    yield from _axes(scale)
    for number, curve in enumerate(panel.curves):
        yield from _curve(curve, scale, number)


def _scale(panel: Panel) -> _Scale:
    soonest = min((at for curve in panel.curves for at in curve.found_s), default=_SHORTEST_S)
    first = 10.0 ** math.floor(math.log10(max(_FASTEST_S, min(soonest, panel.limit_s / 10))))
    latest = max((at for curve in panel.curves for at in curve.found_s), default=0.0)
    return _Scale(first, max(panel.limit_s, latest))


def _axes(scale: _Scale) -> Iterator[str]:
    left, right = scale.x(scale.first_s), scale.x(scale.last_s)
    bottom, top = scale.y(0), scale.y(1)
    for quarter in range(5):
        y = scale.y(quarter / 4)
        yield line(left, y, right, y, GRID)
        yield text(left - 8, y + 4, f"{quarter * 25}%", anchor="end")
    for decade in scale.decades():
        x = scale.x(decade)
        yield line(x, top, x, bottom, GRID)
        yield text(x, bottom + 16, f"{decade:g}", anchor="middle")
    yield line(left, bottom, right, bottom, AXIS)
    yield line(left, top, left, bottom, AXIS)
    middle = (left + right) / 2
    yield text(middle, bottom + 36, "seconds, starting the workers included", anchor="middle")


def _curve(curve: Curve, scale: _Scale, number: int) -> Iterator[str]:
    """A step up at each find, and a line in the legend."""
    places = [f"M{scale.x(scale.first_s):.1f} {scale.y(0):.1f}"]
    for found, at in enumerate(sorted(curve.found_s), 1):
        places.append(f"H{scale.x(at):.1f} V{scale.y(found / max(1, curve.runs)):.1f}")
    places.append(f"H{scale.x(scale.last_s):.1f}")
    look = stroke(number)
    yield f'<path d="{" ".join(places)}" {look}/>'
    x, y = _WIDTH - _RIGHT + 16, _TOP + 8 + number * _LEGEND_LINE
    yield f'<path d="M{x} {y} h24" {look}/>'
    yield text(x + 30, y + 4, f"{curve.name} ({len(curve.found_s)} of {curve.runs})")
