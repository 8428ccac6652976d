from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzverse.estimate import chance_fresh, features_left, reached_share
from fuzzverse.model import Totals

MakeTotals = Callable[..., Totals]


@pytest.mark.parametrize(
    ("timelines", "once", "chance"),
    [(8_400, 20, 1 / 420), (1_000, 0, 0.0), (4, 4, 1.0), (4, 9, 1.0)],
)
def test_fresh_is_as_likely_as_seen_once(
    make_totals: MakeTotals, timelines: int, once: int, chance: float
) -> None:
    assert chance_fresh(make_totals(timelines=timelines, once=once)) == pytest.approx(chance)


@pytest.mark.parametrize(
    ("once", "twice", "left"),
    # 12 * 11 / (2 * 6), 62 * 61 / (2 * 43), 10 * 9 / (2 * 1), and nothing from one alone
    [(12, 5, 11.0), (62, 42, 43.97674), (10, 0, 45.0), (1, 0, 0.0), (0, 7, 0.0)],
)
def test_much_that_was_seen_once_means_much_unseen(
    make_totals: MakeTotals, once: int, twice: int, left: float
) -> None:
    assert features_left(make_totals(once=once, twice=twice)) == pytest.approx(left)


def test_reached_is_a_share_of_found_and_left(make_totals: MakeTotals) -> None:
    totals = make_totals(features=99, once=12, twice=5)
    assert reached_share(totals) == pytest.approx(99 / 110)
    assert reached_share(make_totals(features=99, once=0)) == 1.0


@pytest.mark.parametrize("nothing", [{"timelines": 0}, {"roots": 0}])
def test_there_is_no_estimate_before_anything_was_counted(
    make_totals: MakeTotals, nothing: dict[str, int]
) -> None:
    totals = make_totals(**nothing)
    assert chance_fresh(totals) is None
    assert features_left(totals) is None
    assert reached_share(totals) is None


def test_no_feature_is_no_share(make_totals: MakeTotals) -> None:
    assert reached_share(make_totals(features=0, once=0, twice=0)) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(timelines=st.integers(1, 10**12), once=st.integers(0, 10**6), twice=st.integers(0, 10**6))
def test_chances_and_shares_lie_between_none_and_all(
    make_totals: MakeTotals, timelines: int, once: int, twice: int
) -> None:
    totals = make_totals(timelines=timelines, once=once, twice=twice, features=once + twice + 1)
    assert 0 <= (chance_fresh(totals) or 0) <= 1
    assert (features_left(totals) or 0) >= 0
    assert 0 < (reached_share(totals) or 0) <= 1
