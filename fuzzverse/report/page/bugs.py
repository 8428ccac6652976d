"""A page for each bug: what, how to see it again, log, stack, and when it was decided."""

from __future__ import annotations

from typing import Final

from fuzzverse.dossier import Change, Dossier, Exhibit, Finding, Likelihood
from fuzzverse.outcome import Bug
from fuzzverse.report.page.curves import Line, chart, short
from fuzzverse.report.page.markup import Markup, join, line, lines, note, section, tag
from fuzzverse.report.text import count, plural
from fuzzverse.report.why import short as short_place

OPEN_MAX: Final = 3
RECIPE_LENGTH_MAX: Final = 20_000


def render(dossier: Dossier) -> Markup:
    """The bugs that OUT keeps, new ones first; the first few are open."""
    shown = [finding for finding in dossier.findings if finding.exhibit is not None]
    if not dossier.findings:
        return section("bugs", "Bugs", note("No bug was found."))
    more = len(dossier.findings) - len(shown)
    pages = [
        _page(finding, finding.exhibit, is_open=number < OPEN_MAX)
        for number, finding in enumerate(shown)
        if finding.exhibit is not None
    ]
    words = f"{plural(more, 'more bug')}: `fuzzverse bugs list --out {line(dossier.out)}`."
    return section("bugs", "Bugs", *pages, note(words) if more else None)


def _page(finding: Finding, shown: Exhibit, *, is_open: bool) -> Markup:
    bug, change = shown.bug, finding.change
    head = (
        tag("span", change.value, class_=f"badge {change.value}"),
        tag("strong", line(bug.message) or bug.bucket),
        tag("small", line(bug.kind)),
    )
    parts = [
        _facts(bug, finding),
        _block("Replay it", bug.command, "command"),
        _recipe(bug),
        _likelihood(shown.why) if shown.why else _no_curve(bug),
        _block("Stack", shown.stack, "log"),
        _log(shown),
    ]
    return tag(
        "details",
        tag("summary", *head),
        tag("div", *parts),
        class_=f"bug {change.value}",
        id=f"bug-{bug.bucket}",
        open=is_open and change is not Change.GONE,
    )


def _facts(bug: Bug, finding: Finding) -> Markup:
    seen = finding.seen
    facts = [
        ("bucket", bug.bucket),
        ("seen", f"{plural(seen.sightings, 'time')}, first in timeline "
                 f"{count(seen.first_timeline)}"),
        ("reproduced", f"{bug.reproduced} of {bug.replays} replays"),
        ("length", f"{plural(bug.draws, 'draw')}, {plural(bug.segments, 'segment')}"),
        ("identity", line(bug.identity)),
    ]  # fmt: skip
    rows = (tag("div", tag("dt", name), tag("dd", value)) for name, value in facts)
    warning = None
    if bug.reproduced < bug.replays:
        warning = tag("p", "It does not replay every time: the target is not deterministic.",
                      class_="bad")  # fmt: skip
    return join([tag("dl", *rows, class_="facts"), warning])


def _recipe(bug: Bug) -> Markup:
    text = f"root {bug.root}\n{bug.recipe[:RECIPE_LENGTH_MAX]}".rstrip()
    if len(bug.recipe) > RECIPE_LENGTH_MAX:
        text += " …"
    title = "Minimised recipe" if bug.is_minimized else "Recipe, as it was found"
    return _block(title, text, "recipe")


def _no_curve(bug: Bug) -> Markup:
    first = "" if bug.is_minimized else f"fuzzverse bugs minimize {bug.bucket} and then "
    return note("When was it decided? ", tag("code", f"{first}fuzzverse bugs why {bug.bucket}"),
                " tells.")  # fmt: skip


def _likelihood(why: Likelihood) -> Markup:
    points = tuple((float(x), y) for x, y in why.points)
    curves = [Line("P(bug) of futures", points, "e", is_told=False)]
    if why.decision is not None:
        at = float(why.decision)
        words = f"decided at draw {count(why.decision)}"
        curves.append(Line(words, ((at, 0.0), (at, 1.0)), "c", is_told=False))
    place = tag("b", short_place(why.place), ": ") if why.place else None
    parts = [tag("h4", "When it was decided")]
    if points:
        parts.append(chart("How likely the bug is, by draw", curves, short, y_max=1.0))
    parts.append(tag("p", place, line(why.words, 600)))
    if why.telling:
        parts.append(tag("h4", "What failing timelines do that others do not"))
        parts.append(tag("ul", *(tag("li", _told(*one)) for one in why.telling)))
    return join(parts)


def _told(share: float, without: float, words: str) -> str:
    return f"{share:.0%} with, {without:.0%} without: {line(words, 300)}"


def _log(shown: Exhibit) -> Markup:
    words = f"The first {count(shown.left_out)} bytes are left out." if shown.left_out else None
    block = _block("Log of the replay", shown.log, "log")
    return join([block, note(words) if words else None])


def _block(title: str, text: str, look: str) -> Markup:
    if not text.strip():
        return note(f"{title}: there is none.")
    return join([tag("h4", title), tag("pre", lines(text.strip("\n")), class_=look, tabindex="0")])
