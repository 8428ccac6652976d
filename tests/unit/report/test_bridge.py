from __future__ import annotations

import json

from fuzzverse.bench.bridge import BridgeCost, BridgeRound
from fuzzverse.report.bridge import (
    render_bridge,
    render_bridge_json,
    render_bridge_markdown,
    render_bridge_round,
)

COST = BridgeCost("empty", "atheris 3.0.0", 3.0, (BridgeRound(4.0, 10.0, 9.5),))


def test_a_table_has_a_row_a_target() -> None:
    head, row, *_ = render_bridge([COST]).splitlines()
    assert head.split()[-3:] == ["of", "the", "floor"]
    assert row.split() == ["empty", "atheris", "3.0.0", "4.00", "10.00", "9.50", "100,000", "0.40"]


def test_markdown_names_its_command() -> None:
    text = render_bridge_markdown([COST], "fuzzverse bench bridge")
    assert text.startswith("    fuzzverse bench bridge\n\n| target")
    assert "100,000" in text


def test_json_has_every_round() -> None:
    values = json.loads(render_bridge_json([COST], "x"))
    assert values["targets"][0]["inputs_per_second"] == 100_000
    assert values["targets"][0]["rounds"] == [
        {"floor_us": 4.0, "input_us": 10.0, "processor_us": 9.5}
    ]


def test_a_round_is_a_line() -> None:
    line = render_bridge_round("empty", COST.rounds[0], 1, 7)
    assert line.startswith("[1/7] empty: round trip 4.00 us, input 10.00 us")
    assert "\n" not in line
