from __future__ import annotations

from fuzzverse.bench.timeline import Isolated, Round, Shape, TimelineCost
from fuzzverse.report.costs import charts


def cost(state_mb: int, pages: int, rewind_us: float, *, is_random: bool = False) -> TimelineCost:
    isolated = Isolated(rewind_us, rewind_us, rewind_us)
    fork = Isolated(300.0 * state_mb, 1.0, 1.0)
    shape = Shape(state_mb, pages, is_random)
    return TimelineCost("timeline", shape, 1.0, (Round(200.0 * state_mb, fork, isolated),))


COSTS = (
    cost(10, 20, 13.0),
    cost(1, 20, 12.0),
    cost(100, 20, 14.0),
    cost(1, 20, 90.0, is_random=True),
    cost(10, 20, 99.0, is_random=True),
    cost(10, 320, 80.0),
    cost(10, 0, 9.0),
)


def test_one_panel_is_by_size_and_one_by_pages() -> None:
    by_size, by_pages = charts(COSTS)
    assert by_size.is_log
    assert {one.name: one.points for one in by_size.series} == {
        "bare fork": ((1.0, 200.0), (10.0, 2_000.0), (100.0, 20_000.0)),
        "fork isolation": ((1.0, 300.0), (10.0, 3_000.0), (100.0, 30_000.0)),
        "rewound, random pages": ((1.0, 90.0), (10.0, 99.0)),
        "rewound, the same pages": ((1.0, 12.0), (10.0, 13.0), (100.0, 14.0)),
    }
    assert not by_pages.is_log
    assert [one.points for one in by_pages.series] == [((0.0, 9.0), (20.0, 13.0), (320.0, 80.0))]
    assert "20 pages" in by_size.title
    assert "10 MB" in by_pages.title


def test_targets_without_a_shape_are_not_drawn() -> None:
    other = TimelineCost("./mine", None, 1.0, COSTS[0].rounds)
    assert charts([other]) == ()
    assert charts([other, *COSTS]) == charts(COSTS)


def test_random_pages_alone_have_no_panel_by_pages() -> None:
    (by_size,) = charts([cost(1, 20, 90.0, is_random=True)])
    assert by_size.is_log
