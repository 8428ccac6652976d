"""Tables of what timelines cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from fuzzverse.bench.timeline import Round, TimelineCost
from fuzzverse.report.text import columns, count, markdown_table

_WHOLE_MIN: Final = 1_000.0
_GAIN_WHOLE_MIN: Final = 100.0
_HEAD: Final = (
    "target",
    "bare fork",
    "fork",
    "rewind",
    "fork / bare",
    "rewind's gain",
    "fork, two workers",
    "speed-up",
    "rewind, two workers",
    "speed-up",
)
_WORDS: Final = (
    "Microseconds a timeline, medians of several rounds. Bare fork: fork, _exit and waitpid of an\n"
    "equal process that writes to the same pages, without draws. Fork and rewind: timelines of a\n"
    "campaign (1,000 draws, features folded), isolated so; all three on one core. Rewind's gain:\n"
    "rewound timelines/s over bare forks/s. Speed-up: timelines/s of two workers over one.\n"
)


def render_timeline(costs: Sequence[TimelineCost]) -> str:
    """A row a target: microseconds a timeline, and ratios within each round; all medians."""
    rows = [_HEAD, *map(_row, costs)]
    return f"{columns(rows, right=range(1, len(_HEAD)))}\n\n{_WORDS}"


def render_timeline_markdown(costs: Sequence[TimelineCost], command: str) -> str:
    """The same as a Markdown table, with the command line that made it."""
    table = markdown_table(_HEAD, list(map(_row, costs)), left=1)
    return f"    {command}\n\n{table}\n{_WORDS}"


def render_round(target: str, one: Round, number: int, total: int) -> str:
    """A line of progress: one round that ended."""
    bare, fork, rewind = map(_microseconds, (one.bare_us, one.fork.pinned_us, one.rewind.pinned_us))
    return (
        f"[{number}/{total}] {target}: bare fork {bare} us, fork {fork} us, rewind {rewind} us, "
        f"{_gain(one.bare_us / one.rewind.pinned_us)}"
    )


def _microseconds(value: float) -> str:
    return count(round(value)) if value >= _WHOLE_MIN else f"{value:.1f}"


def _gain(value: float) -> str:
    return f"{count(round(value))}×" if value >= _GAIN_WHOLE_MIN else f"{value:.1f}×"


def _row(cost: TimelineCost) -> tuple[str, ...]:
    return (
        cost.target,
        _microseconds(cost.bare_us),
        _microseconds(cost.fork_us),
        _microseconds(cost.rewind_us),
        f"{cost.fork_over_bare:.3f}",
        _gain(cost.rewind_gain),
        _microseconds(cost.fork_workers_us),
        f"{cost.fork_speedup:.2f}",
        _microseconds(cost.rewind_workers_us),
        f"{cost.rewind_speedup:.2f}",
    )


def render_timeline_json(costs: Sequence[TimelineCost], command: str) -> str:
    """The same as JSON, every round included."""
    values = {
        "command": command,
        "targets": [
            {
                "target": cost.target,
                "shape": asdict(cost.shape) if cost.shape else None,
                "seconds": cost.seconds,
                "bare_us": cost.bare_us,
                "fork_us": cost.fork_us,
                "rewind_us": cost.rewind_us,
                "fork_over_bare": cost.fork_over_bare,
                "rewind_gain": cost.rewind_gain,
                "fork_workers_us": cost.fork_workers_us,
                "fork_speedup": cost.fork_speedup,
                "rewind_workers_us": cost.rewind_workers_us,
                "rewind_speedup": cost.rewind_speedup,
                "rounds": [asdict(one) for one in cost.rounds],
            }
            for cost in costs
        ],
    }
    return json.dumps(values, indent=2) + "\n"
