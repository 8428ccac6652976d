from __future__ import annotations

from collections.abc import Callable

import pytest

from fuzzverse.model import Totals
from fuzzverse.report import estimate as report

MakeTotals = Callable[..., Totals]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"timelines": 8_473, "once": 20, "twice": 4, "productive": 423},
            "next fresh: about 1 in 420 timelines (so far 1 in 20); at least 38 features left"
            " (estimate)",
        ),
        (
            {"timelines": 9_000, "once": 0, "twice": 4, "productive": 0},
            "next fresh: rarer than 1 in 9,000 timelines; hardly any features left (estimate)",
        ),
        (
            {"timelines": 100, "once": 2, "twice": 0, "productive": 50},
            "next fresh: about 1 in 50 timelines (so far 1 in 2); at least 1 feature left"
            " (estimate)",
        ),
        ({"timelines": 0}, "next fresh: no estimate yet"),
    ],
)
def test_the_line_says_how_rare_and_how_much(
    make_totals: MakeTotals, changes: dict[str, int], words: str
) -> None:
    assert report.render(make_totals(**changes)) == words


def test_odds_are_short(make_totals: MakeTotals) -> None:
    assert report.odds(make_totals(timelines=8_473, once=20)) == "1/420"
    assert report.odds(make_totals(timelines=8_473, once=0)) == "<1/8473"
    assert report.odds(make_totals(timelines=0)) == "-"


def test_values_are_null_before_there_is_an_estimate(make_totals: MakeTotals) -> None:
    totals = make_totals(timelines=100, once=2, twice=0, features=99)
    assert report.values(totals) == {"fresh_chance": 0.02, "features_left": 1.0, "reached": 0.99}
    assert set(report.values(make_totals(timelines=0)).values()) == {None}
