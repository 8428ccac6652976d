"""Tables of what the simulation kit costs."""

from __future__ import annotations

import json
from typing import Final

from fuzzverse.bench.simulation import FIGURES, Figure, Round, SimulationCost
from fuzzverse.report.text import columns, count, markdown_table

_WHOLE_MIN: Final = 100.0
_HEAD: Final = ("what", "median", "least", "most", "asked for")
_WORDS: Final = (
    "Real time on one core, what a timeline with many operations takes longer than one with\n"
    "few. A switch is a yield of one of eight tasks, choosing the next and its draw included. A\n"
    "message has 64 bytes and a drawn latency, and its handler sends the next. The index is one\n"
    "of sorted pages in memory, of two tasks; instrumented, every load and store is a call;\n"
    "shared, every one may run the other task. The checks are of one register that five clients\n"
    "read and write, 2 % with unknown end; what does not fit is a read of what was overwritten\n"
    "400 operations before.\n"
)


def render(cost: SimulationCost) -> str:
    """A row a figure, and the words that belong to it."""
    rows = [_HEAD, *(_row(cost, figure) for figure in FIGURES)]
    return f"{columns(rows, right=range(1, len(_HEAD)))}\n\n{_WORDS}"


def render_markdown(cost: SimulationCost, command: str) -> str:
    """The same as a Markdown table, with the command line that made it."""
    rows = [_row(cost, figure) for figure in FIGURES]
    return f"    {command}\n\n{markdown_table(_HEAD, rows, left=1)}\n{_WORDS}"


def render_json(cost: SimulationCost, command: str) -> str:
    """Everything that was measured, every round included."""
    figures = {
        figure.key: {
            "median": cost.median(figure),
            "rounds": cost.values(figure),
            "asked": figure.asked,
        }
        for figure in FIGURES
    }
    values = {"command": command, "seconds": cost.seconds, "figures": figures}
    return json.dumps(values, indent=2) + "\n"


def render_round(one: Round, number: int, total: int) -> str:
    """A line of progress: one round that ended."""
    told = ", ".join(f"{figure.words} {_amount(figure.of(one), figure)}" for figure in FIGURES)
    return f"[{number}/{total}] {told}"


def _row(cost: SimulationCost, figure: Figure) -> tuple[str, ...]:
    values = cost.values(figure)
    asked = "" if figure.asked is None else f"at most {_amount(figure.asked, figure)}"
    amounts = (cost.median(figure), min(values), max(values))
    return (figure.words, *(_amount(value, figure) for value in amounts), asked)


def _amount(value: float, figure: Figure) -> str:
    shown = count(round(value)) if value >= _WHOLE_MIN else f"{value:.3g}"
    return f"{shown}×" if figure.scale == "x" else f"{shown} {figure.scale}"
