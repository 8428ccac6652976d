"""What an archive tells of a campaign, for reports: the last one of it, and the one before.

Reads only, in one transaction; an archive that is being written may be read. What a file from
elsewhere holds is not believed: whatever is not as it should be is a UsageError.
"""

from __future__ import annotations

import array
import contextlib
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, case, func, or_, select, type_coerce
from sqlalchemy.types import NullType

from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.schema import (
    BUGS,
    CAMPAIGNS,
    COVERAGE,
    CURVES,
    EFFORTS,
    ENTRIES,
    MAKERS,
    MARKS,
    STATES,
)
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.model import Compare, Effort, Mark, MarkKind, MarkTally, StateTally

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


@dataclass(frozen=True, slots=True)
class Brief:
    """What is told of the last campaign while it runs; `entry_count` is that of its corpus."""

    campaign: Campaign
    bugs: tuple[Sighting, ...]
    tallies: tuple[MarkTally, ...]
    entry_count: int


def read_brief(path: Path) -> Brief:
    """Reads what a screen shows of the last campaign; raises as `read`."""
    with _reading(path) as reader:
        return reader.brief()


def read(path: Path) -> Chronicle:
    """Reads the last campaign of an archive, which is brought up to date if it is an old one.

    Raises:
        UsageError: it is no archive, holds no campaign, or was written by a newer fuzzverse.
    """
    with _reading(path) as reader:
        return reader.chronicle()


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[_Reader]:
    """The archive at one moment, also while a campaign writes."""
    try:
        with (
            Database(Where(str(path)), reads_only=True) as database,
            database.errors(),
            database.connection.begin(),
        ):
            yield _Reader(path, database.connection)
    except EngineError as error:
        raise UsageError(str(error)) from error
    except (KeyError, ValueError, TypeError, OverflowError, zlib.error) as error:
        words = " ".join(str(error).split())
        raise UsageError(f"{path} is damaged ({words})") from error


class _Reader:
    """The queries, one a method."""

    def __init__(self, path: Path, connection: Connection) -> None:
        self._path = path
        self._connection = connection

    def brief(self) -> Brief:
        campaign = self._last()
        return Brief(
            campaign, self._bugs(campaign.id), self._tallies(campaign.id),
            self._count(ENTRIES, campaign.id),
        )  # fmt: skip

    def _last(self) -> Campaign:
        campaign = self._campaign(select(func.max(CAMPAIGNS.c.id)))
        if campaign is None:
            raise UsageError(f"{self._path} holds no campaign yet")
        return campaign

    def chronicle(self) -> Chronicle:
        campaign = self._last()
        c = CAMPAIGNS.c
        earlier = select(func.max(c.id)).where(c.target == campaign.target, c.id < campaign.id)
        previous = self._campaign(earlier)
        bugs = self._bugs(campaign.id)
        return Chronicle(
            campaign=campaign,
            previous=previous,
            bugs=bugs,
            bugs_before=() if previous is None else self._bugs(previous.id),
            tallies=self._tallies(campaign.id),
            tallies_before=() if previous is None else self._tallies(previous.id),
            points=self._points(campaign.id),
            makers=self._makers(campaign.id),
            ways=(*_ways_of_bugs(bugs), *self._ways(campaign.id)),
            entry_count=self._count(ENTRIES, campaign.id),
            frontier=self._frontier(campaign.id),
            edges=self._edges(campaign.id),
        )

    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        return self._connection.execute(query).all()

    def _count(self, table: Table, campaign: int) -> int:
        query = select(func.count()).where(table.c.campaign == campaign)
        return int(self._connection.execute(query).scalar_one())

    def _campaign(self, which: Select[tuple[int]]) -> Campaign | None:
        c = CAMPAIGNS.c
        query = select(
            *(c.id, c.target, c.build_id, c.strategy, c.campaign_seed, c.policy, c.started),
            *(c.seconds, c.stopped, c.timelines, c.roots, c.draws, c.features, c.edges_found),
            *(c.edges_total, func.coalesce(c.digest, ""), c.states, c.seen_once, c.seen_twice),
            *(c.isolation, c.unfit, c.checked),
        ).where(c.id == which.scalar_subquery())
        rows = self._rows(query)
        return Campaign(*rows[0]) if rows else None

    def _bugs(self, campaign: int) -> tuple[Sighting, ...]:
        c = BUGS.c
        query = (
            select(
                *(c.bucket, c.kind, c.message, c.root, c.recipe, c.draws, c.sightings),
                *(c.first_timeline, c.reproduced, c.replays),
            )
            .where(c.campaign == campaign)
            .order_by(c.first_timeline, c.bucket)
        )
        return tuple(Sighting(*row) for row in self._rows(query))

    def _tallies(self, campaign: int) -> tuple[MarkTally, ...]:
        c = MARKS.c
        query = (
            select(
                *(c.mark, c.kind, func.coalesce(c["compare"], "none"), c.message, c.file, c.line),
                *(c.passes, c.failures, c.watermark, func.coalesce(c.width, 0)),
                *(func.coalesce(c.conditions, 0), func.coalesce(c.buckets, 0), c.first_timeline),
            )
            .where(c.campaign == campaign)
            .order_by(c.mark)
        )
        return tuple(_tally(*row) for row in self._rows(query))

    def _points(self, campaign: int) -> tuple[Point, ...]:
        """At most POINTS_MAX, evenly, the last one among them."""
        step = max(1, -(-self._count(CURVES, campaign) // POINTS_MAX))
        number = func.row_number().over(order_by=CURVES.c.seconds.desc()).label("number")
        every = select(CURVES, number).where(CURVES.c.campaign == campaign).subquery()
        c = every.c
        query = (
            select(
                *(c.seconds, c.timelines, c.features, c.edges, c.corpus, c.bugs),
                *(c.states, c.seen_once, c.seen_twice),
            )
            .where(c.number % step == 1 % step)
            .order_by(c.seconds)
        )
        return tuple(Point(*row) for row in self._rows(query))

    def _makers(self, campaign: int) -> tuple[tuple[str, int, int], ...]:
        c = MAKERS.c
        query = select(c.maker, c.tries, c.yields).where(c.campaign == campaign)
        rows = self._rows(query.order_by(c.tries.desc()))
        return tuple((str(maker), int(tries), int(yields)) for maker, tries, yields in rows)

    def _ways(self, campaign: int) -> Iterator[Way]:
        c = ENTRIES.c
        recipe = func.substr(c.recipe, 1, RECIPE_LENGTH_MAX)
        query = select(c.root, recipe, c.timeline, c.draws).where(c.campaign == campaign)
        rows = self._connection.execute(query.order_by(c.timeline).limit(WAYS_MAX))
        return (Way(*row) for row in rows)

    def _frontier(self, campaign: int) -> Frontier:
        c = STATES.c
        numbers = select(c.number).where(c.campaign == campaign).limit(STATES_MAX // 2)
        most = (numbers.order_by(worth.desc(), c.number) for worth in (c.tries, c.hits))
        states = (
            select(c.mark, c["keys"], c.draws, c.tries, c.hits, c.is_open)
            .where(c.campaign == campaign, or_(*(c.number.in_(query) for query in most)))
            .order_by(c.tries.desc(), c.number)
        )
        e = EFFORTS.c
        mark = func.nullif(e.mark, -1)
        efforts = select(mark, e.places, e.tries, e.hits).where(e.campaign == campaign)
        return Frontier(
            states=tuple(_state(*row) for row in self._rows(states)),
            by_tries=self._by_tries(campaign),
            efforts=tuple(
                Effort(*row) for row in self._rows(efforts.order_by(e.tries.desc(), e.mark))
            ),
        )

    def _by_tries(self, campaign: int) -> tuple[int, ...]:
        c = STATES.c
        within = ((c.tries <= most, i) for i, most in enumerate(TRIES_STEPS))
        step = case(*within, else_=len(TRIES_STEPS)).label("step")
        query = select(step, func.count()).where(c.campaign == campaign).group_by(step)
        counts = {int(row[0]): int(row[1]) for row in self._rows(query)}
        return tuple(counts.get(i, 0) for i in range(len(TRIES_STEPS) + 1))

    def _edges(self, campaign: int) -> Edges | None:
        c = COVERAGE.c
        # As it is: made bytes of, a number would become as many of them.
        blobs = (type_coerce(column, NullType()) for column in (c.edges, c.places))
        rows = self._rows(select(c.executable, *blobs).where(c.campaign == campaign))
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
