"""Copies between two SQLite files; those into PostgreSQL are in tests/integration."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.migrations import MIGRATIONS
from fuzzverse.archive.push import Pushed, clean, push
from fuzzverse.archive.schema import METADATA
from fuzzverse.archive.writer import Archive, Start
from fuzzverse.model import Effort, StateTally, Survey
from fuzzverse.outcome import Bug

TABLES = sorted(METADATA.tables.keys() - {"campaigns"})
SURVEYED = ("states", "efforts", "coverage")


def copy(source: Path, team: Path, uid: str = "") -> Pushed:
    with Database(Where(str(source))) as here, Database(Where(str(team))) as there:
        return push(here, there, lambda name: None, uid)


def contents(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall())


def test_a_copy_is_the_same_however_often_it_is_made(
    make_archive: Callable[..., Path], make_bug: Callable[..., Bug], tmp_path: Path
) -> None:
    bugs = [make_bug(bucket="a-1"), make_bug(bucket="b-2", recipe="1@1")]
    source = make_archive(("b1", bugs), ("b2", []))
    for _ in range(2):
        assert copy(source, tmp_path / "team.db") == Pushed(2, 0, 2)
        for table in (*TABLES, "campaigns"):
            assert contents(tmp_path / "team.db", table) == contents(source, table)


def test_archives_of_several_runs_come_together(
    make_archive: Callable[..., Path], make_bug: Callable[..., Bug], tmp_path: Path
) -> None:
    for name in ("one.db", "two.db", "one.db"):
        path = tmp_path / name
        copy(path if path.exists() else make_archive(("b1", [make_bug()]), name=name),
             tmp_path / "team.db")  # fmt: skip
    assert [row[0] for row in contents(tmp_path / "team.db", "campaigns")] == [1, 2]
    assert [row[0] for row in contents(tmp_path / "team.db", "bugs")] == [1, 2]
    assert len(contents(tmp_path / "team.db", "blobs")) == 3


def test_one_campaign_alone_is_copied(make_archive: Callable[..., Path], tmp_path: Path) -> None:
    source = make_archive(("b1", []), ("b2", []))
    (_, uid) = (row[-2] for row in contents(source, "campaigns"))
    assert copy(source, tmp_path / "team.db", str(uid)).campaigns == 1
    assert [row[-2] for row in contents(tmp_path / "team.db", "campaigns")] == [uid]


def test_surveys_of_a_campaign_under_way_wait_for_its_end(tmp_path: Path) -> None:
    source, team, uid = tmp_path / "archive.db", tmp_path / "team.db", "5" * 32
    start = Start("t", "b1", "frontier", 1, "{}", 1.0, uid, "{}")
    survey = Survey((StateTally(2, "x=1", 9, 5, 1, True),), Effort(None, 0, 0, 0), b"\1\0")
    with Archive(source) as archive:
        archive.put_survey(archive.begin(start), survey, "/nowhere/t", [64, 96])
    copy(source, team, uid)
    assert contents(team, "campaigns") == contents(source, "campaigns")
    assert [contents(team, table) for table in SURVEYED] == [[], [], []]
    copy(source, team)
    assert [contents(team, table) for table in SURVEYED] == [
        contents(source, table) for table in SURVEYED
    ]
    assert contents(team, "states")
    copy(source, team, uid)
    assert contents(team, "states") == contents(source, "states")


def test_campaigns_of_an_older_fuzzverse_are_named_once(tmp_path: Path) -> None:
    source = tmp_path / "old.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.executescript(
            "CREATE TABLE migrations (version INTEGER PRIMARY KEY);"
            "INSERT INTO migrations VALUES (1);"
            "INSERT INTO campaigns (target, build_id, strategy, campaign_seed, policy, started)"
            " VALUES ('t', 'b', 'random', '1', '{}', 1.0);"
            "INSERT INTO curves VALUES (1, 0.5, 9, 8, 7, 6, 5, 4);"
            "INSERT INTO curves VALUES (1, 0.5, 9, 8, 7, 6, 5, 4);"
        )
    for _ in range(2):
        copy(source, tmp_path / "team.db")
    assert contents(tmp_path / "team.db", "campaigns") == contents(source, "campaigns")
    assert contents(tmp_path / "team.db", "curves") == contents(source, "curves")


def test_a_copy_that_is_ahead_begins_anew(
    make_archive: Callable[..., Path], tmp_path: Path
) -> None:
    """As when an OUT was put back from a backup."""
    source, team = make_archive(("b1", [])), tmp_path / "team.db"
    copy(source, team)
    with closing(sqlite3.connect(team)) as connection:
        connection.execute("INSERT INTO entries VALUES (1, 'x', 5, '0', '', 1, 1)")
        connection.commit()
    copy(source, team)
    assert contents(team, "entries") == []


def test_what_postgresql_refuses_in_texts_is_replaced() -> None:
    row = {"message": "a\0b\ud800", "draws": 3, "watermark": None, "data": b"\0"}
    assert clean(row) == {"message": "a\ufffdb?", "draws": 3, "watermark": None, "data": b"\0"}
