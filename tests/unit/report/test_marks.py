from __future__ import annotations

from collections.abc import Callable

from fuzzverse.model import MarkTally
from fuzzverse.report import marks


def test_what_needs_attention_comes_first(tallies: tuple[MarkTally, ...]) -> None:
    states = [marks.state(tally) for tally in marks.in_order(tallies)]
    assert states == ["FAILED", "NEVER", "NEVER", "NEVER", "ok", "ok", "idle"]


def test_the_table(tallies: tuple[MarkTally, ...], golden: Callable[[str, str], None]) -> None:
    golden("marks.txt", marks.render(tallies) + "\n")


def test_a_target_without_marks_is_told_about_them() -> None:
    assert "FV_SOMETIMES" in marks.render(())


def test_values_tell_the_same_as_the_table(tallies: tuple[MarkTally, ...]) -> None:
    for tally in tallies:
        values = marks.values(tally)
        assert values["state"] == marks.state(tally).lower()
        assert values["message"] == tally.mark.message
