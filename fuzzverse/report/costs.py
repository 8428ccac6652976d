"""The plot of what a timeline costs: by the size of the process, and by the pages it writes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from fuzzverse.bench.timeline import Shape, TimelineCost
from fuzzverse.report.chart import Chart, Series, Side

_MICROSECONDS: Final = "microseconds a timeline"

Figure = Callable[[TimelineCost], float]


def _rewind_us(cost: TimelineCost) -> float:
    return cost.rewind_us


def charts(costs: Sequence[TimelineCost]) -> tuple[Chart, ...]:
    """Two panels, of the targets whose shape is known; one without points is left out."""
    shaped = [(cost.shape, cost) for cost in costs if cost.shape is not None]
    both = (_by_size(shaped), _by_pages(shaped))
    return tuple(one for one in both if any(series.points for series in one.series))


def _commonest(values: Iterable[int]) -> int:
    """0 when there are none."""
    return next((value for value, _ in Counter(values).most_common(1)), 0)


def _by_size(shaped: Sequence[tuple[Shape, TimelineCost]]) -> Chart:
    pages = _commonest(shape.dirty_pages for shape, _ in shaped)

    def points(figure: Figure, *, is_random: bool) -> tuple[tuple[float, float], ...]:
        wanted = (pages, is_random)
        found = [(s.state_mb, c) for s, c in shaped if (s.dirty_pages, s.is_random) == wanted]
        return tuple(sorted((float(size), figure(cost)) for size, cost in found))

    return Chart(
        title=f"A timeline that writes to {pages} pages, by the size of its process",
        x_words="size of the process, MB",
        y_words=_MICROSECONDS,
        series=(
            Series("fork isolation", points(lambda one: one.fork_us, is_random=False), 1),
            Series("bare fork", points(lambda one: one.bare_us, is_random=False), 6, Side.BELOW),
            Series("rewound, random pages", points(_rewind_us, is_random=True), 2, Side.ABOVE),
            Series("rewound, the same pages", points(_rewind_us, is_random=False), 0, Side.BELOW),
        ),
        is_log=True,
    )


def _by_pages(shaped: Sequence[tuple[Shape, TimelineCost]]) -> Chart:
    usual = [(shape, cost) for shape, cost in shaped if not shape.is_random]
    size = _commonest(shape.state_mb for shape, _ in usual)
    points = (
        (float(shape.dirty_pages), _rewind_us(cost))
        for shape, cost in usual
        if shape.state_mb == size
    )
    return Chart(
        title=f"A rewound timeline in a process of {size} MB, by the pages that it writes to",
        x_words="pages written to",
        y_words=_MICROSECONDS,
        series=(Series("rewound, the same pages", tuple(sorted(points)), 0, Side.BELOW),),
        is_log=False,
    )
