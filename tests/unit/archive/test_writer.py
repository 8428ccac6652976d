from __future__ import annotations

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse.archive.migrations import MIGRATIONS
from fuzzverse.archive.schema import METADATA
from fuzzverse.archive.writer import Archive, Entry, Start
from fuzzverse.errors import EngineError
from fuzzverse.files import name_of
from fuzzverse.model import Isolation, MarkTally, Totals
from fuzzverse.outcome import Bug, Snapshot, Summary

U64_MAX = (1 << 64) - 1


def begin(archive: Archive, uid: str = "") -> int:
    return archive.begin(
        Start("t", "b", "random", U64_MAX, "{}", 1.0, uid or secrets.token_hex(16), "{}")
    )


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_campaign_is_there_when_the_archive_is_closed(
    tmp_path: Path,
    make_bug: Callable[..., Bug],
    make_snapshot: Callable[..., Snapshot],
    make_summary: Callable[..., Summary],
    tallies: tuple[MarkTally, ...],
) -> None:
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        campaign = begin(archive)
        archive.add_entries(campaign, Entry("aa", 7, U64_MAX, "1@2", 30, 4))
        archive.put_bugs(campaign, make_bug(root=U64_MAX))
        archive.put_bugs(campaign, make_bug(root=U64_MAX, sightings=46))
        archive.put_marks(campaign, *tallies)
        archive.add_point(campaign, make_snapshot())
        archive.end(campaign, make_summary())
    assert rows(path, "SELECT name, root, recipe FROM entries") == [("aa", str(U64_MAX), "1@2")]
    assert rows(path, "SELECT sightings FROM bugs") == [(46,)]
    assert rows(path, "SELECT count(*) FROM marks") == [(len(tallies),)]
    assert rows(path, "SELECT timelines, corpus FROM curves") == [(12_345, 120)]
    assert rows(path, "SELECT states, seen_once, seen_twice FROM curves") == [(70, 12, 5)]
    assert rows(path, "SELECT states, seen_once, seen_twice FROM campaigns") == [(70, 12, 5)]
    query = "SELECT tries, yields FROM makers WHERE maker = 'splice'"
    assert rows(path, query) == [(600, 6)]
    assert rows(path, "SELECT stopped, digest FROM campaigns") == [("bug", "0000000000abcdef")]


def test_what_kept_timelines_apart_is_kept(
    tmp_path: Path, make_snapshot: Callable[..., Snapshot], make_totals: Callable[..., Totals]
) -> None:
    path = tmp_path / "archive.db"
    query = "SELECT isolation, unfit, parted, checked, jobs_forked FROM campaigns"
    totals = make_totals(parted=7, jobs_forked=2)
    with Archive(path) as archive:
        campaign = begin(archive)
        archive.add_point(campaign, make_snapshot(totals=totals))
        archive.commit()
        assert rows(path, query) == [("rewind", "", 7, 12, 2)]
        fallen = make_totals(isolation=Isolation.FORK)
        archive.add_point(campaign, make_snapshot(totals=fallen, unfit="it makes threads"))
    assert rows(path, query) == [("fork", "it makes threads", 0, 12, 0)]


def test_an_archive_of_an_older_fuzzverse_goes_on(
    tmp_path: Path, make_snapshot: Callable[..., Snapshot]
) -> None:
    path = tmp_path / "archive.db"
    connection = sqlite3.connect(path)
    connection.executescript(MIGRATIONS[0])
    connection.executescript(
        "CREATE TABLE migrations (version INTEGER PRIMARY KEY);"
        "INSERT INTO migrations VALUES (1);"
        "INSERT INTO curves VALUES (1, 0.5, 9, 8, 7, 6, 5, 4);"
    )
    connection.close()
    with Archive(path) as archive:
        archive.add_point(begin(archive), make_snapshot())
    assert rows(path, "SELECT timelines, states FROM curves ORDER BY seconds") == [
        (9, None),
        (12_345, 70),
    ]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_the_tables_are_those_of_the_schema_whatever_version_came_first(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "archive.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE migrations (version INTEGER PRIMARY KEY)")
    for number, script in enumerate(MIGRATIONS[:version], 1):
        connection.executescript(script)
        connection.execute("INSERT INTO migrations VALUES (?)", (number,))
    connection.commit()
    connection.close()
    with Archive(path) as archive:
        assert archive.earlier("t") is None
    names = {name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names - {"migrations"} == METADATA.tables.keys()
    for table in METADATA.tables.values():
        columns = [str(row[1]) for row in rows(path, f"PRAGMA table_info({table.name})")]
        assert columns == table.columns.keys()


def test_the_bytes_of_bugs_are_kept_once(tmp_path: Path, make_bug: Callable[..., Bug]) -> None:
    path = tmp_path / "archive.db"
    parts = {"input": b"in", "log": b"told", "stack": b""}
    with Archive(path) as archive:
        for bucket in ("a-1", "b-2"):
            campaign = begin(archive)
            archive.put_bugs(campaign, make_bug(bucket=bucket))
            archive.put_evidence(campaign, bucket, parts)
            archive.put_bugs(campaign, make_bug(bucket=bucket, sightings=50))
    names = tuple(name_of(data) for data in parts.values())
    assert rows(path, "SELECT input, log, stack FROM bugs WHERE sightings = 50") == [names] * 2
    kept = {str(name): (size, data) for name, size, data in rows(path, "SELECT * FROM blobs")}
    expected = {name_of(data): (len(data), data) for data in parts.values()}
    assert kept == expected


def test_campaigns_share_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    for expected in (1, 2):
        with Archive(path) as archive:
            assert begin(archive) == expected
    assert rows(path, "SELECT version FROM migrations") == [
        (v + 1,) for v in range(len(MIGRATIONS))
    ]


def test_an_archive_of_a_newer_fuzzverse_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        begin(archive)
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO migrations VALUES (99)")
    connection.commit()
    connection.close()
    with pytest.raises(EngineError, match="schema 99, written by a newer fuzzverse"):
        Archive(path)


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(EngineError, match=r"cannot use the archive .*archive\.db"):
        Archive(path)


def test_what_was_committed_survives_sigkill(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    program = (
        "import os, signal, sys, pathlib\n"
        "from fuzzverse.archive.writer import Archive, Entry, Start\n"
        "archive = Archive(pathlib.Path(sys.argv[1]))\n"
        "c = archive.begin(Start('t', 'b', 'random', 1, '{}', 1.0, 'u', '{}'))\n"
        "archive.add_entries(c, Entry('kept', 1, 2, '', 3, 4))\n"
        "archive.commit()\n"
        "archive.add_entries(c, Entry('lost', 2, 2, '', 3, 4))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", program, path], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert rows(path, "SELECT name FROM entries") == [("kept",)]
