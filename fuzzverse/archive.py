"""The archive: what outlives a campaign, in one SQLite file that any tool can read."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fuzzverse.errors import EngineError
from fuzzverse.model import Effort, Maker, MarkTally, Survey
from fuzzverse.outcome import Bug, Snapshot, Summary

# Each migration runs once, in order; published ones are never changed.
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
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A productive timeline as the archive keeps it; `name` is that of its corpus file."""

    name: str
    timeline: int
    root: int
    recipe: str
    draws: int
    fresh: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """Campaigns to go on from: how many roots they had, and their entries in campaign order."""

    roots: int
    names: tuple[str, ...]


class Archive:
    """An open archive. Nothing is durable before `commit`, which callers do every second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._errors():
            # Serialised by the caller; threads other than the opening one never write.
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._migrate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.commit()
        finally:
            self._database.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise EngineError(
                f"cannot use the archive {self._path}: {error}; what was committed is intact, "
                "free some space or give another --out"
            ) from error

    def _migrate(self) -> None:
        run = self._database.execute
        run("BEGIN IMMEDIATE")
        run("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)")
        (done,) = run("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
        if done > len(MIGRATIONS):
            run("ROLLBACK")
            raise EngineError(
                f"the archive {self._path} has schema {done}, written by a newer fuzzverse; "
                "update fuzzverse or give another --out"
            )
        for version, script in enumerate(MIGRATIONS[done:], done + 1):
            for statement in script.split(";"):
                run(statement)
            run("INSERT INTO migrations VALUES (?)", (version,))
        run("COMMIT")

    def _write(self, statement: str, *rows: tuple[object, ...]) -> int:
        with self._errors():
            if not self._database.in_transaction:
                self._database.execute("BEGIN")
            return self._database.executemany(statement, rows).rowcount

    def begin(
        self, *, target: str, build_id: str, strategy: str, seed: int, policy: str, started: float
    ) -> int:
        """Opens a campaign and returns its id; `started` is seconds since the epoch."""
        with self._errors():
            cursor = self._database.execute(
                "INSERT INTO campaigns (target, build_id, strategy, campaign_seed, policy, started)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (target, build_id, strategy, str(seed), policy, started),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def earlier(self, target: str) -> Earlier | None:
        """What the campaigns of a target have left here so far; None when there was none."""
        with self._errors():
            campaigns, roots = self._database.execute(
                "SELECT count(*), coalesce(sum(roots), 0) FROM campaigns WHERE target = ?",
                (target,),
            ).fetchone()
            names = self._database.execute(
                "SELECT e.name FROM entries e JOIN campaigns c ON c.id = e.campaign"
                " WHERE c.target = ? ORDER BY e.campaign, e.timeline",
                (target,),
            ).fetchall()
        if campaigns == 0:
            return None
        return Earlier(roots=int(roots), names=tuple(dict.fromkeys(str(name) for (name,) in names)))

    def add_entries(self, campaign: int, *entries: Entry) -> None:
        """Keeps productive timelines."""
        self._write(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
            *((campaign, e.name, e.timeline, str(e.root), e.recipe, e.draws, e.fresh)
              for e in entries),
        )  # fmt: skip

    def put_bugs(self, campaign: int, *bugs: Bug) -> None:
        """Keeps the buckets as they stand now."""
        self._write(
            "INSERT OR REPLACE INTO bugs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *((campaign, b.bucket, b.kind, b.message, str(b.root), b.recipe, b.draws,
               b.sightings, b.first_timeline, b.reproduced, b.replays) for b in bugs),
        )  # fmt: skip

    def put_marks(self, campaign: int, *tallies: MarkTally) -> None:
        """Keeps the tallies of all marks as they stand now."""
        self._write(
            "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *((campaign, t.mark.index, t.mark.kind.name.lower(), t.mark.message, t.mark.file,
               t.mark.line, t.passes, t.failures, t.watermark, t.first_timeline,
               t.mark.compare.name.lower(), t.width, t.condition_count, t.bucket_count)
              for t in tallies),
        )  # fmt: skip

    def put_survey(
        self, campaign: int, survey: Survey, executable: str, places: Sequence[int]
    ) -> None:
        """Keeps where a campaign has been; `places` is the address of each edge in the file
        `executable`, none when they are not known."""
        self._write(
            "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *((campaign, number, s.mark, s.keys, s.draws, s.tries, s.hits, s.is_open)
              for number, s in enumerate(survey.states)),
        )  # fmt: skip
        self._write(
            "INSERT OR REPLACE INTO efforts VALUES (?, ?, ?, ?, ?)",
            *((campaign, -1 if e.mark is None else e.mark, e.places, e.tries, e.hits)
              for e in efforts(survey)),
        )  # fmt: skip
        packed = struct.pack(f"<{len(places)}Q", *places)
        self._write(
            "INSERT OR REPLACE INTO coverage VALUES (?, ?, ?, ?)",
            (campaign, executable, zlib.compress(survey.edges), zlib.compress(packed)),
        )

    def add_point(self, campaign: int, moment: Snapshot) -> None:
        """Adds a point to the campaign's curves and brings its row up to date."""
        t = moment.totals
        self._write(
            "INSERT INTO curves VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (campaign, moment.seconds, t.timelines, t.features, t.edges_found, t.splitpoints,
             moment.corpus, len(moment.bugs), t.states, t.once, t.twice),
        )  # fmt: skip
        self._put_totals(campaign, moment, None)

    def end(self, campaign: int, summary: Summary) -> None:
        """Closes a campaign."""
        self._put_totals(campaign, summary, summary.stopped.value)

    def _put_totals(self, campaign: int, moment: Snapshot | Summary, stopped: str | None) -> None:
        totals = moment.totals
        self._write(
            "UPDATE campaigns SET seconds = ?, stopped = ?, timelines = ?, roots = ?, draws = ?,"
            " features = ?, edges_found = ?, edges_total = ?, digest = ?, states = ?,"
            " seen_once = ?, seen_twice = ?, isolation = ?, unfit = ?, parted = ?, checked = ?,"
            " jobs_forked = ? WHERE id = ?",
            (moment.seconds, stopped, totals.timelines, totals.roots, totals.draws,
             totals.features, totals.edges_found, totals.edges_total, f"{totals.digest:016x}",
             totals.states, totals.once, totals.twice, totals.isolation.name.lower(),
             moment.unfit, totals.parted, totals.checked, totals.jobs_forked, campaign),
        )  # fmt: skip
        self._write(
            "INSERT OR REPLACE INTO makers VALUES (?, ?, ?, ?)",
            *((campaign, maker.name.lower(), tries, yields)
              for maker, (tries, yields) in zip(Maker, totals.makers, strict=True) if tries > 0),
        )  # fmt: skip

    def commit(self) -> None:
        """Makes everything so far durable against the death of this process."""
        with self._errors():
            if self._database.in_transaction:
                self._database.execute("COMMIT")


def efforts(survey: Survey) -> tuple[Effort, ...]:
    """What was spent on each mark's states, most first, and on what only edges speak for."""
    sums: dict[int, list[int]] = {}
    for state in survey.states:
        one = sums.setdefault(state.mark, [0, 0, 0])
        for i, more in enumerate((1, state.tries, state.hits)):
            one[i] += more
    found = [Effort(mark, *numbers) for mark, numbers in sums.items()]
    if survey.entries.places:
        found.append(survey.entries)
    return tuple(sorted(found, key=lambda effort: -effort.tries))
