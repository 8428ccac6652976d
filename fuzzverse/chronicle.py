"""What an archive tells of a campaign, for reports: the last one of it, and the one before.

Reads only, by plain statements; an archive that is being written may be read. What a file from
elsewhere holds is not believed: whatever is not as it should be is a UsageError.
"""

from __future__ import annotations

import array
import contextlib
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fuzzverse.errors import UsageError
from fuzzverse.model import Compare, Effort, Mark, MarkKind, MarkTally, StateTally

# The schema that this reads: the number of migrations.
SCHEMA: Final = 5
POINTS_MAX: Final = 500
WAYS_MAX: Final = 50_000
RECIPE_LENGTH_MAX: Final = 16_384
STATES_MAX: Final = 400
_COVERAGE_BYTES_MAX: Final = 1 << 28
# States by timelines that went on from them: at most so many.
TRIES_STEPS: Final = (0, 3, 15, 63, 255, 1_023)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's row; `stopped` is None while it runs and when it was killed. `states`, `once`
    and `twice`, as in model.Totals, are None in archives from before they were kept."""

    id: int
    target: str
    build_id: str
    strategy: str
    seed: str
    policy: str
    started: float
    seconds: float
    stopped: str | None
    timelines: int
    roots: int
    draws: int
    features: int
    edges_found: int
    edges_total: int
    digest: str
    states: int | None
    once: int | None
    twice: int | None
    isolation: str | None
    unfit: str | None
    checked: int | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A bucket as a campaign saw it."""

    bucket: str
    kind: str
    message: str
    root: str
    recipe: str
    draws: int
    sightings: int
    first_timeline: int
    reproduced: int
    replays: int


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a campaign; as in Campaign."""

    seconds: float
    timelines: int
    features: int
    edges: int
    corpus: int
    bugs: int
    states: int | None
    once: int | None
    twice: int | None


@dataclass(frozen=True, slots=True)
class Way:
    """How a productive timeline, or a bug, came about: the text of its recipe, cut at
    RECIPE_LENGTH_MAX. `bucket` is "" where it is no bug."""

    root: str
    recipe: str
    timeline: int
    draws: int
    bucket: str = ""


@dataclass(frozen=True, slots=True)
class Frontier:
    """The states of a campaign: those that most was spent on or that brought most, how many there
    are by TRIES_STEPS (the last number: more), and what was spent by mark."""

    states: tuple[StateTally, ...]
    by_tries: tuple[int, ...]
    efforts: tuple[Effort, ...]

    @property
    def count(self) -> int:
        """How many states there are."""
        return sum(self.by_tries)


@dataclass(frozen=True, slots=True)
class Edges:
    """What was seen of each edge of an executable (0: nothing), and its address there (0: not
    known)."""

    executable: str
    seen: bytes
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chronicle:
    """A campaign and what it left; `previous` is the one before it of the same target."""

    campaign: Campaign
    previous: Campaign | None
    bugs: tuple[Sighting, ...]
    bugs_before: tuple[Sighting, ...]
    tallies: tuple[MarkTally, ...]
    tallies_before: tuple[MarkTally, ...]
    points: tuple[Point, ...]
    makers: tuple[tuple[str, int, int], ...]
    ways: tuple[Way, ...]
    entry_count: int
    frontier: Frontier
    edges: Edges | None


def read(path: Path) -> Chronicle:
    """Reads the last campaign of an archive.

    Raises:
        UsageError: it is no archive, holds no campaign, or was written by another fuzzverse.
    """
    with _errors(path), contextlib.closing(_open(path)) as database:
        _check(path, database)
        return _Reader(database).chronicle(path)


def _open(path: Path) -> sqlite3.Connection:
    # Not "mode=ro": a reader of a database in WAL mode makes its -shm file where it is missing.
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=10)
    database.execute("PRAGMA query_only = 1")
    return database


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, KeyError, ValueError, TypeError, OverflowError, zlib.error) as error:
        words = " ".join(str(error).split())
        raise UsageError(f"{path} is damaged or no archive ({words})") from error


def _check(path: Path, database: sqlite3.Connection) -> None:
    (schema,) = database.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    if schema > SCHEMA:
        raise UsageError(f"{path} was written by a newer fuzzverse; update this one")
    if schema < SCHEMA:
        raise UsageError(
            f"{path} was written by an older fuzzverse (schema {schema}); any `fuzzverse run` "
            "into the same --out brings it up to date"
        )


class _Reader:
    """The statements, one a method."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def chronicle(self, path: Path) -> Chronicle:
        # One moment for all of it, also while a campaign writes.
        self._database.execute("BEGIN")
        campaign = self._campaign("SELECT max(id) FROM campaigns")
        if campaign is None:
            raise UsageError(f"{path} holds no campaign yet")
        previous = self._campaign(
            "SELECT max(id) FROM campaigns WHERE target = ? AND id < ?",
            campaign.target,
            campaign.id,
        )
        bugs = self._bugs(campaign.id)
        tallies = self._tallies(campaign.id)
        return Chronicle(
            campaign=campaign,
            previous=previous,
            bugs=bugs,
            bugs_before=() if previous is None else self._bugs(previous.id),
            tallies=tallies,
            tallies_before=() if previous is None else self._tallies(previous.id),
            points=self._points(campaign.id),
            makers=self._makers(campaign.id),
            ways=(*_ways_of_bugs(bugs), *self._ways(campaign.id)),
            entry_count=self._number(
                "SELECT count(*) FROM entries WHERE campaign = ?", campaign.id
            ),
            frontier=self._frontier(campaign.id),
            edges=self._edges(campaign.id),
        )

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._database.execute(statement, values).fetchall()

    def _number(self, statement: str, *values: object) -> int:
        ((number,),) = self._rows(statement, *values)
        return int(number)

    def _campaign(self, which: str, *values: object) -> Campaign | None:
        rows = self._rows(
            "SELECT id, target, build_id, strategy, campaign_seed, policy, started, seconds,"
            " stopped, timelines, roots, draws, features, edges_found, edges_total,"
            " coalesce(digest, ''), states, seen_once, seen_twice, isolation, unfit, checked"
            f" FROM campaigns WHERE id = ({which})",
            *values,
        )
        return Campaign(*rows[0]) if rows else None

    def _bugs(self, campaign: int) -> tuple[Sighting, ...]:
        rows = self._rows(
            "SELECT bucket, kind, message, root, recipe, draws, sightings, first_timeline,"
            " reproduced, replays FROM bugs WHERE campaign = ? ORDER BY first_timeline, bucket",
            campaign,
        )
        return tuple(Sighting(*row) for row in rows)

    def _tallies(self, campaign: int) -> tuple[MarkTally, ...]:
        rows = self._rows(
            "SELECT mark, kind, coalesce(compare, 'none'), message, file, line, passes, failures,"
            " watermark, coalesce(width, 0), coalesce(conditions, 0), coalesce(buckets, 0),"
            " first_timeline FROM marks WHERE campaign = ? ORDER BY mark",
            campaign,
        )
        return tuple(_tally(*row) for row in rows)

    def _points(self, campaign: int) -> tuple[Point, ...]:
        """At most POINTS_MAX, evenly, the last one among them."""
        count = self._number("SELECT count(*) FROM curves WHERE campaign = ?", campaign)
        step = max(1, -(-count // POINTS_MAX))
        rows = self._rows(
            "SELECT seconds, timelines, features, edges, corpus, bugs, states, seen_once,"
            " seen_twice FROM (SELECT *, row_number() OVER (ORDER BY seconds DESC) AS number"
            " FROM curves WHERE campaign = ?) WHERE number % ? = 1 % ? ORDER BY seconds",
            campaign,
            step,
            step,
        )
        return tuple(Point(*row) for row in rows)

    def _makers(self, campaign: int) -> tuple[tuple[str, int, int], ...]:
        rows = self._rows(
            "SELECT maker, tries, yields FROM makers WHERE campaign = ? ORDER BY tries DESC",
            campaign,
        )
        return tuple((str(maker), int(tries), int(yields)) for maker, tries, yields in rows)

    def _ways(self, campaign: int) -> Iterator[Way]:
        rows = self._database.execute(
            "SELECT root, substr(recipe, 1, ?), timeline, draws FROM entries"
            " WHERE campaign = ? ORDER BY timeline LIMIT ?",
            (RECIPE_LENGTH_MAX, campaign, WAYS_MAX),
        )
        return (Way(*row) for row in rows)

    def _frontier(self, campaign: int) -> Frontier:
        wanted = "SELECT number FROM states WHERE campaign = ? ORDER BY"
        rows = self._rows(
            "SELECT mark, keys, draws, tries, hits, is_open FROM states WHERE campaign = ? AND"
            f" (number IN ({wanted} tries DESC, number LIMIT ?) OR"
            f" number IN ({wanted} hits DESC, number LIMIT ?)) ORDER BY tries DESC, number",
            *(campaign, campaign, STATES_MAX // 2, campaign, STATES_MAX // 2),
        )
        efforts = self._rows(
            "SELECT nullif(mark, -1), places, tries, hits FROM efforts WHERE campaign = ?"
            " ORDER BY tries DESC, mark",
            campaign,
        )
        return Frontier(
            states=tuple(_state(*row) for row in rows),
            by_tries=self._by_tries(campaign),
            efforts=tuple(Effort(*row) for row in efforts),
        )

    def _by_tries(self, campaign: int) -> tuple[int, ...]:
        steps = " ".join(f"WHEN tries <= {most} THEN {i}" for i, most in enumerate(TRIES_STEPS))
        rows = self._rows(
            f"SELECT CASE {steps} ELSE {len(TRIES_STEPS)} END AS step, count(*) FROM states"
            " WHERE campaign = ? GROUP BY step",
            campaign,
        )
        counts = dict(rows)
        return tuple(int(counts.get(i, 0)) for i in range(len(TRIES_STEPS) + 1))

    def _edges(self, campaign: int) -> Edges | None:
        rows = self._rows(
            "SELECT executable, edges, places FROM coverage WHERE campaign = ?", campaign
        )
        if not rows:
            return None
        executable, seen, places = rows[0]
        return Edges(str(executable), _inflated(seen), _unpacked(_inflated(places)))


def _ways_of_bugs(bugs: tuple[Sighting, ...]) -> Iterator[Way]:
    for bug in bugs:
        recipe = bug.recipe[:RECIPE_LENGTH_MAX]
        yield Way(bug.root, recipe, bug.first_timeline, bug.draws, bug.bucket)


def _state(mark: int, keys: str, draws: int, tries: int, hits: int, is_open: int) -> StateTally:
    return StateTally(mark, keys, draws, tries, hits, bool(is_open))


def _tally(
    index: int, kind: str, compare: str, message: str, file: str, line: int, *numbers: Any
) -> MarkTally:
    mark = Mark(index, MarkKind[kind.upper()], Compare[compare.upper()], message, file, line)
    return MarkTally(mark, *numbers)


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(data, _COVERAGE_BYTES_MAX)
    if not inflater.eof:
        raise ValueError("coverage is cut off")
    return inflated


def _unpacked(data: bytes) -> tuple[int, ...]:
    numbers = array.array("Q", data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return tuple(numbers)
