"""The table of properties: what the marks assert, and what was seen of it."""

from __future__ import annotations

from typing import Final

from fuzzverse.dossier import Dossier
from fuzzverse.model import MarkTally
from fuzzverse.report import marks
from fuzzverse.report.page.markup import Cell, Markup, join, line, note, section, table, tag
from fuzzverse.report.text import count

ROWS_MAX: Final = 2_000
HEADS: Final = ("state", "kind", "property", "passes", "failures", "first seen", "best", "place")
_LOOKS: Final = {"FAILED": "bad", "NEVER": "warn", "ok": "good", "idle": "dim"}


def render(dossier: Dossier) -> Markup:
    """All properties, those that need attention first."""
    tallies = marks.in_order(dossier.chronicle.tallies)
    if not tallies:
        words = "The target has no marks; FV_SOMETIMES and its kin tell the search what matters."
        return section("properties", "Properties", note(words))
    more = len(tallies) - ROWS_MAX
    return section(
        "properties",
        "Properties",
        note(
            "FAILED: it was broken. NEVER: it must be hit, and no timeline did. idle: it may stay "
            "unreached, and did. first seen: the timeline that passed it first. best: watermark, "
            "width or number of buckets."
        ),
        table(HEADS, [_row(tally) for tally in tallies[:ROWS_MAX]], numbers=(3, 4, 5, 6)),
        note(f"{count(more)} more are left out.") if more > 0 else None,
    )


def _row(tally: MarkTally) -> list[Cell]:
    state = marks.state(tally)
    first = tally.first_timeline
    return [
        Cell(tag("span", state, class_=f"badge {_LOOKS[state]}")),
        Cell(marks.kind(tally.mark)),
        Cell(tag("strong", line(tally.mark.message)), look="words"),
        Cell(count(tally.passes), tally.passes),
        Cell(count(tally.failures), tally.failures, "bad" if state == "FAILED" else None),
        Cell("never" if first is None else count(first), -1 if first is None else first),
        Cell(marks.best(tally), tally.watermark),
        Cell(join([tag("code", f"{line(tally.mark.file)}:{tally.mark.line}")])),
    ]
