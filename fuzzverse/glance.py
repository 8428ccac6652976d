"""A run as its OUT shows it, while it goes on and behind its end: what its own screen shows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from fuzzverse.chronicle import Brief, Sighting, read_brief
from fuzzverse.errors import UsageError
from fuzzverse.model import Isolation, Policy, Strategy, Totals, Verdict
from fuzzverse.outcome import Bug, Snapshot
from fuzzverse.outdir import is_held

# The end of events.jsonl, which has the last totals: there are some every second.
TAIL_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Glance:
    """One look: `stopped` says why the campaign has ended, "" while it runs or when it was
    killed."""

    target: str
    moment: Snapshot
    stopped: str
    is_running: bool


def look(out: Path) -> Glance:
    """Looks at the last campaign of an OUT.

    Raises:
        UsageError: this is no OUT, or of another fuzzverse, or nothing is known of it yet.
    """
    archive = out / "archive.db"
    if not archive.is_file():
        raise UsageError(f"{out} is nothing that a run left: it has no archive.db")
    is_running = is_held(out)
    brief = read_brief(archive)
    events = list(_events(out / "events.jsonl"))
    return Glance(
        target=brief.campaign.target,
        moment=_moment(brief, events, out),
        stopped=brief.campaign.stopped or "",
        is_running=is_running,
    )


def _events(path: Path) -> Iterator[dict[str, Any]]:
    """The last events; what is cut off or damaged is left out."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL_BYTES))
            lines = stream.read(TAIL_BYTES).splitlines()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("seconds"), int | float):
            yield event


def _moment(brief: Brief, events: list[dict[str, Any]], out: Path) -> Snapshot:
    campaign = brief.campaign
    found = [event["seconds"] for event in events if event.get("event") == "discovery"]
    told = [event for event in events if event.get("event") == "totals"]
    if not told:
        raise UsageError(f"{out} has no totals yet; look again in a second")
    seconds = float(told[-1]["seconds"])
    try:
        totals = _totals(told[-1])
        strategy = Strategy[campaign.strategy.upper()]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{out / 'events.jsonl'} is damaged ({error})") from error
    return Snapshot(
        seconds=seconds,
        last_discovery=min(seconds, float(found[-1])) if found else 0.0,
        totals=totals,
        tallies=brief.tallies,
        bugs=tuple(map(_bug, brief.bugs)),
        corpus=brief.entry_count,
        policy=Policy(strategy=strategy),
        unfit=campaign.unfit or "",
    )


def _totals(event: dict[str, Any]) -> Totals:
    values = {field.name: event[field.name] for field in fields(Totals)}
    values["isolation"] = Isolation[values["isolation"].upper()]
    values["verdicts"] = tuple(map(int, values["verdicts"]))
    values["makers"] = tuple((int(tries), int(yields)) for tries, yields in values["makers"])
    return Totals(**values)


def _bug(seen: Sighting) -> Bug:
    """As much as a screen shows of it."""
    return Bug(
        bucket=seen.bucket,
        verdict=Verdict.ASSERTION,
        kind=seen.kind,
        message=seen.message,
        identity="",
        root=int(seen.root),
        recipe=seen.recipe,
        segments=0,
        draws=seen.draws,
        sightings=seen.sightings,
        first_timeline=seen.first_timeline,
        reproduced=seen.reproduced,
        replays=seen.replays,
        command="",
    )
