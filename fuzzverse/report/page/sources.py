"""Source coverage: files, functions, and the lines that no timeline reached."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from fuzzverse.dossier import Dossier
from fuzzverse.report.page.markup import Cell, Markup, bar, join, line, note, section, table, tag
from fuzzverse.report.text import count, plural
from fuzzverse.sources import FileLines, FunctionLines

FILES_MAX: Final = 120
FUNCTIONS_MAX: Final = 1_500
MISSED_MAX: Final = 24
_HEADS: Final = ("function", "lines", "reached", "", "not reached")


def render(dossier: Dossier) -> Markup:
    """A fold for each file, the largest first; functions that miss most come first."""
    sources = dossier.sources
    if sources.why_not:
        return section("sources", "Source", note(f"No lines: {line(sources.why_not)}."))
    files = sorted(sources.files, key=lambda file: -file.lines)
    reached, lines = sum(f.reached for f in files), sum(f.lines for f in files)
    room = FUNCTIONS_MAX
    folds = []
    for file in files[:FILES_MAX]:
        shown = sorted(file.functions, key=lambda f: (-len(f.missed), f.line))[: max(0, room)]
        room -= len(shown)
        folds.append(_file(file, shown))
    more = len(files) - FILES_MAX
    return section(
        "sources",
        "Source",
        note(
            f"{count(reached)} of {plural(lines, 'line')} that a basic block begins at were "
            f"reached ({reached / max(1, lines):.0%})"
            + (f"; {plural(sources.unknown_edges, 'edge')} without a line" * bool(
                sources.unknown_edges)) + "."
        ),
        *folds,
        note(f"{plural(more, 'more file')}.") if more > 0 else None,
    )  # fmt: skip


def _file(file: FileLines, functions: list[FunctionLines]) -> Markup:
    share = file.reached / max(1, file.lines)
    head = (
        tag("code", line(file.name)),
        bar(share),
        tag("small", f"{count(file.reached)} of {count(file.lines)} lines, {share:.0%}"),
    )
    more = len(file.functions) - len(functions)
    body = table(_HEADS, [_function(one) for one in functions], numbers=(1, 2))
    words = note(f"{plural(more, 'more function')}.") if more else None
    return tag("details", tag("summary", *head), join([body, words]), class_="file")


def _function(function: FunctionLines) -> list[Cell]:
    share = function.reached / max(1, function.lines)
    return [
        Cell(tag("code", line(function.name, 80)), look="words"),
        Cell(count(function.lines), function.lines),
        Cell(count(function.reached), function.reached),
        Cell(bar(share), share),
        Cell(_ranges(function.missed), len(function.missed), "words"),
    ]


def _ranges(missed: tuple[int, ...]) -> str:
    """3, 4, 5, 9 as 3–5, 9."""
    if not missed:
        return ""
    starts = [missed[0], *(b for a, b in pairwise(missed) if b > a + 1)]
    ends = [*(a for a, b in pairwise(missed) if b > a + 1), missed[-1]]
    shown = [f"{a}" if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True)]
    return ", ".join(shown[:MISSED_MAX]) + (" …" if len(shown) > MISSED_MAX else "")
