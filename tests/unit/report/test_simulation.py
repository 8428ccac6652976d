from __future__ import annotations

import json
from collections.abc import Callable

from fuzzverse.bench.simulation import FIGURES, KINDS, SimulationCost
from fuzzverse.report.simulation import render, render_json, render_markdown, render_round

Golden = Callable[[str, str], None]
ROUNDS = tuple(
    {kind: base * (number + 1) for number, kind in enumerate(KINDS)}
    for base in (20.0, 22.5, 1_234_567.0)
)
COST = SimulationCost(0.5, ROUNDS)
COMMAND = "fuzzverse bench sim"


def test_the_table(golden: Golden) -> None:
    golden("simulation.txt", render(COST))


def test_the_markdown_table(golden: Golden) -> None:
    golden("simulation.md", render_markdown(COST, COMMAND))


def test_json_keeps_every_round() -> None:
    values = json.loads(render_json(COST, COMMAND))
    assert values["command"] == COMMAND
    assert set(values["figures"]) == {figure.key for figure in FIGURES}
    assert values["figures"]["switch_ns"] == {
        "median": 22.5,
        "rounds": [20.0, 22.5, 1_234_567.0],
        "asked": 100,
    }


def test_a_round_is_a_line() -> None:
    line = render_round(ROUNDS[0], 1, 3)
    assert line.startswith("[1/3] a task switch, round robin 20 ns, ")
    assert "\n" not in line
