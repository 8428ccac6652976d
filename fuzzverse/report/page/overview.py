"""What a reader wants first: the verdict, how the campaign went, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from fuzzverse.chronicle import Campaign
from fuzzverse.dossier import Change, Dossier, Finding
from fuzzverse.estimate import unseen
from fuzzverse.model import Mark, MarkTally
from fuzzverse.outcome import StopReason
from fuzzverse.report import estimate
from fuzzverse.report.page.markup import Cell, Markup, join, line, note, section, table, tag
from fuzzverse.report.summary import STOPPED
from fuzzverse.report.text import count, duration, plural

ROWS_MAX: Final = 20
_HEADS: Final = ("", "bug", "kind", "seen", "first timeline", "reproduced")


def verdict(dossier: Dossier) -> str:
    """`2 bugs`, or `no bugs`, so far when it runs."""
    bugs = len(dossier.chronicle.bugs)
    words = plural(bugs, "bug") if bugs else "no bugs"
    return f"{words} so far" if dossier.is_running else words


def ending(dossier: Dossier) -> str:
    """Why the campaign ended, in words."""
    stopped = dossier.chronicle.campaign.stopped
    if stopped is None:
        return "still running" if dossier.is_running else "it was killed, or its machine went down"
    return STOPPED.get(StopReason(stopped), stopped)


def _ended(dossier: Dossier) -> str:
    if dossier.chronicle.campaign.stopped is None:
        return ending(dossier)
    return f"it ended because {ending(dossier)}"


def missing(dossier: Dossier) -> int:
    """How many marks must be hit and were not."""
    return sum(tally.missing for tally in dossier.chronicle.tallies)


def difference(dossier: Dossier) -> str:
    """What changed since the campaign before, in words."""
    if dossier.chronicle.previous is None:
        return "the first run of this target here: there is nothing to compare with"
    counts = [f"{len(dossier.of(change))} {change.value}" for change in Change]
    return f"since the run before: {', '.join(counts)}"


def render(dossier: Dossier) -> Markup:
    """The top of the page."""
    campaign = dossier.chronicle.campaign
    look = "bad" if dossier.chronicle.bugs else "good"
    lost = missing(dossier)
    lead = [tag("span", verdict(dossier), class_=f"badge {look}")]
    if lost:
        lead.append(tag("span", f"never passed: {count(lost)}", class_="badge warn"))
    words = (
        f"{plural(campaign.timelines, 'timeline')} in {duration(campaign.seconds)}; "
        f"{_ended(dossier)}. {difference(dossier).capitalize()}."
    )
    return section(
        "verdict",
        "Verdict",
        tag("p", *lead, class_="lead"),
        tag("p", words),
        _tiles(campaign),
        _changes(dossier),
        _properties(dossier),
    )


def _tiles(campaign: Campaign) -> Markup:
    rate = campaign.timelines / campaign.seconds if campaign.seconds > 0 else 0
    share = 100 * campaign.edges_found / max(1, campaign.edges_total)
    tiles = [
        ("timelines", count(campaign.timelines), f"{count(round(rate))} a second"),
        ("time", duration(campaign.seconds), f"{count(campaign.roots)} root seeds"),
        (
            "edges",
            f"{share:.0f} %",
            f"{count(campaign.edges_found)} of {count(campaign.edges_total)}",
        ),
        ("features", count(campaign.features), _left(campaign)),
    ]
    if campaign.states is not None:
        tiles.append(("states", count(campaign.states), f"strategy {campaign.strategy}"))
    tiles.append(("next fresh", *_next_fresh(campaign)))
    return tag(
        "dl",
        *(
            tag("div", tag("dt", name), tag("dd", value, tag("small", line(more))))
            for name, value, more in tiles
        ),
        class_="tiles",
    )


def _left(campaign: Campaign) -> str:
    if campaign.once is None or campaign.twice is None or campaign.roots == 0:
        return "no estimate of what is left"
    return estimate.left_words(unseen(campaign.once, campaign.twice))


def _next_fresh(campaign: Campaign) -> tuple[str, str]:
    if campaign.once is None or campaign.timelines == 0 or campaign.roots == 0:
        return "–", "no estimate yet"
    words = estimate.rarity(min(1.0, campaign.once / campaign.timelines), campaign.timelines)
    short = words.removeprefix("about ").removeprefix("rarer than ").split(" timeline")[0]
    return ("< " if words.startswith("rarer") else "") + short, "timelines (estimate)"


def _changes(dossier: Dossier) -> Markup:
    if not dossier.findings:
        return note("No bug in this run, and none in the run before.")
    rows = [_change(finding) for finding in dossier.findings]
    return join(
        [tag("h3", "Bugs compared with the run before"), table(_HEADS, rows, numbers=(3, 4, 5))]
    )


def _properties(dossier: Dossier) -> Markup:
    """Properties that passed in one of the two runs alone."""
    told = dossier.chronicle
    if not told.tallies_before:
        return Markup("")
    before, now = _passed(told.tallies_before), _passed(told.tallies)
    known = {mark for mark, _ in _states(told.tallies)}
    changes = (
        ("Properties that passed for the first time", [m for m in now if m not in before]),
        ("Properties that passed in the run before alone",
         [m for m in before if m in known and m not in now]),
    )  # fmt: skip
    return join(
        join([tag("h3", words), tag("ul", *(tag("li", line(m.message)) for m in marks[:ROWS_MAX])),
              note(f"and {count(len(marks) - ROWS_MAX)} more") if len(marks) > ROWS_MAX else None])
        for words, marks in changes
        if marks
    )  # fmt: skip


def _states(tallies: Sequence[MarkTally]) -> Iterator[tuple[Mark, bool]]:
    """Marks by what they are: their numbers may have changed since."""
    return ((replace(tally.mark, index=0, line=0), tally.passes > 0) for tally in tallies)


def _passed(tallies: Sequence[MarkTally]) -> dict[Mark, None]:
    return dict.fromkeys(mark for mark, passed in _states(tallies) if passed)


def _change(finding: Finding) -> list[Cell]:
    seen = finding.seen
    where = tag("a", line(seen.message) or seen.bucket, href=f"#bug-{seen.bucket}")
    return [
        Cell(tag("span", finding.change.value, class_=f"badge {finding.change.value}")),
        Cell(where if finding.exhibit else line(seen.message), look="words"),
        Cell(line(seen.kind)),
        Cell(count(seen.sightings), seen.sightings),
        Cell(count(seen.first_timeline), seen.first_timeline),
        Cell(f"{seen.reproduced} of {seen.replays}", seen.reproduced),
    ]
