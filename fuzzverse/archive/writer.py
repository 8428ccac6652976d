"""What a campaign writes: the archive of one OUT, a SQLite file that any tool can read."""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.dialects import sqlite

from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.schema import (
    BLOBS,
    BUGS,
    CAMPAIGNS,
    COVERAGE,
    CURVES,
    EFFORTS,
    ENTRIES,
    EVIDENCE,
    MAKERS,
    MARKS,
    STATES,
)
from fuzzverse.files import name_of
from fuzzverse.model import Effort, Maker, MarkTally, StateTally, Survey
from fuzzverse.outcome import Bug, Snapshot, Summary

# Columns of a campaign that are called as in model.Totals.
_TOTALS: Final = (
    "timelines", "roots", "draws", "features", "edges_found", "edges_total", "states", "parted",
    "checked", "jobs_forked",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of a campaign when it begins.

    `started` is seconds since the epoch; `uid` 32 hex digits, drawn at random; `build` says how the
    target was built, in JSON.
    """

    target: str
    build_id: str
    strategy: str
    campaign_seed: int
    policy: str
    started: float
    uid: str
    build: str


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
    """The open archive of an OUT. Nothing is durable before `commit`, which callers do every
    second."""

    def __init__(self, path: Path) -> None:
        # Serialised by the caller; threads other than the opening one never write.
        self._database = Database(Where(str(path)))
        self._connection = self._database.connection
        self._entries: list[dict[str, object]] = []

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

    def begin(self, start: Start) -> int:
        """Opens a campaign and returns its id."""
        values = {**asdict(start), "campaign_seed": str(start.campaign_seed)}
        with self._database.errors():
            result = self._connection.execute(insert(CAMPAIGNS), values)
            self._connection.commit()
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])

    def earlier(self, target: str) -> Earlier | None:
        """What the campaigns of a target have left here so far; None when there was none."""
        c, e = CAMPAIGNS.c, ENTRIES.c
        counted = select(func.count(), func.coalesce(func.sum(c.roots), 0))
        named = select(e.name).join(CAMPAIGNS, c.id == e.campaign)
        named = named.where(c.target == target).order_by(e.campaign, e.timeline)
        with self._database.errors():
            counts = self._connection.execute(counted.where(c.target == target)).one()
            names = self._connection.execute(named).scalars().all()
        campaigns, roots = counts
        if campaigns == 0:
            return None
        return Earlier(roots=int(roots), names=tuple(dict.fromkeys(names)))

    def _put(self, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
        """Inserts rows of equal columns, or updates those columns where their keys are there."""
        values = list(rows)
        if not values:
            return
        with self._database.errors():
            self._connection.execute(_upsert(table, tuple(values[0])), values)

    def add_entries(self, campaign: int, *entries: Entry) -> None:
        """Keeps productive timelines; they reach the database together, with `commit`."""
        rows = ({"campaign": campaign, **asdict(e), "root": str(e.root)} for e in entries)
        self._entries.extend(rows)

    def put_bugs(self, campaign: int, *bugs: Bug) -> None:
        """Keeps the buckets as they stand now."""
        self._put(BUGS, (_bug_row(campaign, bug) for bug in bugs))

    def put_evidence(self, campaign: int, bucket: str, parts: Mapping[str, bytes]) -> None:
        """Keeps the bytes of a bug that `put_bugs` has kept: its input, log and stack."""
        assert tuple(parts) == EVIDENCE
        names = {part: name_of(data) for part, data in parts.items()}
        blobs = {name: parts[part] for part, name in names.items()}
        self._put(BLOBS, ({"name": n, "size": len(d), "data": d} for n, d in blobs.items()))
        chosen = (BUGS.c.campaign == campaign) & (BUGS.c.bucket == bucket)
        with self._database.errors():
            self._connection.execute(update(BUGS).where(chosen).values(names))

    def put_marks(self, campaign: int, *tallies: MarkTally) -> None:
        """Keeps the tallies of all marks as they stand now."""
        self._put(MARKS, (_mark_row(campaign, tally) for tally in tallies))

    def put_survey(
        self, campaign: int, survey: Survey, executable: str, places: Sequence[int]
    ) -> None:
        """Keeps where a campaign has been by now; `places` is the address of each edge in the file
        `executable`, none when they are not known."""
        self._put(STATES, (_state_row(campaign, n, s) for n, s in enumerate(survey.states)))
        spent = ({**asdict(e), "mark": -1 if e.mark is None else e.mark} for e in efforts(survey))
        self._put(EFFORTS, ({**e, "campaign": campaign} for e in spent))
        packed = struct.pack(f"<{len(places)}Q", *places)
        coverage = {
            "campaign": campaign,
            "executable": executable,
            "edges": zlib.compress(survey.edges),
            "places": zlib.compress(packed),
        }
        self._put(COVERAGE, [coverage])

    def add_point(self, campaign: int, moment: Snapshot) -> None:
        """Adds a point to the campaign's curves and brings its row up to date."""
        t = moment.totals
        point = {
            "campaign": campaign,
            "seconds": moment.seconds,
            "timelines": t.timelines,
            "features": t.features,
            "edges": t.edges_found,
            "splitpoints": t.splitpoints,
            "corpus": moment.corpus,
            "bugs": len(moment.bugs),
            "states": t.states,
            "seen_once": t.once,
            "seen_twice": t.twice,
        }
        with self._database.errors():
            self._connection.execute(insert(CURVES), point)
        self._put_totals(campaign, moment, None)

    def end(self, campaign: int, summary: Summary) -> None:
        """Closes a campaign."""
        self._put_totals(campaign, summary, summary.stopped.value)

    def _put_totals(self, campaign: int, moment: Snapshot | Summary, stopped: str | None) -> None:
        totals = moment.totals
        values = {
            **{name: getattr(totals, name) for name in _TOTALS},
            "seconds": moment.seconds,
            "stopped": stopped,
            "digest": f"{totals.digest:016x}",
            "seen_once": totals.once,
            "seen_twice": totals.twice,
            "isolation": totals.isolation.name.lower(),
            "unfit": moment.unfit,
        }
        with self._database.errors():
            chosen = update(CAMPAIGNS).where(CAMPAIGNS.c.id == campaign)
            self._connection.execute(chosen.values(values))
        makers = zip(Maker, totals.makers, strict=True)
        self._put(
            MAKERS,
            ({"campaign": campaign, "maker": maker.name.lower(), "tries": tries, "yields": yields}
             for maker, (tries, yields) in makers if tries > 0),
        )  # fmt: skip

    def commit(self) -> None:
        """Makes everything so far durable against the death of this process."""
        rows, self._entries = self._entries, []
        self._put(ENTRIES, rows)
        with self._database.errors():
            self._connection.commit()


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


@functools.cache
def _upsert(table: Table, columns: tuple[str, ...]) -> sqlite.Insert:
    statement = sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _bug_row(campaign: int, bug: Bug) -> dict[str, object]:
    names = set(BUGS.c.keys()) - {"campaign", *EVIDENCE}
    row = {name: getattr(bug, name) for name in sorted(names)}
    return {
        **row,
        "campaign": campaign,
        "root": str(bug.root),
        "verdict": bug.verdict.name.lower(),
        "is_minimized": int(bug.is_minimized),
    }


def _state_row(campaign: int, number: int, state: StateTally) -> dict[str, object]:
    """By hand: there are many, and a campaign waits while they are written."""
    return {
        "campaign": campaign,
        "number": number,
        "mark": state.mark,
        "keys": state.keys,
        "draws": state.draws,
        "tries": state.tries,
        "hits": state.hits,
        "is_open": int(state.is_open),
    }


def _mark_row(campaign: int, tally: MarkTally) -> dict[str, object]:
    mark = tally.mark
    return {
        "campaign": campaign,
        "mark": mark.index,
        "kind": mark.kind.name.lower(),
        "message": mark.message,
        "file": mark.file,
        "line": mark.line,
        "passes": tally.passes,
        "failures": tally.failures,
        "watermark": tally.watermark,
        "first_timeline": tally.first_timeline,
        "compare": mark.compare.name.lower(),
        "width": tally.width,
        "conditions": tally.condition_count,
        "buckets": tally.bucket_count,
    }
