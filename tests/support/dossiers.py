"""Dossiers for the tests of reports: one of a plausible campaign, one of a hostile target."""

from __future__ import annotations

import json
from dataclasses import replace

from fuzzverse.chronicle import Campaign, Chronicle, Frontier, Point, Sighting, Way
from fuzzverse.dossier import Change, Dossier, Exhibit, Finding, Likelihood
from fuzzverse.model import Compare, Effort, Mark, MarkKind, MarkTally, StateTally, Verdict
from fuzzverse.multiverse import grow
from fuzzverse.outcome import Bug
from fuzzverse.sources import FileLines, FunctionLines, Sources

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m&\u202e\"'"
CAMPAIGN = Campaign(
    id=2,
    target="dungeon",
    build_id="0123456789abcdef",
    strategy="frontier",
    seed="1",
    policy='{"jobs": 2, "strategy": "frontier", "timelines": 12345}',
    started=1_764_000_000.0,
    seconds=2.5,
    stopped="timelines",
    timelines=12_345,
    roots=300,
    draws=1_500_000,
    features=512,
    edges_found=98,
    edges_total=123,
    digest="0000000000abcdef",
    states=70,
    once=12,
    twice=5,
    isolation="rewind",
    unfit="",
    checked=12,
)
NUMERIC = Mark(1, MarkKind.ALWAYS_NUMERIC, Compare.GE, "health is not negative", "hero.c", 40)
TALLIES = (
    MarkTally(
        Mark(0, MarkKind.SOMETIMES, Compare.NONE, "found the key", "dungeon.c", 61),
        *(40, 12_000, None, 0, 0, 0, 17),
    ),
    MarkTally(NUMERIC, *(9_000, 2, -3, 0, 0, 0, 1)),
    MarkTally(
        Mark(2, MarkKind.REACHABLE, Compare.NONE, "the treasure", "dungeon.c", 99),
        *(0, 0, None, 0, 0, 0, None),
    ),
    MarkTally(
        Mark(3, MarkKind.UNREACHABLE, Compare.NONE, "below the last floor", "dungeon.c", 101),
        *(0, 0, None, 0, 0, 0, None),
    ),
)
WHY = Likelihood(
    draws=300,
    points=((0, 0.01), (150, 0.2), (299, 1.0)),
    decision=151,
    place="open in /far/dungeon.c:70:3",
    words="a draw answered 0",
    telling=((1.0, 0.02, "passes: the door is open at dungeon.c:70"),),
)


def sighting(bucket: str, message: str, kind: str = "bug") -> Sighting:
    """A bucket as the archive has it."""
    return Sighting(bucket, kind, message, "42", "151@8 -> 80@9", 300, 45, 12_300, 3, 3)


def exhibit(bucket: str, message: str, *, identity: str = "", stack: str = "") -> Exhibit:
    """What is kept of a bucket."""
    bug = Bug(
        bucket=bucket,
        verdict=Verdict.ASSERTION,
        kind="bug",
        message=message,
        identity=identity or f"fv_bug {message}",
        root=42,
        recipe="0@plain -> 14=0",
        segments=2,
        draws=30,
        sightings=45,
        first_timeline=12_300,
        reproduced=3,
        replays=3,
        command=f"fuzzverse replay dungeon --bug {bucket} --out o",
        is_minimized=True,
    )
    return Exhibit(bug, "draw 14\nthe end\n", 70_000, stack, WHY)


def plausible() -> Dossier:
    """One new bug of a mark, one ongoing crash, one that is gone."""
    broken = sighting("health-is-not-negative-aa", "health is not negative: -3", "always_numeric")
    crash = sighting("sigsegv-bb", "killed by SIGSEGV", "sigsegv")
    gone = sighting("lost-cc", "the hero is lost")
    identity = f"{NUMERIC.kind.name} {NUMERIC.message} {NUMERIC.file}:{NUMERIC.line}"
    told = Chronicle(
        campaign=CAMPAIGN,
        previous=CAMPAIGN,
        bugs=(broken, crash),
        bugs_before=(crash, gone),
        tallies=TALLIES,
        tallies_before=TALLIES,
        points=tuple(
            Point(n / 2, 2_000 * n, 100 * n, 20 * n, 9 * n, n // 3, 14 * n, 30 - n, n)
            for n in range(1, 6)
        ),
        makers=(("splice", 600, 6), ("reseed", 300, 9)),
        ways=(
            Way("42", "151@8 -> 80@9", 12_300, 300, broken.bucket),
            Way("42", "151@8", 100, 200),
            Way("7", "", 1, 90),
        ),
        entry_count=2,
        frontier=Frontier(
            states=(
                StateTally(0, "passed", 20, 400, 9, True),
                StateTally(1, "x=1", 5, 3, 0, False),
            ),
            by_tries=(1, 1, 0, 0, 0, 1, 0),
            efforts=(Effort(0, 2, 403, 9), Effort(None, 7, 100, 0)),
        ),
        edges=None,
    )
    return Dossier(
        out="o",
        is_running=False,
        chronicle=told,
        findings=(
            Finding(Change.NEW, broken, exhibit(broken.bucket, broken.message, identity=identity)),
            Finding(
                Change.ONGOING,
                crash,
                exhibit(crash.bucket, crash.message, stack="    at strike in hero.c:12\n"),
            ),
            Finding(Change.GONE, gone, None),
        ),
        tree=grow(told.ways),
        sources=Sources(
            (FileLines("game/hero.c", (FunctionLines("strike", 10, 4, (11, 12)),)),), 3
        ),
    )


def hostile() -> Dossier:
    """Whatever a target or an archive may name is an attack."""
    dossier = plausible()
    told = dossier.chronicle
    tallies = tuple(
        replace(tally, mark=replace(tally.mark, message=HOSTILE, file=HOSTILE))
        for tally in told.tallies
    )
    seen = replace(sighting("b-1", HOSTILE), kind=HOSTILE, recipe=HOSTILE, root=HOSTILE)
    shown = exhibit("b-1", HOSTILE, stack=HOSTILE)
    bug = replace(shown.bug, command=HOSTILE, recipe=HOSTILE)
    assert shown.why is not None
    why = replace(shown.why, words=HOSTILE, place=HOSTILE, telling=((0.5, 0.1, HOSTILE),))
    ways = (Way(HOSTILE, HOSTILE, 1, 2, HOSTILE), Way("1", f"{HOSTILE} -> 2@2", 1, 2))
    campaign = replace(
        told.campaign, target=HOSTILE, build_id=HOSTILE, policy=json.dumps({HOSTILE: HOSTILE}),
        unfit=HOSTILE, digest=HOSTILE, seed=HOSTILE, strategy=HOSTILE,
    )  # fmt: skip
    frontier = replace(
        told.frontier, states=tuple(replace(s, keys=HOSTILE) for s in told.frontier.states)
    )
    return Dossier(
        out=HOSTILE,
        is_running=False,
        chronicle=replace(
            told, campaign=campaign, tallies=tallies, ways=ways, frontier=frontier,
            makers=((HOSTILE, 1, 1),),
        ),
        findings=(Finding(Change.NEW, seen, replace(shown, bug=bug, log=HOSTILE, why=why)),),
        tree=grow(ways),
        sources=Sources((FileLines(HOSTILE, (FunctionLines(HOSTILE, 1, 2, (1,)),)),)),
    )  # fmt: skip
