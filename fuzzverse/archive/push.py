"""Copies campaigns from the archive of an OUT into a team's, as often as one likes.

The archive of the OUT is the truth. A campaign is copied in one transaction, known by its uid, so a
copy that was cut off leaves nothing behind, and the next one makes up for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Result, Select, Table, delete, func, insert, select, update

from fuzzverse.archive.database import Database
from fuzzverse.archive.schema import (
    BLOBS,
    BUGS,
    CAMPAIGNS,
    CHANGING,
    ENTRIES,
    EVIDENCE,
    GROWING,
    SURVEYED,
)
from fuzzverse.files import name_of

ROWS_MAX: Final = 500
BLOBS_MAX: Final = 32
BLOB_SIZE_MAX: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Pushed:
    """What the campaigns that were copied have: so many entries and bugs."""

    campaigns: int
    entries: int
    bugs: int


def push(
    source: Database, team: Database, input_of: Callable[[str], bytes | None], uid: str = ""
) -> Pushed:
    """Copies every campaign of `source`, or the one of `uid`, with the bytes of its inputs.

    Args:
        source: the archive of an OUT.
        team: where to.
        input_of: the bytes of a corpus file by its name, None when there are none.
        uid: the campaign, which may be under way: then without its surveys, which may have fifty
            thousand rows, each time others; "": all, whole.

    Raises:
        EngineError: one of the two cannot be used; campaigns that are through stay.
    """
    with source.errors():
        _name(source)
        chosen = select(CAMPAIGNS.c.id).order_by(CAMPAIGNS.c.id)
        if uid:
            chosen = chosen.where(CAMPAIGNS.c.uid == uid)
        with source.connection.begin():
            campaigns = source.connection.execute(chosen).scalars().all()
    copies = [_Copy(source, team, input_of, campaign, bool(uid)) for campaign in campaigns]
    counts = [copy.run() for copy in copies]
    return Pushed(len(counts), sum(c[0] for c in counts), sum(c[1] for c in counts))


def _name(source: Database) -> None:
    """Draws uids for campaigns of a time before there were any."""
    nameless = select(CAMPAIGNS.c.id).where(CAMPAIGNS.c.uid.is_(None))
    with source.connection.begin():
        if not source.connection.execute(nameless).first():
            return
    with source.writing():
        for campaign in source.connection.execute(nameless).scalars().all():
            named = update(CAMPAIGNS).where(CAMPAIGNS.c.id == campaign)
            source.connection.execute(named.values(uid=secrets.token_hex(16)))


class _Copy:
    """The copy of one campaign."""

    def __init__(
        self,
        source: Database,
        team: Database,
        input_of: Callable[[str], bytes | None],
        campaign: int,
        is_followed: bool,
    ) -> None:
        self._source = source
        self._team = team
        self._input_of = input_of
        self._campaign = campaign
        self._is_followed = is_followed
        self._there = 0

    def run(self) -> tuple[int, int]:
        """Returns how many entries and bugs the campaign has."""
        with self._team.errors(), self._team.writing():
            # From here on nobody else copies this campaign; what is copied is read after that.
            with self._source.connection.begin():
                self._there = self._put_campaign()
            with self._source.connection.begin():
                self._put_campaign()
                for table, key in GROWING:
                    self._add(table, key)
                for table in (*CHANGING, *(() if self._is_under_way() else SURVEYED)):
                    self._replace(table)
                for part in EVIDENCE:
                    self._put_blobs(BUGS, part, self._blob)
                self._put_blobs(ENTRIES, "name", self._input_of)
                return self._count(ENTRIES), self._count(BUGS)

    def _is_under_way(self) -> bool:
        stopped = select(CAMPAIGNS.c.stopped).where(CAMPAIGNS.c.id == self._campaign)
        return self._is_followed and self._read(stopped).scalar_one() is None

    def _read(self, query: Select[Any]) -> Result[Any]:
        with self._source.errors():
            return self._source.connection.execute(query)

    def _put_campaign(self) -> int:
        query = select(CAMPAIGNS).where(CAMPAIGNS.c.id == self._campaign)
        row = clean(self._read(query).mappings().one())
        del row["id"]
        statement = self._team.insert(CAMPAIGNS).values(row)
        put = statement.on_conflict_do_update(index_elements=["uid"], set_=row)
        return int(self._team.connection.execute(put.returning(CAMPAIGNS.c.id)).scalar_one())

    def _count(self, table: Table, *further: ColumnElement[bool]) -> int:
        query = select(func.count()).where(table.c.campaign == self._campaign, *further)
        return int(self._read(query).scalar_one())

    def _add(self, table: Table, key: str) -> None:
        """Adds the rows past those that are there; begins anew when those are not a beginning."""
        is_ours = table.c.campaign == self._there
        asked = select(func.count(), func.max(table.c[key])).where(is_ours)
        held, last = self._team.connection.execute(asked).one()
        past = [table.c[key] > last] if held else []
        if held and self._count(table, table.c[key] <= last) != held:
            self._team.connection.execute(delete(table).where(is_ours))
            past = []
        self._insert(table, *past)

    def _replace(self, table: Table) -> None:
        self._team.connection.execute(delete(table).where(table.c.campaign == self._there))
        self._insert(table)

    def _insert(self, table: Table, *further: ColumnElement[bool]) -> None:
        query = select(table).where(table.c.campaign == self._campaign, *further)
        result = self._read(query).mappings()
        for rows in result.partitions(ROWS_MAX):
            copies = [{**clean(row), "campaign": self._there} for row in rows]
            self._team.connection.execute(insert(table), copies)

    def _put_blobs(
        self, table: Table, column: str, bytes_of: Callable[[str], bytes | None]
    ) -> None:
        """Brings the bytes that rows of the campaign name and nobody has brought so far.

        In the order of their names, so that two who bring the same ones wait for each other in
        turn, never each for the other.
        """
        name = table.c[column]
        missing = (
            select(name)
            .distinct()
            .outerjoin_from(table, BLOBS, BLOBS.c.name == name)
            .where(table.c.campaign == self._there, name.is_not(None), BLOBS.c.name.is_(None))
            .order_by(name)
        )
        names = self._team.connection.execute(missing).scalars().all()
        put = self._team.insert(BLOBS).on_conflict_do_nothing()
        for some in _chunks(names, BLOBS_MAX):
            found = ((one, bytes_of(one)) for one in some)
            rows = [
                {"name": one, "size": len(data), "data": data}
                for one, data in found
                if data is not None and len(data) <= BLOB_SIZE_MAX and name_of(data) == one
            ]
            if rows:
                self._team.connection.execute(put, rows)

    def _blob(self, name: str) -> bytes | None:
        query = select(BLOBS.c.data).where(BLOBS.c.name == name)
        data: bytes | None = self._read(query).scalar_one_or_none()
        return data


def clean(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row without what PostgreSQL refuses in texts: NUL, and halves of characters."""
    return {
        str(name): value.encode(errors="replace").decode().replace("\0", "\ufffd")
        if isinstance(value, str)
        else value
        for name, value in row.items()
    }


def _chunks(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (names[at : at + size] for at in range(0, len(names), size))
