"""The marks of a target and what a campaign saw of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fuzzverse.model import Mark, MarkKind, MarkTally
from fuzzverse.report.text import columns, count, printable

MESSAGE_LENGTH_MAX: Final = 48
HEADER: Final = ("state", "kind", "mark", "passes", "failures", "best", "place")


def state(tally: MarkTally) -> str:
    """One word on a mark: FAILED, NEVER (must be hit and was not), idle or ok."""
    if tally.failures and tally.mark.kind in _ALWAYS:
        return "FAILED"
    if tally.missing:
        return "NEVER"
    return "idle" if tally.never_reached else "ok"


_ALWAYS: Final = (
    MarkKind.ALWAYS,
    MarkKind.ALWAYS_OR_UNREACHABLE,
    MarkKind.UNREACHABLE,
    MarkKind.ALWAYS_NUMERIC,
)
_ORDER: Final = {"FAILED": 0, "NEVER": 1, "ok": 2, "idle": 3}


def in_order(tallies: Sequence[MarkTally]) -> list[MarkTally]:
    """What needs attention first: failed, never reached, the rest; each as in the target."""
    return sorted(tallies, key=lambda tally: (_ORDER[state(tally)], tally.mark.index))


def kind(mark: Mark) -> str:
    """The kind of a mark as its macro spells it, in lower case."""
    name = mark.kind.name.lower().replace("_", "-")
    if mark.compare:
        return f"{name.removesuffix('-numeric')}-{mark.compare.name.lower()}"
    return name


def best(tally: MarkTally) -> str:
    """How far a mark with degrees came: a watermark, a frontier, or a number of buckets."""
    if tally.mark.kind is MarkKind.SOMETIMES_ALL:
        return f"{tally.width} of {tally.condition_count}"
    if tally.mark.kind is MarkKind.SOMETIMES_EACH:
        return f"{count(tally.bucket_count)} buckets"
    return "" if tally.watermark is None else f"{tally.watermark:+d}"


def row(tally: MarkTally) -> tuple[str, ...]:
    """One mark as cells, in the order of HEADER."""
    return (
        state(tally),
        kind(tally.mark),
        printable(tally.mark.message, MESSAGE_LENGTH_MAX),
        count(tally.passes),
        count(tally.failures),
        best(tally),
        f"{printable(tally.mark.file)}:{tally.mark.line}",
    )


def render(tallies: Sequence[MarkTally]) -> str:
    """The table of marks; a line of words when the target has none."""
    if not tallies:
        return "the target has no marks; FV_SOMETIMES and its kin tell the search what matters"
    return columns([HEADER, *(row(tally) for tally in in_order(tallies))], right=(3, 4, 5))


def values(tally: MarkTally) -> dict[str, object]:
    """One mark as JSON values."""
    return {
        "kind": tally.mark.kind.name.lower(),
        "compare": tally.mark.compare.name.lower(),
        "message": tally.mark.message,
        "file": tally.mark.file,
        "line": tally.mark.line,
        "dynamic": tally.mark.dynamic,
        "state": state(tally).lower(),
        "passes": tally.passes,
        "failures": tally.failures,
        "watermark": tally.watermark,
        "width": tally.width,
        "conditions": tally.condition_count,
        "buckets": tally.bucket_count,
        "first_timeline": tally.first_timeline,
    }
