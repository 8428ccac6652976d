"""The frontier: states by visits and yield; and where the energy went, by mark."""

from __future__ import annotations

from typing import Final

from fuzzverse.chronicle import TRIES_STEPS
from fuzzverse.dossier import Dossier
from fuzzverse.model import Effort, StateTally
from fuzzverse.report.page.markup import Cell, Markup, bar, join, line, note, section, table, tag
from fuzzverse.report.text import count, plural

_STATES: Final = ("mark", "state", "draws to it", "visits", "brought", "yield", "")
_EFFORTS: Final = ("mark", "states", "energy", "share", "brought", "one in")
_NOT_KEPT: Final = (
    "States are kept from the first second of a campaign under --strategy frontier on; this one "
    "has none."
)
_NOT_ENDED: Final = (
    " The campaign has not ended: states are written less often than the rest, and may be a little "
    "older."
)


def render(dossier: Dossier) -> Markup:
    """The states that most was spent on, or that brought most."""
    frontier = dossier.chronicle.frontier
    if not frontier.count:
        return section("frontier", "Frontier", note(_NOT_KEPT))
    marks = _marks(dossier)
    rows = [_state(state, marks) for state in frontier.states]
    words = (
        f"{plural(frontier.count, 'state')} to go on from. A visit is one timeline that went on "
        "from the state; it brought something when it had a fresh feature or found a new state."
    )
    shown = f"The {count(len(rows))} states that were visited most, or brought most:"
    return section(
        "frontier",
        "Frontier",
        note(words if dossier.chronicle.campaign.stopped else words + _NOT_ENDED),
        tag("h3", "States by visits"),
        _histogram(frontier.by_tries),
        note(shown),
        table(_STATES, rows, numbers=(2, 3, 4, 5)),
    )


def render_energy(dossier: Dossier) -> Markup:
    """What was spent by mark, most first."""
    efforts = dossier.chronicle.frontier.efforts
    if not efforts:
        return section("energy", "Energy by mark", note(_NOT_KEPT))
    marks = _marks(dossier)
    total = sum(effort.tries for effort in efforts)
    return section(
        "energy",
        "Energy by mark",
        note(
            "Timelines spent on going on from the states of each mark, and how many of them "
            "brought something."
        ),
        table(_EFFORTS, [_effort(e, marks, total) for e in efforts], numbers=(1, 2, 4, 5)),
    )


def _marks(dossier: Dossier) -> dict[int | None, str]:
    marks: dict[int | None, str] = {
        tally.mark.index: line(tally.mark.message) for tally in dossier.chronicle.tallies
    }
    marks[None] = "(edges alone: no mark speaks for it)"
    return marks


def _histogram(counts: tuple[int, ...]) -> Markup:
    first = [0, *(step + 1 for step in TRIES_STEPS)]
    names = ["never", *(f"{a} to {b}" for a, b in zip(first[1:], TRIES_STEPS[1:], strict=False))]
    names.append(f"{count(first[-1])} or more")
    rows = (
        tag("div", tag("dt", name), tag("dd", bar(n / max(1, *counts)), tag("span", count(n))))
        for name, n in zip(names, counts, strict=True)
    )
    return tag("dl", *rows, class_="bars")


def _state(state: StateTally, marks: dict[int | None, str]) -> list[Cell]:
    share = state.hits / state.tries if state.tries else 0.0
    return [
        Cell(marks.get(state.mark, f"mark {state.mark}"), look="words"),
        Cell(tag("code", line(state.keys)), look="words"),
        Cell(count(state.draws), state.draws),
        Cell(count(state.tries), state.tries),
        Cell(count(state.hits), state.hits),
        Cell(f"{share:.1%}", share),
        Cell("" if state.is_open else tag("span", "end", class_="badge dim")),
    ]


def _effort(effort: Effort, marks: dict[int | None, str], total: int) -> list[Cell]:
    share = effort.tries / total if total else 0.0
    rarity = effort.tries / effort.hits if effort.hits else None
    return [
        Cell(marks.get(effort.mark, f"mark {effort.mark}"), look="words"),
        Cell(count(effort.places), effort.places),
        Cell(count(effort.tries), effort.tries),
        Cell(join([bar(share), f" {share:.1%}"]), share),
        Cell(count(effort.hits), effort.hits),
        Cell("–" if rarity is None else count(round(rarity)), rarity or float(1 << 53)),
    ]
