"""What an archive knows across campaigns: its bugs, and what became of properties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from fuzzverse.archive.queries import Held, SeenBug
from fuzzverse.report.text import columns, count, printable

BUGS_HEADER: Final = (
    "bucket", "target", "kind", "first seen", "last seen", "campaigns", "seen", "reproduced",
    "first bad build", "last good build", "message",
)  # fmt: skip
PROPERTIES_HEADER: Final = (
    "began", "build", "timelines", "passes", "failures", "watermark",
)  # fmt: skip


def date(seconds: float) -> str:
    """Seconds since the epoch as a date, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def render_bugs(bugs: Sequence[SeenBug]) -> str:
    """A line a bucket; times are UTC."""
    if not bugs:
        return "no bugs"
    rows = [
        (
            printable(bug.bucket),
            printable(bug.target),
            printable(bug.kind),
            date(bug.first),
            date(bug.last),
            count(bug.campaigns),
            count(bug.sightings),
            f"{bug.reproduced} of {bug.replays}{', flaky' if bug.is_flaky else ''}",
            f"{printable(bug.bad_build)} (timeline {count(bug.timeline)})",
            printable(bug.good_build) or "-",
            printable(bug.message),
        )
        for bug in bugs
    ]
    return columns([BUGS_HEADER, *rows], right=(5, 6))


def render_properties(seen: Sequence[Held]) -> str:
    """A table for each property, with a line a campaign, oldest first; times are UTC."""
    if not seen:
        return "no such property"
    tables: dict[str, list[tuple[str, ...]]] = {}
    for one in seen:
        title = f"{one.target}: {one.kind} {one.message} ({one.place})"
        row = (
            date(one.started),
            printable(one.build_id),
            count(one.timelines),
            count(one.passes),
            count(one.failures),
            "-" if one.watermark is None else str(one.watermark),
        )
        tables.setdefault(printable(title), [PROPERTIES_HEADER]).append(row)
    right = (2, 3, 4, 5)
    return "\n\n".join(f"{title}\n{columns(rows, right)}" for title, rows in tables.items())
