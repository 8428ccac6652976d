"""Tables of what an engine's inputs cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from fuzzverse.bench.bridge import BridgeCost, BridgeRound
from fuzzverse.report.text import columns, count, markdown_table

_HEAD: Final = ("target", "engine", "round trip", "input", "processor", "inputs/s", "of the floor")
_WORDS: Final = (
    "Microseconds, medians of several rounds; engine, worker and controller share one core. Round\n"
    "trip: two processes that do nothing but wake each other, which an engine in a process of its\n"
    "own cannot do without. Input: from one offer of the engine to the next, with its mutation,\n"
    "the timeline, and what it had in features; processor: how much of that it had the core, less\n"
    "where others want it too. Of the floor: inputs/s over round trips/s.\n"
)


def render_bridge(costs: Sequence[BridgeCost]) -> str:
    """A row a target."""
    rows = [_HEAD, *map(_row, costs)]
    return f"{columns(rows, right=range(2, len(_HEAD)))}\n\n{_WORDS}"


def render_bridge_markdown(costs: Sequence[BridgeCost], command: str) -> str:
    """The same as a Markdown table, with the command line that made it."""
    table = markdown_table(_HEAD, list(map(_row, costs)), left=2)
    return f"    {command}\n\n{table}\n{_WORDS}"


def render_bridge_round(target: str, one: BridgeRound, number: int, total: int) -> str:
    """A line of progress: one round that ended."""
    rate = count(round(1e6 / one.input_us))
    return (
        f"[{number}/{total}] {target}: round trip {one.floor_us:.2f} us, input "
        f"{one.input_us:.2f} us ({one.processor_us:.2f} of the processor), {rate} inputs/s"
    )


def _row(cost: BridgeCost) -> tuple[str, ...]:
    return (
        cost.target,
        cost.engine,
        f"{cost.floor_us:.2f}",
        f"{cost.input_us:.2f}",
        f"{cost.processor_us:.2f}",
        count(round(cost.inputs_per_second)),
        f"{cost.of_floor:.2f}",
    )


def render_bridge_json(costs: Sequence[BridgeCost], command: str) -> str:
    """The same as JSON, every round included."""
    values = {
        "command": command,
        "targets": [
            {
                "target": cost.target,
                "engine": cost.engine,
                "seconds": cost.seconds,
                "floor_us": cost.floor_us,
                "input_us": cost.input_us,
                "processor_us": cost.processor_us,
                "inputs_per_second": cost.inputs_per_second,
                "of_floor": cost.of_floor,
                "rounds": [asdict(one) for one in cost.rounds],
            }
            for cost in costs
        ],
    }
    return json.dumps(values, indent=2) + "\n"
