"""Bugs: a table of them, and one in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fuzzverse.outcome import Bug
from fuzzverse.report.text import columns, count, plural, printable

HEADER: Final = ("bucket", "kind", "seen", "reproduced", "draws", "message")
LOG_LINES_MAX: Final = 40
RECIPE_LENGTH_MAX: Final = 80


def reproduced(bug: Bug) -> str:
    """`3 of 3`, or `2 of 3, flaky`."""
    flaky = ", flaky" if bug.reproduced < bug.replays else ""
    return f"{bug.reproduced} of {bug.replays}{flaky}"


def render(bugs: Sequence[Bug]) -> str:
    """The table of bugs; a line of words when there are none."""
    if not bugs:
        return "no bugs"
    rows = [
        (b.bucket, b.kind, count(b.sightings), reproduced(b), count(b.draws), printable(b.message))
        for b in bugs
    ]
    return columns([HEADER, *rows], right=(2, 3, 4))


def headline(bug: Bug) -> str:
    """A bug in one line."""
    return f"BUG {bug.bucket}: {printable(bug.message)}"


def render_found(bug: Bug) -> str:
    """A bug as a run's end shows it, with the line that replays it."""
    recipe = f"root {bug.root}"
    if bug.segments:
        recipe += f", {plural(bug.segments, 'segment')}: {printable(bug.recipe, RECIPE_LENGTH_MAX)}"
    lines = [
        headline(bug),
        f"  {printable(bug.kind)}, seen {plural(bug.sightings, 'time')}, first in timeline "
        f"{count(bug.first_timeline)}, {plural(bug.draws, 'draw')}, "
        f"reproduced {reproduced(bug)}",
        f"  recipe  {recipe}",
        f"  replay  {bug.command}",
    ]
    if bug.reproduced < bug.replays:
        lines.insert(2, "  it does not replay every time: the target is not deterministic")
    return "\n".join(lines)


def render_shown(bug: Bug, target: str, build_id: str, stack: str, log: str) -> str:
    """A bug in full: what, where, recipe, stack, the end of its log."""
    facts = [
        ("bucket", bug.bucket),
        ("message", printable(bug.message)),
        ("kind", bug.kind),
        ("identity", printable(bug.identity)),
        ("target", f"{printable(target)} (build {printable(build_id)})"),
        ("root", str(bug.root)),
        ("recipe", bug.recipe or "(the root alone)"),
        ("draws", count(bug.draws)),
        *([("minimised", "yes; `original` holds the input as found")] if bug.is_minimized else []),
        ("seen", f"{plural(bug.sightings, 'time')}, first in timeline {count(bug.first_timeline)}"),
        ("reproduced", reproduced(bug)),
        ("replay", bug.command),
    ]
    parts = [columns(facts)]
    if stack.strip():
        parts.append("stack\n" + _lines(stack.splitlines()[:LOG_LINES_MAX]))
    if log.strip():
        parts.append("end of the log\n" + _lines(log.splitlines()[-LOG_LINES_MAX:]))
    return "\n\n".join(parts)


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(f"  {printable(line)}" for line in lines)
