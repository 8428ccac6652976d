"""Tables of measurements."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fuzzverse.bench.timeline import TimelineCost
from fuzzverse.report.text import columns

_HEAD = (
    "target",
    "bare fork",
    "rewinding",
    "fork isolation",
    "over bare",
    "two workers",
    "speed-up",
)


def render_timeline(costs: Sequence[tuple[str, TimelineCost]]) -> str:
    """A row a variant: microseconds a timeline, and ratios within each round; all medians."""
    rows = [_HEAD, *(_row(name, cost) for name, cost in costs)]
    words = (
        "microseconds a timeline, medians; over bare: fork isolation (slots, folding, 1,000 draws)"
        "\ndivided by bare fork+_exit+waitpid of an equal process, both on one core; speed-up:"
        "\ntimelines/s of two workers over one\n"
    )
    return columns(rows, right=range(1, len(_HEAD))) + "\n\n" + words


def _row(name: str, cost: TimelineCost) -> tuple[str, ...]:
    return (
        name,
        f"{cost.bare_us:.1f}",
        "-" if cost.rewind_us is None else f"{cost.rewind_us:.1f}",
        f"{cost.fork_us:.1f}",
        f"{cost.over_bare:.3f}",
        f"{cost.workers_us:.1f}",
        f"{cost.speedup:.2f}",
    )


def render_timeline_json(costs: Sequence[tuple[str, TimelineCost]]) -> str:
    """The same as JSON, every round included."""
    values = [
        {
            "target": name,
            "timelines": cost.timelines,
            "bare_us": cost.bare_us,
            "rewind_us": cost.rewind_us,
            "fork_us": cost.fork_us,
            "over_bare": cost.over_bare,
            "workers_us": cost.workers_us,
            "speedup": cost.speedup,
            "rounds": [
                [one.bare_us, one.fork_us, one.unpinned_us, one.workers_us, one.rewind_us]
                for one in cost.rounds
            ],
        }
        for name, cost in costs
    ]
    return json.dumps(values, indent=2) + "\n"
