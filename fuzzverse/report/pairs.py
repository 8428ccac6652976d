"""Tables of campaigns under both isolations."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Final

from fuzzverse.bench.isolation import Comparison, Pair, Trial
from fuzzverse.report.text import columns, count, markdown_table, plural, printable

_WHOLE_MIN: Final = 100.0
_TEXT_COLUMNS: Final = 100
_HEAD: Final = (
    "target",
    "fork, timelines/s",
    "rewind, timelines/s",
    "fork, us",
    "rewind, us",
    "gain",
    "controller",
    "parted",
)
_WORDS: Final = (
    "Medians (quartiles) over the campaign seeds; us: microseconds of wall time a timeline. Gain: "
    "timelines/s rewound over forked, of the same campaign. Every pair of campaigns came out the "
    "same, digests of all timelines included. Time counts from when the workers have started. "
    "Controller: its share of all processor time, rewound. Parted: timelines that a runner gave a "
    "process of their own, for a system call."
)


def render(comparisons: Sequence[Comparison]) -> str:
    """A row a target, and the words that belong to it."""
    rows = [_HEAD, *map(_row, comparisons)]
    table = columns(rows, right=range(1, len(_HEAD)))
    words = "\n".join(textwrap.fill(line, _TEXT_COLUMNS) for line in _words(comparisons))
    return f"{table}\n\n{words}\n"


def render_markdown(comparisons: Sequence[Comparison], command: str) -> str:
    """The same as a Markdown table, with the command line that made it."""
    table = markdown_table(_HEAD, list(map(_row, comparisons)), left=1)
    words = "\n".join(f"- {line}" for line in _words(comparisons))
    return f"    {command}\n\n{table}\n{words}\n"


def render_json(comparisons: Sequence[Comparison], command: str) -> str:
    """Everything that was measured, every campaign included."""
    values = {"command": command, "targets": [_comparison(one) for one in comparisons]}
    return json.dumps(values, indent=2) + "\n"


def render_pair(target: str, pair: Pair, number: int, total: int) -> str:
    """A line of progress: one seed that is done."""
    fork, rewind = _number(pair.fork.timeline_us), _number(pair.rewind.timeline_us)
    return (
        f"[{number}/{total}] {target}, seed {pair.seed}: {fork} us forked, {rewind} us rewound, "
        f"{pair.gain:.1f}×"
    )


def _number(value: float) -> str:
    return count(round(value)) if value >= _WHOLE_MIN else f"{value:.1f}"


def _cell(
    comparison: Comparison, figure: Callable[[Pair], float], show: Callable[[float], str]
) -> str:
    """Median (lower quartile .. upper quartile)."""
    found = comparison.spread(figure)
    low, middle, high = (show(one.value) for one in (found.low, found.median, found.high))
    return middle if low == middle == high else f"{middle} ({low} .. {high})"


def _row(comparison: Comparison) -> tuple[str, ...]:
    pairs = comparison.pairs
    parted = sum(pair.rewind.totals.parted for pair in pairs)
    timelines = sum(pair.rewind.totals.timelines for pair in pairs)
    return (
        comparison.target,
        _cell(comparison, lambda pair: pair.fork.rate, _number),
        _cell(comparison, lambda pair: pair.rewind.rate, _number),
        _cell(comparison, lambda pair: pair.fork.timeline_us, _number),
        _cell(comparison, lambda pair: pair.rewind.timeline_us, _number),
        _cell(comparison, lambda pair: pair.gain, lambda value: f"{value:.1f}×"),
        f"{median(pair.rewind.controller_share for pair in pairs):.1%}",
        f"{parted / max(1, timelines):.1%}",
    )


def _words(comparisons: Sequence[Comparison]) -> list[str]:
    """What a reader must know to read the table."""
    words = [_WORDS]
    for one in comparisons:
        setting = one.setting
        canary = f"one timeline in {count(setting.canary)}" if setting.canary else "none"
        words.append(
            f"{one.target}: {setting.strategy.name.lower().replace('_', '-')}, "
            f"{plural(setting.timelines, 'timeline')}, {plural(setting.jobs, 'job')}, "
            f"{plural(len(one.pairs), 'seed')}; checked by canaries: {canary}."
        )
        words += _unfit(one)
    return words


def _unfit(comparison: Comparison) -> list[str]:
    """Why a target was not rewound, wholly or in part."""
    trials = [pair.rewind for pair in comparison.pairs]
    lines = [f"was not rewound: {why}" for why in dict.fromkeys(t.unfit for t in trials) if why]
    forked = sum(trial.totals.jobs_forked for trial in trials)
    if forked:
        lines.append(f"{plural(forked, 'job')} began again under fork")
    calls = [trial.totals.parted_by for trial in trials if trial.totals.parted_by]
    if calls:
        lines.append(f"timelines parted for {', '.join(dict.fromkeys(calls))}")
    return [f"{comparison.target}: {printable(line)}." for line in lines]


def _comparison(one: Comparison) -> dict[str, Any]:
    setting = one.setting
    return {
        "target": one.target,
        "strategy": setting.strategy.name.lower().replace("_", "-"),
        "timelines": setting.timelines,
        "jobs": setting.jobs,
        "canary": setting.canary,
        "gain": one.spread(lambda pair: pair.gain).median.value if one.pairs else None,
        "pairs": [
            {"seed": pair.seed, "fork": _trial(pair.fork), "rewind": _trial(pair.rewind)}
            for pair in one.pairs
        ],
    }


def _trial(trial: Trial) -> dict[str, Any]:
    totals = trial.totals
    return {
        "timelines": totals.timelines,
        "digest": f"{totals.digest:016x}",
        "seconds": trial.seconds,
        "opening_s": trial.opening_s,
        "timeline_us": trial.timeline_us,
        "controller_share": trial.controller_share,
        "isolation": totals.isolation.name.lower(),
        "unfit": trial.unfit,
        "parted": totals.parted,
        "parted_by": totals.parted_by,
        "checked": totals.checked,
        "runners": totals.runners,
        "jobs_forked": totals.jobs_forked,
    }
