from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.report.text import about, columns, count, duration, plural, printable


@given(st.text())
def test_foreign_words_stay_on_one_line_and_cannot_move_the_cursor(text: str) -> None:
    shown = printable(text, 50)
    assert shown.isprintable()
    assert len(shown) <= 50
    if text.isprintable() and len(text) <= 50:
        assert shown == text


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0.0 s"), (4.24, "4.2 s"), (59.9, "59 s"), (187, "3m 07s"), (7_500, "2h 05m")],
)
def test_durations_are_as_exact_as_they_need_be(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_numbers_have_separators_and_nouns_agree() -> None:
    assert count(1_234_567) == "1,234,567"
    assert [plural(n, "bug") for n in (0, 1, 2_000)] == ["0 bugs", "1 bug", "2,000 bugs"]


@pytest.mark.parametrize(
    ("number", "rounded"),
    [(0.4, 0), (1.4, 1), (19.6, 20), (99.6, 100), (423.7, 420), (995, 1_000), (87_654, 88_000)],
)
def test_estimates_have_two_digits(number: float, rounded: int) -> None:
    assert about(number) == rounded


@given(st.lists(st.tuples(*[st.text("abc ", max_size=9)] * 3), max_size=8))
def test_columns_begin_at_the_same_place_in_every_row(rows: list[tuple[str, str, str]]) -> None:
    lines = columns(rows).split("\n") if rows else []
    assert len(lines) == len(rows)
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
    for line, row in zip(lines, rows, strict=True):
        padded = line.ljust(sum(widths) + 4 + 9)
        assert padded[: widths[0]].rstrip() == row[0].rstrip()
        assert padded[widths[0] + 2 :][: widths[1]].rstrip() == row[1].rstrip()


def test_numbers_may_align_right() -> None:
    assert columns([("a", "1"), ("b", "100")], right=(1,)) == "a    1\nb  100"
    assert columns([]) == ""
