"""libFuzzer and us on the plain case, as a table, JSON, Markdown and curves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from fuzzverse.bench.plain import OURS, THEIRS, PlainContest
from fuzzverse.bench.statistics import Amount, a12, mann_whitney
from fuzzverse.report.svg import AXIS, GRID, document, line, stroke, text
from fuzzverse.report.text import columns, count, markdown_table, printable

_HEAD: Final = (
    "target",
    "runs",
    "executions/s",
    "ratio",
    "edges",
    "A12",
    "p",
    "features",
    "inputs",
)
_RIGHT: Final = tuple(range(1, len(_HEAD)))
_WIDTH, _PANEL, _LEFT, _LEGEND, _TOP, _BOTTOM = 720, 260, 64, 150, 36, 44
_STEP: Final = 4  # pixels that steps of a curve are apart at least
_SHADES: Final = {OURS: 0, THEIRS: 1}


def _pair(contest: PlainContest, value: str) -> tuple[list[float], list[float]]:
    ours, theirs = contest.of(OURS), contest.of(THEIRS)
    return [getattr(r, value) for r in ours], [getattr(r, value) for r in theirs]


def ratio(contest: PlainContest) -> float:
    """Our executions a second, divided by libFuzzer's, by medians."""
    ours, theirs = _pair(contest, "rate")
    return median(ours) / median(theirs)


def _row(contest: PlainContest) -> tuple[str, ...]:
    rates, edges = _pair(contest, "rate"), _pair(contest, "edges")
    features, inputs = _pair(contest, "features"), _pair(contest, "inputs")
    more = a12([Amount(one) for one in edges[1]], [Amount(one) for one in edges[0]])

    def both(pair: tuple[list[float], list[float]]) -> str:
        return " / ".join(count(round(median(side))) for side in pair)

    return (
        printable(contest.target),
        str(len(edges[0])),
        both(rates),
        f"{ratio(contest):.2f}",
        both(edges),
        f"{more:.2f}",
        f"{mann_whitney(*edges):.3f}",
        both(features),
        both(inputs),
    )


_NOTE: Final = (
    "Medians, ours / libFuzzer's, each on one core. Edges and features are those of the corpora\n"
    "left, run through one build. A12: how probable it is that a run of ours has more edges than\n"
    "one of libFuzzer's; p: Mann-Whitney, two-sided.\n"
)


def _complete(contests: Sequence[PlainContest]) -> list[PlainContest]:
    return [one for one in contests if one.of(OURS) and one.of(THEIRS)]


def render(contests: Sequence[PlainContest]) -> str:
    """The table."""
    rows = [_row(one) for one in _complete(contests)]
    return columns([_HEAD, *rows], right=_RIGHT) + "\n\n" + _NOTE if rows else "no runs\n"


def render_markdown(contests: Sequence[PlainContest], command: str) -> str:
    """The table for a document, with the command that made it."""
    table = markdown_table(_HEAD, [_row(one) for one in _complete(contests)], left=1)
    return f"`{command}`\n\n{table}\n{_NOTE}"


def render_json(contests: Sequence[PlainContest], command: str) -> str:
    """Every run."""
    values = [dataclasses.asdict(one) for one in contests]
    return json.dumps({"command": command, "targets": values}, indent=1) + "\n"


def render_svg(contests: Sequence[PlainContest]) -> str:
    """Edges by time, a panel a target and a line a run."""
    lines: list[str] = []
    for number, contest in enumerate(contests):
        lines.append(f'<g transform="translate(0 {number * _PANEL})">')
        lines += _panel(contest)
        lines.append("</g>")
    return document(_WIDTH, _PANEL * max(1, len(contests)), lines)


def _panel(contest: PlainContest) -> Iterator[str]:
    most = max((run.edges for run in contest.runs), default=0) or 1
    left, right, low, high = _LEFT, _WIDTH - _LEGEND, _PANEL - _BOTTOM, _TOP
    yield text(left, 22, f"{contest.target}: edges", weight="bold")
    for quarter in range(5):
        y = low - quarter / 4 * (low - high)
        yield line(left, y, right, y, GRID)
        yield text(left - 8, y + 4, count(round(quarter / 4 * most)), anchor="end")
        x = left + quarter / 4 * (right - left)
        yield text(x, low + 16, f"{quarter / 4 * contest.seconds:g}", anchor="middle")
    yield line(left, low, right, low, AXIS)
    yield text((left + right) / 2, low + 34, "seconds", anchor="middle")
    for run in contest.runs:
        places = [f"M{left} {low}"]
        steps: dict[int, int] = {}
        for seconds, edges in run.curve:
            x = left + min(1.0, seconds / contest.seconds) * (right - left)
            steps[round(x / _STEP) * _STEP] = edges
        for x, edges in steps.items():
            places.append(f"H{x} V{low - edges / most * (low - high):.1f}")
        places.append(f"H{right}")
        yield f'<path d="{" ".join(places)}" {stroke(_SHADES[run.fuzzer])} opacity="0.6"/>'
    for name, shade in _SHADES.items():
        y = high + 8 + 20 * shade
        yield f'<path d="M{right + 16} {y} h24" {stroke(shade)}/>'
        yield text(right + 46, y + 4, name)
