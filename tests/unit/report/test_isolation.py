from __future__ import annotations

from collections.abc import Callable

import pytest

from fuzzverse.model import Isolation, IsolationChoice, Policy, Totals
from fuzzverse.report.isolation import asked, fallback, lines, parted, values

MakeTotals = Callable[..., Totals]
LEAK = "rewinding leaks: a fresh process differs at draw 7"


def test_what_was_asked_for_is_known_from_the_policy() -> None:
    for choice in IsolationChoice:
        must = choice is IsolationChoice.REWIND
        assert asked(Policy(isolation=choice.isolation, must_rewind=must)) is choice


def test_the_isolation_and_its_canaries_are_told(make_totals: MakeTotals) -> None:
    checked = "12 timelines checked by fresh processes: no difference"
    assert lines(make_totals(), "") == [f"isolation rewind; {checked}"]
    assert lines(make_totals(isolation=Isolation.FORK, checked=0), "") == ["isolation fork"]


def test_a_fallback_has_a_reason_on_one_line(make_totals: MakeTotals) -> None:
    why = "the target makes threads or processes (clone3)"
    totals = make_totals(isolation=Isolation.FORK, checked=0, jobs_forked=8)
    assert lines(totals, why) == [f"run under fork: {why}"]
    assert fallback("a\nb") == "run under fork: a b"


def test_after_a_leak_nothing_is_said_to_be_without_difference(make_totals: MakeTotals) -> None:
    assert lines(make_totals(isolation=Isolation.FORK), LEAK) == [f"run under fork: {LEAK}"]


@pytest.mark.parametrize(
    ("count", "call", "words"),
    [
        (0, "", ""),
        (123, "open", ""),
        (124, "open", "124 timelines (1 %) went on in a process of their own: the target calls"),
        (6_000, "mmap", "6,000 timelines (49 %) went on in a process of their own: the target"),
        (99_999, "mmap", "12,345 timelines (100 %) went on in a process of their own"),
        (6_000, "open", "the target calls open()"),
        (6_000, "system call 999", "the target makes system call 999"),
    ],
)
def test_timelines_that_part_are_told_when_they_matter(
    make_totals: MakeTotals, count: int, call: str, words: str
) -> None:
    told = parted(make_totals(parted=count, parted_by=call))
    assert words in told
    assert bool(words) == bool(told)


def test_of_few_timelines_no_share_is_told(make_totals: MakeTotals) -> None:
    assert parted(make_totals(timelines=99, parted=99, parted_by="open")) == ""


def test_jobs_that_began_again_are_told(make_totals: MakeTotals) -> None:
    assert lines(make_totals(checked=0, jobs_forked=1), "")[1].startswith(
        "1 job began again under fork: a deadline"
    )


def test_values_tell_what_was_asked_and_what_was_used(make_totals: MakeTotals) -> None:
    told = values(Policy(), make_totals(isolation=Isolation.FORK, parted=3), LEAK)
    assert (told["asked"], told["used"], told["why"], told["leak"]) == ("auto", "fork", LEAK, True)
    assert (told["parted"], told["checked"]) == (3, 12)
