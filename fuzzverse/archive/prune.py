"""What an archive need not keep for ever."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from sqlalchemy import delete, select

from fuzzverse.archive.database import Database
from fuzzverse.archive.schema import CAMPAIGNS, COVERAGE, CURVES, EFFORTS, ENTRIES, MAKERS, STATES

NAMES_MAX: Final = 500
_DETAILS: Final = (COVERAGE, CURVES, EFFORTS, MAKERS, STATES)


def forget_entries(database: Database, target: str, names: Iterable[str]) -> None:
    """Takes entries of a target out, by the names of their corpus files."""
    ours = select(CAMPAIGNS.c.id).where(CAMPAIGNS.c.target == target)
    rest = iter(names)
    with database.errors(), database.writing():
        while some := list(islice(rest, NAMES_MAX)):
            chosen = ENTRIES.c.campaign.in_(ours) & ENTRIES.c.name.in_(some)
            database.connection.execute(delete(ENTRIES).where(chosen))


def forget_details(database: Database, before: float) -> None:
    """Takes out what only reports on single campaigns show, of those that began before a moment
    (seconds since the epoch). What they found, and what became of properties, stays."""
    old = select(CAMPAIGNS.c.id).where(CAMPAIGNS.c.started < before)
    with database.errors(), database.writing():
        for table in _DETAILS:
            database.connection.execute(delete(table).where(table.c.campaign.in_(old)))
