"""The tables as they are after all migrations, for statements; migrations.py makes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA: Final = MetaData()


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


def _numbers(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger) for name in names]


def _owner(*, is_key: bool = True) -> Column[int]:
    """The campaign that a row belongs to."""
    return Column("campaign", BigInteger, ForeignKey("campaigns.id"), primary_key=is_key)


# Seeds are numbers of 64 bits without a sign, which no database has: they are text.
CAMPAIGNS: Final = Table(
    "campaigns",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    *_texts("target", "build_id", "strategy", "campaign_seed", "policy"),
    Column("started", Float),
    Column("seconds", Float),
    *_texts("stopped"),
    *_numbers("timelines", "roots", "draws", "features", "edges_found", "edges_total"),
    *_texts("digest"),
    *_numbers("states", "seen_once", "seen_twice"),
    *_texts("isolation", "unfit"),
    *_numbers("parted", "checked", "jobs_forked"),
    *_texts("uid", "build"),
)
ENTRIES: Final = Table(
    "entries",
    METADATA,
    _owner(),
    *_texts("name"),
    Column("timeline", BigInteger, primary_key=True, autoincrement=False),
    *_texts("root", "recipe"),
    *_numbers("draws", "fresh"),
)
BUGS: Final = Table(
    "bugs",
    METADATA,
    _owner(),
    _key("bucket"),
    *_texts("kind", "message", "root", "recipe"),
    *_numbers("draws", "sightings", "first_timeline", "reproduced", "replays"),
    *_texts("verdict", "identity"),
    *_numbers("segments"),
    *_texts("input", "log", "stack"),
    *_numbers("is_minimized"),
)
MARKS: Final = Table(
    "marks",
    METADATA,
    _owner(),
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    *_texts("kind", "message", "file"),
    *_numbers("line", "passes", "failures", "watermark", "first_timeline"),
    *_texts("compare"),
    *_numbers("width", "conditions", "buckets"),
)
CURVES: Final = Table(
    "curves",
    METADATA,
    _owner(is_key=False),
    Column("seconds", Float),
    *_numbers("timelines", "features", "edges", "splitpoints", "corpus", "bugs"),
    *_numbers("states", "seen_once", "seen_twice"),
)
MAKERS: Final = Table("makers", METADATA, _owner(), _key("maker"), *_numbers("tries", "yields"))
STATES: Final = Table(
    "states",
    METADATA,
    _owner(),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    *_numbers("mark"),
    *_texts("keys"),
    *_numbers("draws", "tries", "hits", "is_open"),
)
EFFORTS: Final = Table(
    "efforts",
    METADATA,
    _owner(),
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    *_numbers("places", "tries", "hits"),
)
COVERAGE: Final = Table(
    "coverage",
    METADATA,
    _owner(),
    *_texts("executable"),
    Column("edges", LargeBinary),
    Column("places", LargeBinary),
)
# Bytes, once, by their SHA-1: the inputs, logs and stacks of bugs; in a team's archive also the
# inputs of entries, which in an archive of one OUT are files beside it.
BLOBS: Final = Table(
    "blobs", METADATA, _key("name"), *_numbers("size"), Column("data", LargeBinary)
)

# The parts of a bug that are blobs.
EVIDENCE: Final = ("input", "log", "stack")
# Tables of a campaign whose rows are only ever added, by the column that grows with them; those
# whose rows change while it runs; and those of surveys, which change as well, and are large.
GROWING: Final = ((ENTRIES, "timeline"), (CURVES, "seconds"))
CHANGING: Final = (BUGS, MARKS, MAKERS)
SURVEYED: Final = (STATES, EFFORTS, COVERAGE)
