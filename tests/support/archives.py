"""Archives that are made up: one as large as that of a long campaign, and old ones."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from fuzzverse.archive.migrations import MIGRATIONS
from fuzzverse.archive.writer import Archive, Entry, Start
from fuzzverse.model import (
    Compare,
    Effort,
    Isolation,
    Maker,
    Mark,
    MarkKind,
    MarkTally,
    Policy,
    StateTally,
    Survey,
    Totals,
    Verdict,
)
from fuzzverse.outcome import Bug, Snapshot, StopReason, Summary

TIMELINES = 10_000_000
STATES = 50_000
ENTRIES = 20_000
SECONDS = 3_600
MARKS = 400
BUGS = 120
STEPS_MAX = 120
OLD = """
    INSERT INTO campaigns (target, build_id, strategy, campaign_seed, policy, started, stopped,
        timelines) VALUES ('t', 'b', 'random', '1', '{}', 1.0, 'timelines', 9);
    INSERT INTO entries VALUES (1, 'aa', 7, '42', '1@2', 30, 4);
    INSERT INTO bugs (campaign, bucket, kind, message, root, recipe, draws, sightings,
        first_timeline, reproduced, replays)
        VALUES (1, 'old-1', 'bug', 'it breaks', '42', '3@4', 9, 1, 8, 3, 3);
    INSERT INTO marks (campaign, mark, kind, message, file, line, passes, failures)
        VALUES (1, 0, 'sometimes', 'it works', 't.c', 3, 5, 0);
    INSERT INTO curves (campaign, seconds, timelines, features, edges, splitpoints, corpus, bugs)
        VALUES (1, 0.5, 9, 8, 7, 6, 5, 4);
"""


def write_old(path: Path, version: int) -> None:
    """A campaign as the first version wrote it, in an archive of a later one."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE migrations (version INTEGER PRIMARY KEY)")
        for number, script in enumerate(MIGRATIONS[:version], 1):
            database.executescript(script)
            database.execute("INSERT INTO migrations VALUES (?)", (number,))
        database.executescript(OLD)


def write_large(path: Path) -> None:
    """Two campaigns of an hour: the later one as large as the constants say."""
    luck = random.Random(1)
    with Archive(path) as archive:
        for share in (0.1, 1.0):
            uid = f"{luck.getrandbits(128):032x}"
            campaign = archive.begin(Start("large", "b", "frontier", 1, "{}", 1e9, uid, "{}"))
            entries = list(_entries(luck, round(ENTRIES * share)))
            archive.add_entries(campaign, *entries)
            found = luck.sample(entries, round(BUGS * share))
            archive.put_bugs(campaign, *(_bug(n, entry) for n, entry in enumerate(found)))
            archive.put_marks(campaign, *map(_tally, range(MARKS)))
            for second in range(SECONDS):
                archive.add_point(campaign, _moment(second, share))
            survey = Survey(tuple(_states(luck)), Effort(None, 9_000, 10**6, 500), bytes(30_000))
            archive.put_survey(campaign, survey, "/nowhere/large", range(30_000))
            archive.end(campaign, _summary(share))


def _entries(luck: random.Random, count: int) -> Iterator[Entry]:
    """Timelines that part from earlier ones, as a search makes them."""
    ways: list[tuple[int, list[str]]] = []
    for n in range(count):
        if not ways or luck.random() < 0.01:
            root, steps = luck.getrandbits(64), list[str]()
        else:
            root, steps = ways[int(len(ways) * luck.random() ** 0.1)]
            cut = luck.randrange(9 * len(steps) // 10, len(steps) + 1)
            steps = [*steps[:cut], f"{luck.randrange(900)}@{luck.getrandbits(64)}"][:STEPS_MAX]
        ways.append((root, steps))
        ordinal = n * TIMELINES // ENTRIES
        yield Entry(f"{n:040x}", ordinal, root, " -> ".join(steps), 20 * len(steps) + 9, 3)


def _bug(number: int, entry: Entry) -> Bug:
    """One that was found behind an entry."""
    steps = [*filter(None, entry.recipe.split(" -> ")), f"7@{number}"]
    return Bug(
        bucket=f"bug-{number}",
        verdict=Verdict.ASSERTION,
        kind="bug",
        message=f"bug number {number}",
        identity="fv_bug",
        root=entry.root,
        recipe=" -> ".join(steps),
        segments=len(steps),
        draws=5_000,
        sightings=number + 1,
        first_timeline=number * 1_000,
        reproduced=3,
        replays=3,
        command=f"fuzzverse replay large --bug bug-{number}",
    )


def _tally(number: int) -> MarkTally:
    kind = MarkKind.SOMETIMES if number % 3 else MarkKind.SOMETIMES_EACH
    mark = Mark(number, kind, Compare.NONE, f"mark number {number}", "large.c", number + 1)
    return MarkTally(mark, number * 1_000, 7, None, 0, 0, STATES // MARKS, number or None)


def _states(luck: random.Random) -> Iterator[StateTally]:
    for number in range(STATES):
        tries = int(luck.paretovariate(0.7))
        mark = number % MARKS
        yield StateTally(mark, f"x={number} y={number % 97}", number, tries, tries // 9, True)


def _totals(share: float) -> Totals:
    return Totals(
        timelines=round(TIMELINES * share),
        roots=200_000,
        splitpoints=0,
        draws=10**10,
        verdicts=(0,) * len(Verdict),
        features=round(80_000 * share),
        edges_found=round(9_000 * share),
        edges_total=30_000,
        buckets=0,
        alive=0,
        energy=0,
        productive=ENTRIES,
        fork_failures=0,
        overflows=0,
        worker_deaths=0,
        stable_roots=0,
        digest=1,
        states=round(STATES * share),
        places=0,
        nodes=0,
        once=900,
        twice=400,
        unreached=0,
        isolation=Isolation.REWIND,
        parted=0,
        parted_by="",
        checked=10_000,
        runners=1,
        jobs_forked=0,
        makers=((1_000, 9),) * len(Maker),
    )


def _moment(second: int, share: float) -> Snapshot:
    totals = _totals(share * (second + 1) / SECONDS)
    return Snapshot(float(second), 0.0, totals, (), (), second * 5, Policy(), "")


def _summary(share: float) -> Summary:
    return Summary(
        target="large",
        build_id="b",
        stopped=StopReason.TIME,
        seconds=float(SECONDS),
        bugs=(),
        tallies=(),
        totals=_totals(share),
        corpus=ENTRIES,
        out="",
        problems=(),
        policy=Policy(),
        unfit="",
    )
