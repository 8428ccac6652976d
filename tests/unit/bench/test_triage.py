from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.bench.triage import (
    Limits,
    Outcome,
    Reason,
    Search,
    Small,
    missed,
    namesakes,
    planted,
    shared,
)
from fuzzverse.catalogue import Catalogue
from fuzzverse.errors import UsageError
from fuzzverse.explain import Decision, Point
from fuzzverse.model import Verdict
from fuzzverse.outcome import Bug
from fuzzverse.targetfile import TargetFile, Variant
from fuzzverse.trace import Draw

LIMITS = Limits(segments=5, seconds=60.0, replays=100, buckets=9)
DECISION = Decision(Draw(3, "chance", 0, 100, said=True, places=()), Point(3, 6, 200),
                    Point(4, 110, 200), 1, 1)  # fmt: skip
SMALL = Small("7: 0@plain -> 3=0", 1, 1, 0, 40, 300, 900, 0.7, "")


def bug(bucket: str, first_timeline: int = 10) -> Bug:
    return Bug(bucket, Verdict.ASSERTION, "always", bucket, bucket, 7, "", 0, 300, 1,
               first_timeline, 3, 3, "fuzzverse replay")  # fmt: skip


def outcome(variant: str = "maze", *buckets: str) -> Outcome:
    bugs = tuple(map(bug, buckets or ("exit-1",)))
    search = Search(1, bugs[0], True, bugs, 11, 0.5)
    return Outcome(variant, (search,), SMALL, 100, Reason(DECISION, "maze.c:1", 500, 0.2))


def target(name: str, **variants: str) -> TargetFile:
    made = tuple(Variant(n.replace("_", "-"), expect=expect) for n, expect in variants.items())
    return TargetFile(Path(f"/{name}/target.toml"), name, "", "c", (), (), (), made)


CATALOGUE = Catalogue(
    (
        target("maze", maze="bug"),
        target("raft", raft="clean", raft_vote="bug", raft_read="bug"),
        target("leaky", leaky="clean"),
    )
)


def test_all_limits_are_kept() -> None:
    assert missed(outcome(), LIMITS) == []


def test_many_segments_are_well_when_no_pass_finds_a_simpler_one() -> None:
    assert missed(replace(outcome(), small=replace(SMALL, segments=40)), LIMITS) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            replace(outcome(), small=replace(SMALL, seconds=60.1)),
            ["minimising took 60.1 s (at most 60 s)"],
        ),
        (
            replace(outcome(), small=replace(SMALL, stopped="time is up")),
            ["minimising stopped: time is up"],
        ),
        (
            replace(outcome(), small=replace(SMALL, segments=6, stopped="time is up")),
            [
                "the recipe has 6 segments (at most 5), and passes were left out",
                "minimising stopped: time is up",
            ],
        ),
        (replace(outcome(), replayed=99), ["99 of 100 replays show the bug"]),
        (
            replace(outcome(), reason=Reason(None, "", 9, 0.1)),
            ["no draw is known whose change avoids the bug"],
        ),
        (
            replace(outcome(), problem="minimising stopped: time is up", small=None, replayed=None),
            ["minimising stopped: time is up"],
        ),
        (replace(outcome(), searches=()), ["no bug was found within the limits of the search"]),
    ],
)
def test_what_is_missed_is_said(found: Outcome, words: list[str]) -> None:
    assert missed(found, LIMITS) == words


def test_ten_buckets_are_too_many() -> None:
    names = [f"crash-{n}" for n in range(10)]
    assert missed(outcome("maze", *names[:9]), LIMITS) == []
    assert missed(outcome("maze", *names), LIMITS) == ["its bugs fill 10 buckets (at most 9)"]


def test_buckets_of_all_campaigns_count_once() -> None:
    bugs = (bug("b"), bug("c"))
    searches = (Search(1, bug("a"), True, (bug("a"), bug("b")), 11, 0.5),
                Search(2, bugs[0], True, bugs, 11, 0.5))  # fmt: skip
    assert list(Outcome("maze", searches).buckets) == ["a", "b", "c"]


def test_the_first_campaign_that_found_what_was_wanted_is_looked_into() -> None:
    nothing = Search(1, None, False, (), 50, 0.5)
    other = Search(2, bug("a"), False, (bug("a"),), 11, 0.5)
    wanted = Search(3, bug("b"), True, (bug("b"),), 11, 0.5)
    assert Outcome("maze", (nothing, other, wanted)).search == wanted
    assert Outcome("maze", (nothing, other)).search == other
    assert Outcome("maze", (nothing,)).search is None


def test_a_bucket_is_of_a_target() -> None:
    both = [outcome("gates", "passed-1", "odd-2"), outcome("gates-late", "passed-1")]
    assert namesakes(both) == {"passed-1": ["gates", "gates-late"]}
    assert shared(both) == []
    assert shared([both[0], both[0]]) == [("gates", "odd-2"), ("gates", "passed-1")]


def test_variants_are_named_alone_by_their_target_or_not_at_all() -> None:
    assert planted(CATALOGUE, ()) == ("maze", "raft-vote", "raft-read")
    assert planted(CATALOGUE, ("raft",)) == ("raft-vote", "raft-read")
    assert planted(CATALOGUE, ("raft-read", "maze", "raft")) == ("raft-read", "maze", "raft-vote")


def test_what_has_no_known_bug_is_refused() -> None:
    with pytest.raises(UsageError, match="leaky has no known bug; there are: maze, raft-vote"):
        planted(CATALOGUE, ("leaky",))
    with pytest.raises(UsageError, match="no target is called 'raft-vite'"):
        planted(CATALOGUE, ("raft-vite",))
