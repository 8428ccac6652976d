from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from fuzzverse.model import Isolation, Policy, Strategy, Totals
from fuzzverse.outcome import Bug, Snapshot
from fuzzverse.report.screen import Screen, render

MakeSnapshot = Callable[..., Snapshot]


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=110, height=30, force_terminal=True, color_system=None)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_whole_screen(
    console: Console,
    make_snapshot: MakeSnapshot,
    make_bug: Callable[..., Bug],
    golden: Callable[[str, str], None],
) -> None:
    moment = make_snapshot(bugs=tuple(make_bug(bucket=f"b-{number}") for number in range(6)))
    console.print(render("dungeon", moment, 8_123.4, 30))
    golden("screen.txt", "\n".join(line.rstrip() for line in text_of(console).splitlines()) + "\n")


def test_timelines_that_split_have_splits_and_energy(
    console: Console, make_snapshot: MakeSnapshot
) -> None:
    moment = make_snapshot(policy=Policy(strategy=Strategy.DEPTH_FIRST))
    console.print(render("dungeon", moment, 1.0, 30))
    assert "splitpoints 88" in text_of(console)
    assert "states 70" not in text_of(console)


def test_the_reason_of_a_fallback_stays_on_it(
    console: Console, make_snapshot: MakeSnapshot, make_totals: Callable[..., Totals]
) -> None:
    totals = make_totals(isolation=Isolation.FORK, checked=0)
    moment = make_snapshot(totals=totals, unfit="the target makes threads")
    console.print(render("dungeon", moment, 1.0, 30))
    assert "run under fork: the target makes threads" in text_of(console)
    assert "isolation rewind" not in text_of(console)


def test_it_fits_the_terminal(
    make_snapshot: MakeSnapshot, make_totals: Callable[..., Totals], make_bug: Callable[..., Bug]
) -> None:
    narrow = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    moment = make_snapshot(
        totals=make_totals(parted=9_000, parted_by="open", jobs_forked=3),
        bugs=tuple(make_bug(bucket=f"b-{number}") for number in range(6)),
    )
    narrow.print(render("dungeon", moment, 1.0, 24))
    assert len(text_of(narrow).splitlines()) <= 24


def test_a_low_terminal_shows_fewer_marks(console: Console, make_snapshot: MakeSnapshot) -> None:
    console.print(render("dungeon", make_snapshot(), 1.0, 10))
    assert "and 2 more" in text_of(console)


def test_a_narrow_terminal_cuts_words_not_numbers(make_snapshot: MakeSnapshot) -> None:
    narrow = Console(
        file=io.StringIO(), width=64, height=30, force_terminal=True, color_system=None
    )
    narrow.print(render("dungeon", make_snapshot(), 1.0, 30))
    lines = text_of(narrow).splitlines()
    assert all(len(line) <= 64 for line in lines)
    row = next(line for line in lines if "12,345" in line and "64 buckets" in line)
    assert row.startswith("ok ")
    assert "…" in row
    assert len([line for line in lines if line.startswith(("ok", "NEVER", "FAILED", "idle"))]) == 7


def test_it_is_redrawn_a_few_times_a_second(console: Console, make_snapshot: MakeSnapshot) -> None:
    with Screen("dungeon", console) as screen:
        for hundredth in range(1, 101):
            screen.moved(make_snapshot(seconds=hundredth / 100), [])
    assert text_of(console).count("last discovery") == pytest.approx(4, abs=1)


def test_bugs_and_warnings_stay_above_it(console: Console, make_bug: Callable[..., Bug]) -> None:
    with Screen("dungeon", console) as screen:
        screen.found(make_bug(message="[bold]no markup[/bold]"))
        screen.noted("a worker died")
    assert "[bold]no markup[/bold]" in text_of(console)
    assert "warning: a worker died" in text_of(console)
