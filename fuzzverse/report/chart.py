"""Points joined by lines, as SVG, on linear or logarithmic axes."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse.report.svg import (
    AXIS,
    FINE_GRID,
    GRID,
    colour,
    document,
    dot,
    label,
    line,
    stroke,
    text,
    text_upward,
)

_WIDTH: Final = 760
_HEIGHT: Final = 360
_LEFT: Final = 84
_RIGHT: Final = 200
_TOP: Final = 44
_BOTTOM: Final = 56
_LEGEND_LINE: Final = 20
# Between the frame and what is measured, so that no point lies on an axis.
_INSET: Final = 24
# Values closer to each other than this, in pixels, are not both written down.
_VALUE_WIDTH: Final = 34
_VALUE_HEIGHT: Final = 20
# Linear axes: about so many steps, of one of these lengths times a power of ten.
_STEPS: Final = 5
_STEP_LENGTHS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_PLAIN_MIN: Final = 100.0


class Side(enum.IntEnum):
    """Where values are written; pixels below the point."""

    ABOVE = -10
    BELOW = 19


@dataclass(frozen=True, slots=True)
class Series:
    """One curve; `points` are x and y, by x. `look` numbers colour and dashes. Each y is
    written beside its point, where there is room, unless `values` is None."""

    name: str
    points: tuple[tuple[float, float], ...]
    look: int
    values: Side | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One panel; with `is_log` both axes are logarithmic and all values greater than 0."""

    title: str
    x_words: str
    y_words: str
    series: tuple[Series, ...]
    is_log: bool


@dataclass(frozen=True, slots=True)
class _Axis:
    """Values to places between `first` and `last`, in pixels; `ticks` reach from end to end."""

    first: float
    last: float
    ticks: tuple[float, ...]
    is_log: bool

    def place(self, value: float) -> float:
        low, high = self._measure(self.ticks[0]), self._measure(self.ticks[-1])
        share = (self._measure(value) - low) / (high - low)
        return self.first + share * (self.last - self.first)

    def between(self) -> Iterator[float]:
        """On a logarithmic axis, 2 to 9 times each power of ten."""
        for tick in self.ticks[:-1] if self.is_log else ():
            yield from (tick * digit for digit in range(2, 10))

    def _measure(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def render(charts: Sequence[Chart]) -> str:
    """The charts, one below the other."""
    lines: list[str] = []
    for number, chart in enumerate(charts):
        lines.append(f'<g transform="translate(0 {number * _HEIGHT})">')
        lines += _chart(chart)
        lines.append("</g>")
    return document(_WIDTH, _HEIGHT * max(1, len(charts)), lines)


def _chart(chart: Chart) -> Iterator[str]:
    ticks = _decades if chart.is_log else even_steps
    xs = [x for one in chart.series for x, _ in one.points]
    ys = [y for one in chart.series for _, y in one.points]
    x_axis = _Axis(_LEFT + _INSET, _WIDTH - _RIGHT - _INSET, ticks(xs), chart.is_log)
    y_axis = _Axis(_HEIGHT - _BOTTOM, _TOP, ticks(ys), chart.is_log)
    yield text(_LEFT, 24, chart.title, weight="bold")
    yield from _axes(chart, x_axis, y_axis)
    for number, series in enumerate(chart.series):
        yield from _line(series, x_axis, y_axis)
        yield from _legend(series, _TOP + 8 + number * _LEGEND_LINE)
    for series in chart.series:
        yield from _values(series, x_axis, y_axis)
    for series in chart.series:
        for x, y in series.points:
            yield dot(x_axis.place(x), y_axis.place(y), colour(series.look))


def _decades(values: Sequence[float]) -> tuple[float, ...]:
    """The powers of ten around positive values, two at least."""
    first = math.floor(math.log10(min(values, default=1.0)))
    last = max(first + 1, math.ceil(math.log10(max(values, default=1.0))))
    return tuple(10.0**power for power in range(first, last + 1))


def even_steps(values: Sequence[float]) -> tuple[float, ...]:
    """Round numbers from 0 to the greatest value."""
    most = max([*values, 1.0])
    power = 10.0 ** math.floor(math.log10(most / _STEPS))
    step = next(n * power for n in _STEP_LENGTHS if n * power * _STEPS >= most * 0.999)
    return tuple(step * n for n in range(math.ceil(most * 0.999 / step) + 1))


def _number(value: float) -> str:
    """12.34 as 12.3, 1234.5 as 1,234."""
    return f"{value:,.0f}" if value >= _PLAIN_MIN else f"{value:.3g}"


def _axes(chart: Chart, x_axis: _Axis, y_axis: _Axis) -> Iterator[str]:
    left, right, bottom, top = _LEFT, _WIDTH - _RIGHT, y_axis.first, y_axis.last
    for value in y_axis.between():
        yield line(left, y_axis.place(value), right, y_axis.place(value), FINE_GRID)
    for value in x_axis.between():
        yield line(x_axis.place(value), top, x_axis.place(value), bottom, FINE_GRID)
    for tick in y_axis.ticks:
        y = y_axis.place(tick)
        yield line(left, y, right, y, GRID)
        yield text(left - 8, y + 4, _number(tick), anchor="end")
    for tick in x_axis.ticks:
        x = x_axis.place(tick)
        yield line(x, top, x, bottom, GRID)
        yield text(x, bottom + 18, _number(tick), anchor="middle")
    yield line(left, bottom, right, bottom, AXIS)
    yield line(left, top, left, bottom, AXIS)
    yield text((left + right) / 2, bottom + 40, chart.x_words, anchor="middle")
    yield text_upward(left - 60, (top + bottom) / 2, chart.y_words)


def _line(series: Series, x_axis: _Axis, y_axis: _Axis) -> Iterator[str]:
    places = [f"{x_axis.place(x):.1f} {y_axis.place(y):.1f}" for x, y in series.points]
    if len(places) > 1:
        yield f'<path d="M{" L".join(places)}" {stroke(series.look)}/>'


def _values(series: Series, x_axis: _Axis, y_axis: _Axis) -> Iterator[str]:
    """From the last one on."""
    last_x, last_y = math.inf, math.inf
    for x_value, y_value in reversed(series.points if series.values else ()):
        x, y = x_axis.place(x_value), y_axis.place(y_value) + int(series.values or 0)
        if last_x - x < _VALUE_WIDTH and abs(last_y - y) < _VALUE_HEIGHT:
            continue
        shown = f"{y_value:.1f}" if y_value < _PLAIN_MIN else _number(y_value)
        yield label(x, y, shown, colour(series.look))
        last_x, last_y = x, y


def _legend(series: Series, y: float) -> Iterator[str]:
    x = _WIDTH - _RIGHT + 16
    yield f'<path d="M{x} {y} h28" {stroke(series.look)}/>'
    yield dot(x + 14, y, colour(series.look))
    yield text(x + 36, y + 4, series.name)
