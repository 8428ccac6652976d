from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.archive.queries import bugs_across, kept_bug, open_existing, properties
from fuzzverse.errors import UsageError
from fuzzverse.outcome import Bug
from fuzzverse.rebuild import parse


def test_bugs_across_campaigns(
    make_archive: Callable[..., Path], make_bug: Callable[..., Bug]
) -> None:
    old = make_bug(bucket="old-1", sightings=1)
    new = make_bug(bucket="new-2", sightings=10, first_timeline=7, reproduced=3)
    flaky = replace(new, sightings=5, reproduced=2, first_timeline=9)
    path = make_archive(
        ("b1", [old]), ("b2", []), ("b3", []), ("b3", [new]), ("b4", [flaky, old]), ("b5", [])
    )
    with open_existing(str(path)) as database:
        first, second = bugs_across(database)
    assert (first.bucket, first.bad_build, first.good_build) == ("old-1", "b1", "")
    assert (first.campaigns, first.sightings, first.is_flaky) == (2, 2, False)
    # b3 is no good build: it was only lucky at first.
    assert (second.bucket, second.bad_build, second.good_build) == ("new-2", "b3", "b2")
    assert (second.timeline, second.sightings, second.is_flaky) == (7, 15, True)
    assert (second.reproduced, second.replays) == (5, 6)
    assert second.last - second.first == 86_400.0


def test_builds_of_other_targets_are_no_good_builds(
    make_archive: Callable[..., Path], make_bug: Callable[..., Bug]
) -> None:
    make_archive(("other", []), target="maze")
    path = make_archive(("b1", [make_bug()]))
    with open_existing(str(path.parent)) as database:
        (bug,) = bugs_across(database)
    assert (bug.target, bug.good_build) == ("dungeon", "")


def test_what_became_of_a_property(make_archive: Callable[..., Path]) -> None:
    path = make_archive(("b1", []), ("b2", []))
    with open_existing(str(path)) as database:
        deep = properties(database, "dee")
        every = properties(database, "")
        assert properties(database, "%") == ()
    assert [(one.build_id, one.watermark, one.place) for one in deep] == [
        ("b1", -3, "dungeon.c:70"),
        ("b2", -3, "dungeon.c:70"),
    ]
    assert len(every) == 14


def test_the_best_recipe_of_the_latest_build_is_given_out(
    make_archive: Callable[..., Path], make_bug: Callable[..., Bug]
) -> None:
    short = make_bug(recipe="1@1", segments=1, command="")
    long = make_bug(recipe="1@1 -> 2@2", segments=2, command="")
    path = make_archive(("b1", [short]), ("b2", [short]), ("b2", [long]))
    with open_existing(str(path)) as database:
        kept = kept_bug(database, short.bucket)
        assert (kept.bug, kept.target, kept.build_id) == (short, "dungeon", "b2")
        assert kept.parts == {"input": b"1@1", "log": b"told", "stack": b""}
        assert kept.rebuild == parse({
            "argument": "dungeon", "fuzzverse": kept.rebuild.fuzzverse, "compiler": "clang 14",
            "sanitizers": [], "defines": [], "flags": [], "sources": "", "fetched": "",
            "replaced": [],
        })  # fmt: skip
        with pytest.raises(UsageError, match="keeps no bug nothing with its input"):
            kept_bug(database, "nothing")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE blobs SET data = x'00' WHERE size = 4", "lacks log of"),
        ("UPDATE bugs SET verdict = 'fine'", "is damaged at"),
        ("UPDATE bugs SET root = 'x'", "is damaged at"),
    ],
)
def test_an_archive_that_is_damaged_is_named(
    make_archive: Callable[..., Path], make_bug: Callable[..., Bug], damage: str, words: str
) -> None:
    path = make_archive(("b1", [make_bug()]))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()
    with open_existing(str(path)) as database, pytest.raises(UsageError, match=words):
        kept_bug(database, make_bug().bucket)


def test_an_archive_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent.db"):
        with pytest.raises(UsageError, match="there is no archive"):
            open_existing(str(place))
    assert list(tmp_path.iterdir()) == []
