from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from support.archives import write_old

from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.migrations import MIGRATIONS
from fuzzverse.archive.schema import CURVES
from fuzzverse.archive.writer import Archive, Entry, Start
from fuzzverse.chronicle import POINTS_MAX, STATES_MAX, Chronicle, read
from fuzzverse.errors import UsageError
from fuzzverse.model import Effort, MarkTally, StateTally, Survey
from fuzzverse.outcome import Bug, Snapshot, Summary

STATES = tuple(
    StateTally(4, f"floor={n}", 10 * n, tries=n, hits=n % 7, is_open=n % 2 == 0)
    for n in range(1_500)
)
SURVEY = Survey(STATES, Effort(None, 3, 8, 1), bytes([1, 0, 6]))


def begin(archive: Archive, target: str = "t") -> int:
    uid = secrets.token_hex(16)
    return archive.begin(Start(target, "b", "frontier", 1, "{}", 1.0, uid, "{}"))


@pytest.fixture
def told(
    tmp_path: Path,
    make_bug: Callable[..., Bug],
    make_snapshot: Callable[..., Snapshot],
    make_summary: Callable[..., Summary],
    tallies: tuple[MarkTally, ...],
) -> Chronicle:
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        begin(archive, "another")
        first = begin(archive)
        archive.put_bugs(first, make_bug(bucket="old"))
        begin(archive, "another")
        last = begin(archive)
        archive.put_bugs(last, make_bug(bucket="new"))
        archive.put_marks(last, *tallies)
        archive.add_entries(last, Entry("aa", 7, 42, "1@2 -> 3@4", 30, 4))
        for n in range(1_201):
            archive.add_point(last, make_snapshot(seconds=float(n)))
        archive.put_survey(last, SURVEY, "/nowhere/t", [64, 96, 1 << 63])
        archive.end(last, make_summary())
    return read(path)


def test_the_last_campaign_and_the_one_before_of_the_same_target(told: Chronicle) -> None:
    assert told.campaign.id == 4
    assert told.previous is not None
    assert told.previous.id == 2
    assert [bug.bucket for bug in told.bugs] == ["new"]
    assert [bug.bucket for bug in told.bugs_before] == ["old"]


def test_marks_come_back_as_they_were(told: Chronicle, tallies: tuple[MarkTally, ...]) -> None:
    assert told.tallies == tallies


def test_curves_are_thinned_and_keep_their_end(told: Chronicle) -> None:
    seconds = [point.seconds for point in told.points]
    assert len(seconds) == 401 <= POINTS_MAX
    assert seconds == sorted(seconds)
    assert (seconds[0], seconds[-1]) == (0.0, 1_200.0)


def test_ways_are_those_of_bugs_and_entries(told: Chronicle) -> None:
    assert [(way.bucket, way.recipe) for way in told.ways] == [
        ("new", "151@8837201 -> 80@1293847"),
        ("", "1@2 -> 3@4"),
    ]


def test_of_the_frontier_the_states_with_most_visits_and_yield(told: Chronicle) -> None:
    frontier = told.frontier
    assert frontier.count == len(STATES)
    assert frontier.by_tries == (1, 3, 12, 48, 192, 768, 476)
    assert len(frontier.states) <= STATES_MAX
    assert frontier.states[0] == STATES[-1]
    assert STATES[6] in frontier.states
    assert frontier.efforts == (
        Effort(4, 1_500, sum(range(1_500)), sum(n % 7 for n in range(1_500))),
        Effort(None, 3, 8, 1),
    )


def test_edges_come_back_as_they_were(told: Chronicle) -> None:
    assert told.edges is not None
    assert told.edges.seen == SURVEY.edges
    assert told.edges.places == (64, 96, 1 << 63)


def test_a_campaign_that_has_just_begun(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        begin(archive)
        told = read(path)
    assert told.campaign.stopped is None
    assert (told.previous, told.bugs, told.points, told.ways) == (None, (), (), ())
    assert told.frontier.count == 0
    assert told.edges is None


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_text("words")
    with pytest.raises(UsageError, match="damaged or no archive"):
        read(path)


def test_an_archive_without_a_campaign_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive(path):
        pass
    with pytest.raises(UsageError, match="holds no campaign yet"):
        read(path)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_archives_of_all_versions_are_read(tmp_path: Path, version: int) -> None:
    path = tmp_path / "archive.db"
    write_old(path, version)
    for _ in range(2):
        told = read(path)
        assert (told.campaign.timelines, told.campaign.stopped) == (9, "timelines")
        assert (told.campaign.states, told.campaign.isolation) == (None, None)
        assert [bug.bucket for bug in told.bugs] == ["old-1"]
        assert [way.recipe for way in told.ways] == ["3@4", "1@2"]
        assert [tally.mark.message for tally in told.tallies] == ["it works"]
        assert [point.timelines for point in told.points] == [9]
        assert told.edges is None
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT max(version) FROM migrations").fetchall() == [
            (len(MIGRATIONS),)
        ]


def test_an_archive_of_a_newer_fuzzverse_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    write_old(path, len(MIGRATIONS))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO migrations VALUES (99)")
    with pytest.raises(UsageError, match="newer fuzzverse"):
        read(path)


def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE theirs (words TEXT)")
    with pytest.raises(UsageError, match="no archive"):
        read(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_a_run_under_way_neither_waits_nor_is_waited_for(
    tmp_path: Path, make_snapshot: Callable[..., Snapshot]
) -> None:
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        campaign = begin(archive)
        # From here on it holds the one lock of writers.
        archive.add_point(campaign, make_snapshot())
        assert read(path).points == ()
        archive.commit()
        assert len(read(path).points) == 1
        with Database(Where(str(path)), reads_only=True) as reader, reader.connection.begin():
            query = select(func.count()).select_from(CURVES)
            assert reader.connection.execute(query).scalar_one() == 1
            archive.add_point(campaign, make_snapshot(seconds=9.0))
            archive.commit()
            assert reader.connection.execute(query).scalar_one() == 1
    assert len(read(path).points) == 2


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE marks SET kind = 'sideways'",
        "UPDATE coverage SET edges = x'00'",
        "UPDATE coverage SET places = x'789c4bcc070001260094'",
    ],
)
def test_damage_is_told(tmp_path: Path, tallies: tuple[MarkTally, ...], damage: str) -> None:
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        campaign = begin(archive)
        archive.put_marks(campaign, *tallies)
        archive.put_survey(campaign, replace(SURVEY, states=()), "t", [])
    with sqlite3.connect(path) as database:
        database.execute(damage)
    database.close()
    with pytest.raises(UsageError, match="damaged"):
        read(path)
