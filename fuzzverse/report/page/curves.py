"""Coverage and discoveries over time, and over timelines, as small SVG charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse.chronicle import Chronicle, Point
from fuzzverse.dossier import Dossier
from fuzzverse.estimate import unseen
from fuzzverse.report.chart import even_steps
from fuzzverse.report.page.markup import Markup, join, note, section, tag
from fuzzverse.report.text import count

_WIDTH: Final = 420
_HEIGHT: Final = 210
_LEFT: Final = 52
_RIGHT: Final = 14
_TOP: Final = 12
_BOTTOM: Final = 28
_MINUTE: Final = 60
_HOUR: Final = 3_600
_THOUSAND: Final = 1_000
_SIZES: Final = ((10**9, "G"), (10**6, "M"), (10**3, "k"))
_TIMES: Final = (
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    14_400,
    43_200,
)
_TICKS_MAX: Final = 5
# Fewer on an axis would have fractions between them.
_BUGS_MIN: Final = 5
_BEGINNING: Final = Point(0.0, 0, 0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: its name, its points (x and y, by x), and its look: a class of the style. The legend
    has its last value, when that `is_told`."""

    name: str
    points: tuple[tuple[float, float], ...]
    look: str
    is_told: bool = True


def render(dossier: Dossier) -> Markup:
    """Four charts, each over time and over timelines; two radio buttons say which are shown."""
    told = dossier.chronicle
    if not told.points:
        return section("curves", "Over time", note("No moment of this campaign was kept."))
    switches = []
    for name, words in (("time", "over time"), ("timelines", "over timelines")):
        at = f"over-{name}"
        chosen = name == "time"
        switches.append(tag("input", type="radio", name="over", id=at, checked=chosen))
        switches.append(tag("label", words, for_=at))
    return section(
        "curves",
        "Coverage and discoveries",
        *switches,
        tag("div", *_charts(told, _seconds, clock), class_="over time"),
        tag("div", *_charts(told, _timelines, short), class_="over timelines"),
        note(
            "What is left is estimated from features that one or two timelines had (Chao1): at "
            "least so many more are reachable. A search is no random sample: take it as a guess."
        ),
    )


def _seconds(point: Point) -> float:
    return point.seconds


def _timelines(point: Point) -> float:
    return float(point.timelines)


def _charts(
    told: Chronicle, x: Callable[[Point], float], words: Callable[[float], str]
) -> list[Markup]:
    def curve(name: str, look: str, y: Callable[[Point], float | None]) -> Line:
        pairs = ((x(point), y(point)) for point in (_BEGINNING, *told.points))
        return Line(name, tuple((a, b) for a, b in pairs if b is not None), look)

    total = float(told.campaign.edges_total)
    bugs = max(_BUGS_MIN, *(point.bugs for point in told.points))
    return [
        chart(
            "Features",
            [
                curve("found", "a", lambda p: p.features),
                curve("with what is left", "b", _reachable),
            ],
            words,
        ),
        chart(
            "Edges",
            [curve("found", "a", lambda p: p.edges), curve("in the target", "c", lambda p: total)],
            words,
        ),
        chart(
            "Discoveries",
            [curve("states", "a", lambda p: p.states), curve("inputs", "d", lambda p: p.corpus)],
            words,
        ),
        chart("Bugs", [curve("kinds of bugs", "e", lambda p: p.bugs)], words, float(bugs)),
    ]


def _reachable(point: Point) -> float | None:
    if point.once is None or point.twice is None:
        return None
    return point.features + unseen(point.once, point.twice)


def chart(
    title: str, curves: Sequence[Line], words: Callable[[float], str], y_max: float | None = None
) -> Markup:
    """A chart with a legend above; `words` writes the numbers on the x axis."""
    drawn = [curve for curve in curves if curve.points]
    xs = [x for curve in drawn for x, _ in curve.points]
    ys = [y for curve in drawn for _, y in curve.points]
    x_ticks, y_ticks = _x_ticks(max([*xs, 0.0]), words), even_steps([y_max] if y_max else ys)
    place = _Places(max([*xs, x_ticks[-1]]), y_ticks[-1])
    parts = [*_grid(place, x_ticks, y_ticks, words), *(_curve(one, place) for one in drawn)]
    legend = join(tag("span", tag("i", class_=f"key {one.look}"), _legend(one)) for one in drawn)
    picture = tag(
        "svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=title
    )  # fmt: skip
    caption = tag("figcaption", tag("b", title), legend)
    return tag("figure", caption, picture)


def _legend(curve: Line) -> str:
    return f"{curve.name} {short(curve.points[-1][1])}" if curve.is_told else curve.name


@dataclass(frozen=True, slots=True)
class _Places:
    """Where values lie in a chart."""

    x_max: float
    y_max: float

    def x(self, value: float) -> float:
        return _LEFT + value / (self.x_max or 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / (self.y_max or 1) * (_HEIGHT - _TOP - _BOTTOM)


def _grid(
    place: _Places,
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
    words: Callable[[float], str],
) -> list[Markup]:
    parts = []
    for tick in y_ticks:
        y = round(place.y(tick), 1)
        parts.append(tag("path", d=f"M{_LEFT} {y}H{_WIDTH - _RIGHT}", class_="grid"))
        parts.append(tag("text", short(tick), x=_LEFT - 6, y=y + 4, class_="end"))
    for tick in x_ticks:
        x = round(place.x(tick), 1)
        look = "start" if tick == 0 else "end" if x > _WIDTH - 40 else "middle"
        parts.append(tag("text", words(tick), x=x, y=_HEIGHT - 8, class_=look))
    return parts


def _curve(curve: Line, place: _Places) -> Markup:
    points = [f"{place.x(x):.1f} {place.y(y):.1f}" for x, y in curve.points]
    if len(points) == 1:
        points.append(points[0])
    return tag("path", d=f"M{'L'.join(points)}", class_=f"curve {curve.look}")


def _x_ticks(most: float, words: Callable[[float], str]) -> tuple[float, ...]:
    if words is not clock:
        return tuple(tick for tick in even_steps([most]) if tick <= most * 1.001)
    step = next((s for s in _TIMES if s * _TICKS_MAX >= most), max(1.0, most / _TICKS_MAX))
    return tuple(float(step * i) for i in range(int(most / step) + 1))


def clock(seconds: float) -> str:
    """Seconds on an axis: 0, 5 s, 2 min, 1.5 h."""
    for size, name in ((_HOUR, "h"), (_MINUTE, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds:.2g} s" if seconds else "0"


def short(value: float) -> str:
    """12345 as 12.3k, 2500000 as 2.5M."""
    if value < 10 * _THOUSAND:
        return f"{value:,.4g}" if value < _THOUSAND else count(round(value))
    size, name = next(one for one in _SIZES if value >= one[0])
    return f"{value / size:.3g}{name}"
