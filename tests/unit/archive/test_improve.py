from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.archive.improve import put_minimized
from fuzzverse.archive.queries import kept_bug, open_existing
from fuzzverse.errors import EngineError
from fuzzverse.outcome import Bug

PARTS = {"input": b"small", "log": b"told anew", "stack": b"at"}


@pytest.fixture
def found(make_bug: Callable[..., Bug]) -> Bug:
    return make_bug(recipe="1@1 -> 2@2", segments=2, draws=30, command="")


@pytest.fixture
def small(found: Bug) -> Bug:
    """Longer by every count; what makes it better is that all other draws are plain."""
    return replace(found, root=0, recipe="0@plain -> 1=7 -> 2=9", segments=3, is_minimized=True)


def recipes(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT campaign, bucket, recipe, is_minimized FROM bugs ORDER BY 1, 2"
        return connection.execute(query).fetchall()


def test_the_last_campaign_of_the_build_has_what_was_minimised(
    make_archive: Callable[..., Path], found: Bug, small: Bug
) -> None:
    other = replace(found, bucket="other-1")
    path = make_archive(("b1", [found]), ("b2", [found]), ("b2", [found, other]), ("b2", [other]))
    with open_existing(str(path)) as database:
        assert put_minimized(database, small, ("dungeon", "b2"), PARTS)
        kept = kept_bug(database, found.bucket)
    assert (kept.bug, kept.parts) == (small, PARTS)
    assert recipes(path) == [
        (1, found.bucket, found.recipe, 0),
        (2, found.bucket, found.recipe, 0),
        (3, "other-1", found.recipe, 0),
        (3, found.bucket, small.recipe, 1),
        (4, "other-1", found.recipe, 0),
    ]


@pytest.mark.parametrize("build", [("dungeon", "b9"), ("maze", "b1")])
def test_campaigns_of_other_builds_keep_what_they_found(
    make_archive: Callable[..., Path], found: Bug, small: Bug, build: tuple[str, str]
) -> None:
    path = make_archive(("b1", [found]))
    with open_existing(str(path)) as database:
        assert not put_minimized(database, small, build, PARTS)
        assert kept_bug(database, found.bucket).bug == found


def test_it_is_all_or_nothing(make_archive: Callable[..., Path], found: Bug, small: Bug) -> None:
    path = make_archive(("b1", [found]))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON bugs BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        before = connection.execute("SELECT count(*) FROM blobs").fetchone()
    with open_existing(str(path)) as database, pytest.raises(EngineError, match="full"):
        put_minimized(database, small, ("dungeon", "b1"), PARTS)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM blobs").fetchone() == before
    assert recipes(path) == [(1, found.bucket, found.recipe, 0)]
