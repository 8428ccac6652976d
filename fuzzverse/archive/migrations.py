"""The schema as it grew: scripts that bring an archive of any age up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, inspect, text

from fuzzverse.errors import EngineError

# Each migration runs once, in order; published ones are never changed. They are written in SQLite's
# words; `statements` has PostgreSQL's.
MIGRATIONS: Final = (
    """
    CREATE TABLE campaigns (
        id INTEGER PRIMARY KEY, target TEXT NOT NULL, build_id TEXT NOT NULL,
        strategy TEXT NOT NULL, campaign_seed TEXT NOT NULL, policy TEXT NOT NULL,
        started REAL NOT NULL, seconds REAL NOT NULL DEFAULT 0, stopped TEXT,
        timelines INTEGER NOT NULL DEFAULT 0, roots INTEGER NOT NULL DEFAULT 0,
        draws INTEGER NOT NULL DEFAULT 0, features INTEGER NOT NULL DEFAULT 0,
        edges_found INTEGER NOT NULL DEFAULT 0, edges_total INTEGER NOT NULL DEFAULT 0,
        digest TEXT);
    CREATE TABLE entries (
        campaign INTEGER NOT NULL REFERENCES campaigns(id), name TEXT NOT NULL,
        timeline INTEGER NOT NULL, root TEXT NOT NULL, recipe TEXT NOT NULL,
        draws INTEGER NOT NULL, fresh INTEGER NOT NULL, PRIMARY KEY (campaign, timeline))
        WITHOUT ROWID;
    CREATE TABLE bugs (
        campaign INTEGER NOT NULL REFERENCES campaigns(id), bucket TEXT NOT NULL,
        kind TEXT NOT NULL, message TEXT NOT NULL, root TEXT NOT NULL, recipe TEXT NOT NULL,
        draws INTEGER NOT NULL, sightings INTEGER NOT NULL, first_timeline INTEGER NOT NULL,
        reproduced INTEGER NOT NULL, replays INTEGER NOT NULL, PRIMARY KEY (campaign, bucket))
        WITHOUT ROWID;
    CREATE TABLE marks (
        campaign INTEGER NOT NULL REFERENCES campaigns(id), mark INTEGER NOT NULL,
        kind TEXT NOT NULL, message TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
        passes INTEGER NOT NULL, failures INTEGER NOT NULL, watermark INTEGER,
        first_timeline INTEGER, PRIMARY KEY (campaign, mark)) WITHOUT ROWID;
    CREATE TABLE curves (
        campaign INTEGER NOT NULL REFERENCES campaigns(id), seconds REAL NOT NULL,
        timelines INTEGER NOT NULL, features INTEGER NOT NULL, edges INTEGER NOT NULL,
        splitpoints INTEGER NOT NULL, corpus INTEGER NOT NULL, bugs INTEGER NOT NULL);
    CREATE INDEX curves_by_campaign ON curves (campaign, seconds);
    """,
    # seen_once and seen_twice: features that just one timeline had, and just two. What is left to
    # find is estimated from them (estimate.py). NULL: written before they were kept.
    """
    ALTER TABLE campaigns ADD COLUMN states INTEGER;
    ALTER TABLE campaigns ADD COLUMN seen_once INTEGER;
    ALTER TABLE campaigns ADD COLUMN seen_twice INTEGER;
    ALTER TABLE curves ADD COLUMN states INTEGER;
    ALTER TABLE curves ADD COLUMN seen_once INTEGER;
    ALTER TABLE curves ADD COLUMN seen_twice INTEGER;
    CREATE TABLE makers (
        campaign INTEGER NOT NULL REFERENCES campaigns(id), maker TEXT NOT NULL,
        tries INTEGER NOT NULL, yields INTEGER NOT NULL, PRIMARY KEY (campaign, maker))
        WITHOUT ROWID;
    """,
    # isolation: the one at the end; unfit: why timelines were not rewound although they were to be
    # ('': they were). parted, checked, jobs_forked: as in model.Totals. NULL: as above.
    """
    ALTER TABLE campaigns ADD COLUMN isolation TEXT;
    ALTER TABLE campaigns ADD COLUMN unfit TEXT;
    ALTER TABLE campaigns ADD COLUMN parted INTEGER;
    ALTER TABLE campaigns ADD COLUMN checked INTEGER;
    ALTER TABLE campaigns ADD COLUMN jobs_forked INTEGER;
    """,
    # What reports show. conditions, width, buckets, compare: as in model.Mark and MarkTally. states
    # and efforts are of the campaign's end: as in model.StateTally and Effort; effort of mark -1 is
    # of places that only edges speak for. coverage: edges as in model.Survey, places the address of
    # each edge in the executable (u64, little-endian; 0: not known), both deflated.
    """
    ALTER TABLE marks ADD COLUMN compare TEXT;
    ALTER TABLE marks ADD COLUMN width INTEGER;
    ALTER TABLE marks ADD COLUMN conditions INTEGER;
    ALTER TABLE marks ADD COLUMN buckets INTEGER;
    CREATE TABLE states (
        campaign INTEGER NOT NULL REFERENCES campaigns(id), number INTEGER NOT NULL,
        mark INTEGER NOT NULL, keys TEXT NOT NULL, draws INTEGER NOT NULL, tries INTEGER NOT NULL,
        hits INTEGER NOT NULL, is_open INTEGER NOT NULL, PRIMARY KEY (campaign, number))
        WITHOUT ROWID;
    CREATE TABLE efforts (
        campaign INTEGER NOT NULL REFERENCES campaigns(id), mark INTEGER NOT NULL,
        places INTEGER NOT NULL, tries INTEGER NOT NULL, hits INTEGER NOT NULL,
        PRIMARY KEY (campaign, mark)) WITHOUT ROWID;
    CREATE TABLE coverage (
        campaign INTEGER PRIMARY KEY REFERENCES campaigns(id), executable TEXT NOT NULL,
        edges BLOB NOT NULL, places BLOB NOT NULL);
    """,
    # uid: 32 hex digits drawn at the start, by which a campaign is known wherever it is copied to.
    # build: how its target was built, JSON. input, log, stack: names of blobs, which hold bytes
    # once, by their SHA-1. NULL: written before they were kept.
    """
    ALTER TABLE campaigns ADD COLUMN uid TEXT;
    ALTER TABLE campaigns ADD COLUMN build TEXT;
    CREATE UNIQUE INDEX campaigns_by_uid ON campaigns (uid);
    CREATE TABLE blobs (name TEXT PRIMARY KEY, size INTEGER NOT NULL, data BLOB NOT NULL);
    ALTER TABLE bugs ADD COLUMN verdict TEXT;
    ALTER TABLE bugs ADD COLUMN identity TEXT;
    ALTER TABLE bugs ADD COLUMN segments INTEGER;
    ALTER TABLE bugs ADD COLUMN input TEXT;
    ALTER TABLE bugs ADD COLUMN log TEXT;
    ALTER TABLE bugs ADD COLUMN stack TEXT;
    CREATE INDEX bugs_by_bucket ON bugs (bucket);
    """,
    # is_minimized: as in outcome.Bug. NULL: no.
    """
    ALTER TABLE bugs ADD COLUMN is_minimized INTEGER;
    """,
)

# What SQLite calls otherwise than PostgreSQL, longest first. SQLite's INTEGER has 64 bits.
_POSTGRESQL: Final = {
    "INTEGER PRIMARY KEY": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    "WITHOUT ROWID": "",
    "INTEGER": "BIGINT",
    "REAL": "DOUBLE PRECISION",
    "BLOB": "BYTEA",
}
_DIFFERENT: Final = re.compile("|".join(rf"\b{words}\b" for words in _POSTGRESQL))
# Names the lock that migrations of one PostgreSQL database take one after the other: "fuzzvers".
_MIGRATION_LOCK: Final = int.from_bytes(b"fuzzvers", "big")


def statements(script: str, dialect: str) -> Iterator[str]:
    """The statements of a migration in the words of `dialect`, "sqlite" or "postgresql"."""
    if dialect == "postgresql":
        script = _DIFFERENT.sub(lambda match: _POSTGRESQL[match.group()], script)
    return (statement.strip() for statement in script.split(";") if statement.strip())


def is_archive(connection: Connection) -> bool:
    """Whether there is an archive, of any age."""
    return inspect(connection).has_table("migrations")


def is_current(connection: Connection) -> bool:
    """Whether nothing is to be done, which readers and writers find out without waiting."""
    if not is_archive(connection):
        return False
    done = connection.exec_driver_sql("SELECT max(version) FROM migrations").scalar_one()
    return bool(done == len(MIGRATIONS))


def migrate(connection: Connection, shown: str) -> None:
    """Brings the schema up to date, within the transaction that `connection` is in.

    On SQLite that must have begun as a writer, so that two do not migrate at once.

    Raises:
        EngineError: a newer fuzzverse has written there; `shown` names the archive.
    """
    run = connection.exec_driver_sql
    if connection.dialect.name == "postgresql":
        run(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
    version_type = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
    run(f"CREATE TABLE IF NOT EXISTS migrations (version {version_type} PRIMARY KEY)")
    done = int(run("SELECT coalesce(max(version), 0) FROM migrations").scalar_one())
    if done > len(MIGRATIONS):
        raise EngineError(
            f"the archive {shown} has schema {done}, written by a newer fuzzverse; "
            "update fuzzverse or give another archive"
        )
    for version, script in enumerate(MIGRATIONS[done:], done + 1):
        for statement in statements(script, connection.dialect.name):
            run(statement)
        connection.execute(text("INSERT INTO migrations VALUES (:v)"), {"v": version})
