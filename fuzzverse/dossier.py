"""All that a report of OUT tells, as values: its last campaign, what the bugs left, the multiverse,
the source. Everything in OUT may come from elsewhere: sizes are capped, damaged parts left out."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse import bugstore, chronicle, multiverse, sources
from fuzzverse.chronicle import Chronicle, Edges, Sighting
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import read_capped
from fuzzverse.multiverse import Branch
from fuzzverse.outcome import Bug
from fuzzverse.outdir import is_held
from fuzzverse.sources import Sources
from fuzzverse.symbolise import symbolise_all

EXHIBITS_MAX: Final = 50
LOG_BYTES_MAX: Final = 64 * 1024
STACK_BYTES_MAX: Final = 16 * 1024
_WHY_BYTES_MAX: Final = 1 << 22
_CURVE_POINTS_MAX: Final = 500
_UNDECIDED: Final = "no other answer to a single draw avoids the bug: no one draw decided"


class Change(enum.StrEnum):
    """A bug beside the campaign before: only in the later one, in both, only in the earlier one."""

    NEW = "new"
    ONGOING = "ongoing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What `bugs why` measured: draws and how likely the bug was from there on; the draw that
    decided (None: no single one did), in words; and what the failing timelines do, with how likely
    the bug is with and without it."""

    draws: int
    points: tuple[tuple[int, float], ...]
    decision: int | None
    place: str
    words: str
    telling: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What OUT/bugs keeps of a bug; `left_out` counts the bytes of the log that are not here."""

    bug: Bug
    log: str
    left_out: int
    stack: str
    why: Likelihood | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A bug of a campaign or the one before; no exhibit when OUT has none, or there are many."""

    change: Change
    seen: Sighting
    exhibit: Exhibit | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """What a report is made of. `is_running`: some run holds OUT now."""

    out: str
    is_running: bool
    chronicle: Chronicle
    findings: tuple[Finding, ...]
    tree: tuple[Branch, ...]
    sources: Sources

    def of(self, *changes: Change) -> tuple[Finding, ...]:
        """The findings with these changes."""
        return tuple(finding for finding in self.findings if finding.change in changes)


def collect(out: Path, symbolizer: Path | None) -> Dossier:
    """Reads what a run left, or has left so far.

    Raises:
        UsageError: `out` is not what a run leaves, or its archive cannot be read.
    """
    archive = out / "archive.db"
    if not archive.is_file():
        raise UsageError(f"{out} {_what_it_lacks(out)}; give what `fuzzverse run` left (its --out)")
    told = chronicle.read(archive)
    return Dossier(
        out=str(out),
        is_running=told.campaign.stopped is None and is_held(out),
        chronicle=told,
        findings=_findings(told, out / "bugs"),
        tree=multiverse.grow(told.ways),
        sources=find_lines(told.edges, told.campaign.build_id, symbolizer),
    )


def _what_it_lacks(out: Path) -> str:
    if not out.exists():
        return "does not exist"
    inside = sorted(found.parent.name for found in out.glob("*/archive.db"))
    if inside:
        return f"holds several runs ({', '.join(inside[:8])})"
    return "holds no archive.db"


# ---- bugs ---------------------------------------------------------------------------------------


def _findings(told: Chronicle, bugs: Path) -> tuple[Finding, ...]:
    """New ones first, then those that both campaigns saw, then those that are gone."""
    before = {seen.bucket for seen in told.bugs_before}
    now = {seen.bucket for seen in told.bugs}
    listed = [
        *((Change.NEW, seen) for seen in told.bugs if seen.bucket not in before),
        *((Change.ONGOING, seen) for seen in told.bugs if seen.bucket in before),
        *((Change.GONE, seen) for seen in told.bugs_before if seen.bucket not in now),
    ]
    return tuple(
        Finding(change, seen, exhibit(bugs, seen.bucket) if number < EXHIBITS_MAX else None)
        for number, (change, seen) in enumerate(listed)
    )


def exhibit(bugs: Path, bucket: str) -> Exhibit | None:
    """What a directory of bugs keeps of a bucket; None when that is nothing, or damaged."""
    try:
        saved = bugstore.load(bugs, bucket)
        log = bugstore.read_part(bugs, bucket, "log")
        stack = bugstore.read_part(bugs, bucket, "stack")
    except UsageError:
        return None
    return Exhibit(
        bug=saved.bug,
        log=log[-LOG_BYTES_MAX:].decode(errors="replace"),
        left_out=max(0, len(log) - LOG_BYTES_MAX),
        stack=stack[:STACK_BYTES_MAX].decode(errors="replace"),
        why=_likelihood(bugs / bucket / "why.json"),
    )


def _likelihood(path: Path) -> Likelihood | None:
    """What `bugs why` wrote; None when it did not, or not as we do."""
    try:
        values = json.loads(read_capped(path, _WHY_BYTES_MAX, follow=False))
        return _parse_why(values)
    except (InputError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        return None


def _parse_why(values: Mapping[str, object]) -> Likelihood:
    curve = _dictionaries(values["curve"])[:_CURVE_POINTS_MAX]
    decision = values["decision"]
    draw, place, words = None, "", _UNDECIDED
    if isinstance(decision, dict):
        draw = int(decision["draw"])
        words = (
            f"{decision['label'] or 'a draw'} answered {decision['value']}; P(bug) is "
            f"{float(decision['before']):.3f} before it and {float(decision['behind']):.3f} behind "
            f"it; {decision['avoiding']} of {decision['other_answers']} other answers avoid the bug"
        )
        place = str(decision["place"])
    return Likelihood(
        draws=_whole(values["draws"]),
        points=tuple(
            (_whole(one["draw"]), _whole(one["failing"]) / _whole(one["futures"])) for one in curve
        ),
        decision=draw,
        place=place,
        words=words,
        telling=tuple(
            (_share(one["likelihood"]), _share(one["likelihood_without"]), _words(one["features"]))
            for one in _dictionaries(values["telling"])[:20]
        ),
    )


def _dictionaries(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError("no list of objects")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 1 << 64:
        raise ValueError("no number")
    return value


def _share(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("no share")
    return float(value)


def _words(features: object) -> str:
    return "; ".join(f"{one['what']} at {one['where']}" for one in _dictionaries(features)[:6])


# ---- source -------------------------------------------------------------------------------------


def find_lines(edges: Edges | None, build_id: str, symbolizer: Path | None) -> Sources:
    """The lines of the build that a campaign ran, when it is still there; it is read, never run."""
    if edges is None:
        return Sources(why_not="edges are kept from a campaign's first second on; it has none yet")
    if not edges.places or len(edges.places) != len(edges.seen):
        return Sources(why_not="the target has no edges, or does not say where they are")
    if symbolizer is None:
        return Sources(why_not="llvm-symbolizer is not installed")
    executable = Path(edges.executable)
    if _build_id(executable) != build_id:
        return Sources(why_not=f"{executable} is not the build that ran any more")
    names = symbolise_all(symbolizer, executable, edges.places)
    files = sources.by_file(edges.seen, edges.places, names)
    if not files:
        return Sources(why_not="the target was built without debug information (-g)")
    return Sources(files, sum(place not in names for place in edges.places))


def _build_id(executable: Path) -> str:
    try:
        with executable.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    except OSError:
        return ""
