"""What triage asks of an archive: bugs across campaigns, the builds that brought them, and what
became of a property."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, Select, select

from fuzzverse import rebuild
from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.schema import BLOBS, BUGS, CAMPAIGNS, EVIDENCE, MARKS
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import name_of
from fuzzverse.model import Verdict
from fuzzverse.outcome import Bug
from fuzzverse.rebuild import NOT_KNOWN, Rebuild

FILE_NAME: Final = "archive.db"


@dataclass(frozen=True, slots=True)
class SeenBug:
    """A bucket of one target across the campaigns of an archive.

    `first` and `last` are when the campaigns began that saw it first and last, in seconds since the
    epoch; `bad_build` is that of the first, in whose `timeline` it was seen, and `good_build` the
    last build before it that was another one ("": none was). `reproduced` of `replays` replays in
    all of them ended in it.
    """

    target: str
    bucket: str
    kind: str
    message: str
    first: float
    last: float
    timeline: int
    bad_build: str
    good_build: str
    campaigns: int
    sightings: int
    reproduced: int
    replays: int

    @property
    def is_flaky(self) -> bool:
        """Whether a replay did not end in it."""
        return self.reproduced < self.replays


@dataclass(frozen=True, slots=True)
class Held:
    """What was seen of a mark in one campaign, which began at `started` and had `timelines`."""

    target: str
    kind: str
    message: str
    place: str
    started: float
    build_id: str
    timelines: int
    passes: int
    failures: int
    watermark: int | None


@dataclass(frozen=True, slots=True)
class KeptBug:
    """A bug as an archive keeps it, with the bytes of its parts and how its build came about."""

    bug: Bug
    target: str
    build_id: str
    rebuild: Rebuild
    parts: dict[str, bytes]


def open_existing(place: str) -> Database:
    """The archive at a URL or path, or that of an OUT; UsageError when there is none."""
    if "://" not in place:
        path = Path(place) / FILE_NAME if Path(place).is_dir() else Path(place)
        if not path.is_file():
            raise UsageError(f"there is no archive {path}; give an OUT, a file, or a URL")
        place = str(path)
    return Database(Where(place))


def bugs_across(database: Database) -> tuple[SeenBug, ...]:
    """Every bucket of every target, in the order in which they were seen first."""
    began = (CAMPAIGNS.c.started, CAMPAIGNS.c.id)
    c = CAMPAIGNS.c
    campaigns = select(c.id, c.target, c.build_id, c.started).order_by(*began)
    query = (
        select(BUGS, c.target, c.build_id, c.started)
        .join(CAMPAIGNS, c.id == BUGS.c.campaign)
        .order_by(c.target, BUGS.c.bucket, *began)
    )
    known = _rows(database, campaigns)
    groups = groupby(_rows(database, query), lambda row: (row.target, row.bucket))
    found = [_seen(list(rows), known) for _, rows in groups]
    return tuple(sorted(found, key=lambda bug: (bug.first, bug.target, bug.bucket)))


def _seen(rows: list[Row[Any]], campaigns: Iterable[Row[Any]]) -> SeenBug:
    """One bucket out of its rows, oldest first."""
    first, last = rows[0], rows[-1]
    builds = {row.build_id for row in rows}
    before = [
        one.build_id
        for one in campaigns
        if one.target == first.target
        and (one.started, one.id) < (first.started, first.campaign)
        and one.build_id not in builds
    ]
    return SeenBug(
        target=first.target,
        bucket=first.bucket,
        kind=first.kind,
        message=last.message,
        first=first.started,
        last=last.started,
        timeline=first.first_timeline,
        bad_build=first.build_id,
        good_build=before[-1] if before else "",
        campaigns=len(rows),
        sightings=sum(row.sightings for row in rows),
        reproduced=sum(row.reproduced for row in rows),
        replays=sum(row.replays for row in rows),
    )


def properties(database: Database, words: str) -> tuple[Held, ...]:
    """What became of the marks whose message contains `words`, campaign by campaign."""
    c, m = CAMPAIGNS.c, MARKS.c
    query = (
        select(MARKS, c.target, c.build_id, c.started, c.timelines)
        .join(CAMPAIGNS, c.id == m.campaign)
        .where(m.message.contains(words, autoescape=True))
        .order_by(c.target, m.message, m.file, m.line, c.started, c.id)
    )
    return tuple(
        Held(
            target=row.target,
            kind=row.kind,
            message=row.message,
            place=f"{row.file}:{row.line}",
            started=row.started,
            build_id=row.build_id,
            timelines=row.timelines,
            passes=row.passes,
            failures=row.failures,
            watermark=row.watermark,
        )
        for row in _rows(database, query)
    )


def buckets_of(database: Database, target: str) -> tuple[str, ...]:
    """The buckets of a target, sorted."""
    query = (
        select(BUGS.c.bucket)
        .distinct()
        .join(CAMPAIGNS, CAMPAIGNS.c.id == BUGS.c.campaign)
        .where(CAMPAIGNS.c.target == target)
        .order_by(BUGS.c.bucket)
    )
    return tuple(str(row.bucket) for row in _rows(database, query))


def kept_bug(database: Database, bucket: str, target: str = "") -> KeptBug:
    """The best recipe of a bucket out of the build that saw it last, with all its parts; of one
    target, or of any.

    Raises:
        UsageError: there is none whose parts are kept.
    """
    c, b = CAMPAIGNS.c, BUGS.c
    query = (
        select(BUGS, c.target, c.build_id, c.build)
        .join(CAMPAIGNS, c.id == b.campaign)
        .where(b.bucket == bucket, b.verdict.is_not(None), b.input.is_not(None))
        .order_by(c.started.desc(), c.id.desc())
    )
    if target:
        query = query.where(c.target == target)
    rows = _rows(database, query)
    if not rows:
        raise UsageError(f"{database.where.shown} keeps no bug {bucket} with its input")
    same = [row for row in rows if row.build_id == rows[0].build_id]
    row = min(same, key=_length)
    names = {part: getattr(row, part) for part in EVIDENCE}
    blobs = select(BLOBS.c.name, BLOBS.c.data).where(BLOBS.c.name.in_(list(names.values())))
    data = {name_of(one.data): bytes(one.data) for one in _rows(database, blobs)}
    missing = [part for part, name in names.items() if name not in data]
    if missing:
        raise UsageError(f"{database.where.shown} lacks {', '.join(missing)} of {bucket}")
    parts = {part: data[name] for part, name in names.items()}
    try:
        bug = _bug(row)
    except (KeyError, ValueError) as error:
        raise UsageError(f"{database.where.shown} is damaged at {bucket}: {error}") from error
    return KeptBug(bug, row.target, row.build_id, _rebuild(row.build), parts)


def _length(row: Row[Any]) -> tuple[bool, int, int, str]:
    """As Bug.length."""
    return not row.is_minimized, row.segments, row.draws, row.recipe


def _bug(row: Row[Any]) -> Bug:
    return Bug(
        bucket=row.bucket,
        verdict=Verdict[row.verdict.upper()],
        kind=row.kind,
        message=row.message,
        identity=row.identity,
        root=int(row.root),
        recipe=row.recipe,
        segments=row.segments,
        draws=row.draws,
        sightings=row.sightings,
        first_timeline=row.first_timeline,
        reproduced=row.reproduced,
        replays=row.replays,
        command="",
        is_minimized=bool(row.is_minimized),
    )


def _rebuild(text: str | None) -> Rebuild:
    try:
        return rebuild.parse(json.loads(text or ""))
    except (ValueError, RecursionError, InputError):
        return NOT_KNOWN


def _rows(database: Database, query: Select[Any]) -> list[Row[Any]]:
    with database.errors(), database.connection.begin():
        return list(database.connection.execute(query).all())
