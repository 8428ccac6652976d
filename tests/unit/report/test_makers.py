from __future__ import annotations

from collections.abc import Callable

from fuzzverse.model import Totals
from fuzzverse.report import makers as report

MakeTotals = Callable[..., Totals]
NOBODY = (0, 0)


def test_the_best_are_told_first(make_totals: MakeTotals) -> None:
    makers = (
        (6_000, 200),
        (1_000, 9),
        NOBODY,
        (1_000, 30),
        (900, 0),
        (50, 1),
        (1_050, 55),
        NOBODY,
        NOBODY,
    )
    assert report.render(make_totals(makers=makers)) == (
        "children of splitpoints 10,000: "
        "reseed 60 % (1 in 30 yielded), splice 10 % (1 in 19), nudge 10 % (1 in 33)"
    )


def test_many_children_may_yield_nothing(make_totals: MakeTotals) -> None:
    makers = ((40, 0), *(NOBODY,) * 8)
    words = "children of splitpoints 40: none yielded"
    assert report.render(make_totals(makers=makers)) == words


def test_strategies_that_make_no_children_tell_nothing(make_totals: MakeTotals) -> None:
    totals = make_totals(makers=(NOBODY,) * 9)
    assert report.render(totals) == ""
    assert report.values(totals) == {}


def test_values_have_names(make_totals: MakeTotals) -> None:
    makers = ((40, 2), *(NOBODY,) * 7, (3, 1))
    assert report.values(make_totals(makers=makers)) == {
        "reseed": {"tries": 40, "yields": 2},
        "repeat": {"tries": 3, "yields": 1},
    }
