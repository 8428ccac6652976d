from __future__ import annotations

from collections.abc import Callable

import pytest

from fuzzverse.model import Discovery, Isolation, Policy, Recipe, Strategy, Totals
from fuzzverse.outcome import Bug, Snapshot
from fuzzverse.report.lines import Lines, render

MakeSnapshot = Callable[..., Snapshot]
KEY = Discovery(5, 1, "first pass", Recipe(7), 30)


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def lines(written: list[str]) -> Lines:
    return Lines(written.append, lambda: 41)


def test_a_line_reads_like_libfuzzers(make_snapshot: MakeSnapshot) -> None:
    assert render("NEW", make_snapshot(), 41, "found the key") == (
        "#12345\tNEW    cov: 98/123 ft: 512 corp: 120 states: 70 places: 75 fresh: 1/1000 "
        "iso: rewind exec/s: 4938 rss: 41Mb L: found the key"
    )


def test_timelines_that_split_have_splits_and_energy(make_snapshot: MakeSnapshot) -> None:
    moment = make_snapshot(policy=Policy(strategy=Strategy.DEPTH_FIRST))
    assert "corp: 120 alive: 3 split: 88 energy: 17000 fresh: 1/1000 " in render("NEW", moment, 41)


def test_mutation_has_a_corpus_alone(make_snapshot: MakeSnapshot) -> None:
    moment = make_snapshot(policy=Policy(strategy=Strategy.MUTATION))
    assert "corp: 120 fresh: 1/1000 " in render("NEW", moment, 41)


def test_a_flood_of_discoveries_is_a_line_now_and_then(
    lines: Lines, written: list[str], make_snapshot: MakeSnapshot
) -> None:
    for tenth in range(1, 21):
        now = tenth / 10
        lines.moved(make_snapshot(seconds=now, last_discovery=now), [KEY])
    assert len(written) == 4
    assert all("\tNEW " in line for line in written)
    assert written[0].endswith("L: found the key first pass")


def test_silence_is_told_with_a_pulse(
    lines: Lines, written: list[str], make_snapshot: MakeSnapshot
) -> None:
    for second in range(1, 31):
        lines.moved(make_snapshot(seconds=float(second), last_discovery=0.5), [])
    assert [line.split()[1] for line in written] == ["NEW", "pulse", "pulse"]


def test_bugs_and_warnings_come_at_once(
    lines: Lines, written: list[str], make_bug: Callable[..., Bug]
) -> None:
    lines.found(make_bug())
    lines.noted("timeline 3\x1b was lost")
    assert make_bug().command in written[0]
    assert written[1] == "warning: timeline 3  was lost"


def test_why_timelines_are_slow_is_told_once(
    lines: Lines,
    written: list[str],
    make_snapshot: MakeSnapshot,
    make_totals: Callable[..., Totals],
) -> None:
    parting = make_totals(parted=6_000, parted_by="open")
    for hundredth in range(1, 4):
        lines.moved(make_snapshot(seconds=hundredth / 100, totals=parting), [])
    forking = make_totals(isolation=Isolation.FORK)
    for hundredth in range(4, 7):
        moment = make_snapshot(seconds=hundredth / 100, totals=forking, unfit="it makes threads")
        lines.moved(moment, [])
    assert [line.split(":")[0] for line in written] == [
        "6,000 timelines (49 %) went on in a process of their own",
        "run under fork",
    ]


def test_a_leak_is_left_to_the_warning(
    lines: Lines, written: list[str], make_snapshot: MakeSnapshot
) -> None:
    lines.moved(make_snapshot(seconds=0.1, unfit="rewinding leaks: all over"), [])
    assert written == []
