"""Makers of values: every field has a plausible default, and tests name the ones that matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.model import (
    Compare,
    Isolation,
    Maker,
    Mark,
    MarkKind,
    MarkTally,
    Policy,
    Recipe,
    Replay,
    Segment,
    Target,
    TimelineRecord,
    Totals,
    Verdict,
)
from fuzzverse.outcome import Bug, Snapshot, StopReason, Summary

MARKS = (
    Mark(0, MarkKind.ALWAYS, Compare.NONE, "health is positive", "dungeon.c", 40),
    Mark(1, MarkKind.SOMETIMES, Compare.NONE, "found the key", "dungeon.c", 61),
    Mark(2, MarkKind.SOMETIMES_NUMERIC, Compare.GE, "deep", "dungeon.c", 70),
    Mark(3, MarkKind.SOMETIMES_ALL, Compare.NONE, "leader and synced", "dungeon.c", 80),
    Mark(4, MarkKind.SOMETIMES_EACH, Compare.NONE, "floor", "dungeon.c", 90),
    Mark(5, MarkKind.REACHABLE, Compare.NONE, "the \x1b[31mtreasure", "dungeon.c", 99),
    Mark(6, MarkKind.UNREACHABLE, Compare.NONE, "below the last floor", "dungeon.c", 101),
)
RECIPE = Recipe.of(42, Segment(151, 8_837_201), Segment(80, 1_293_847))


@pytest.fixture
def target() -> Target:
    return Target(
        path=Path("/nowhere/dungeon"),
        name="dungeon",
        abi=1,
        build_id="0123456789abcdef",
        edges=123,
        modules=(123,),
        marks=MARKS,
        sanitizer="",
        fixed_addresses=True,
    )


@pytest.fixture
def make_record() -> Callable[..., TimelineRecord]:
    base = TimelineRecord(
        ordinal=12_345,
        verdict=Verdict.ASSERTION,
        signal=0,
        exit_code=0,
        mark=None,
        message="treasure on floor 8",
        identity="fv_bug treasure on floor %d",
        recipe=RECIPE,
        draws=300,
        fresh=0,
        digest=7,
    )
    return lambda **changes: replace(base, **changes)


@pytest.fixture
def make_replay() -> Callable[..., Replay]:
    base = Replay(
        verdict=Verdict.ASSERTION,
        signal=0,
        exit_code=77,
        mark=None,
        message="treasure on floor 8",
        identity="fv_bug treasure on floor %d",
        draws=300,
        digest=0xFEED,
        address=0,
        passes=(3, 1, 0, 0, 0, 0, 0),
        failures=(0, 0, 2, 0, 0, 0, 0),
    )
    return lambda **changes: replace(base, **changes)


@pytest.fixture
def make_totals() -> Callable[..., Totals]:
    base = Totals(
        timelines=12_345,
        roots=3,
        splitpoints=88,
        draws=1_500_000,
        verdicts=(12_300, 45, 0, 0, 0, 0, 0, 0),
        features=512,
        edges_found=98,
        edges_total=123,
        buckets=64,
        alive=3,
        energy=17_000,
        productive=120,
        fork_failures=0,
        overflows=0,
        worker_deaths=0,
        stable_roots=0,
        digest=0xABCDEF,
        states=70,
        places=75,
        nodes=60,
        once=12,
        twice=5,
        unreached=0,
        isolation=Isolation.REWIND,
        parted=0,
        parted_by="",
        checked=12,
        runners=2,
        jobs_forked=0,
        makers=tuple((100 * i, i) for i in range(len(Maker))),
    )
    return lambda **changes: replace(base, **changes)


@pytest.fixture
def tallies() -> tuple[MarkTally, ...]:
    """Each state a mark can be in, in the order of MARKS."""
    told = ((9_000, 2), (40, 12_000), (0, 100), (0, 5), (12_345, 0), (0, 0), (0, 0))
    return tuple(
        MarkTally(
            mark=mark,
            passes=passes,
            failures=failures,
            watermark=-3 if mark.kind is MarkKind.SOMETIMES_NUMERIC else None,
            width=1 if mark.kind is MarkKind.SOMETIMES_ALL else 0,
            condition_count=2 if mark.kind is MarkKind.SOMETIMES_ALL else 0,
            bucket_count=64 if mark.kind is MarkKind.SOMETIMES_EACH else 0,
            first_timeline=17 if passes else None,
        )
        for mark, (passes, failures) in zip(MARKS, told, strict=True)
    )


@pytest.fixture
def make_bug() -> Callable[..., Bug]:
    base = Bug(
        bucket="treasure-on-floor-d-1f00ba2c",
        verdict=Verdict.ASSERTION,
        kind="bug",
        message="treasure on floor 8",
        identity="fv_bug treasure on floor %d",
        root=42,
        recipe="151@8837201 -> 80@1293847",
        segments=2,
        draws=300,
        sightings=45,
        first_timeline=12_300,
        reproduced=3,
        replays=3,
        command="fuzzverse replay dungeon --bug treasure-on-floor-d-1f00ba2c --out o",
    )
    return lambda **changes: replace(base, **changes)


@pytest.fixture
def make_snapshot(
    make_totals: Callable[..., Totals], tallies: tuple[MarkTally, ...]
) -> Callable[..., Snapshot]:
    base = Snapshot(
        seconds=2.5,
        last_discovery=2.0,
        totals=make_totals(),
        tallies=tallies,
        bugs=(),
        corpus=120,
        policy=Policy(),
        unfit="",
    )
    return lambda **changes: replace(base, **changes)


@pytest.fixture
def make_summary(
    make_totals: Callable[..., Totals],
    make_bug: Callable[..., Bug],
    tallies: tuple[MarkTally, ...],
) -> Callable[..., Summary]:
    base = Summary(
        target="dungeon",
        build_id="0123456789abcdef",
        stopped=StopReason.BUG,
        seconds=2.5,
        bugs=(make_bug(),),
        tallies=tallies,
        totals=make_totals(),
        corpus=120,
        out="fuzzverse-out/dungeon",
        problems=("2 forks failed",),
        policy=Policy(),
        unfit="",
    )
    return lambda **changes: replace(base, **changes)
