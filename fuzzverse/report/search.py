"""Tables of searches side by side."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import Final

from fuzzverse.bench.search import Contest, Run
from fuzzverse.bench.statistics import Amount, a12, spread
from fuzzverse.report.plot import Curve, Panel
from fuzzverse.report.text import columns, count, markdown_table, plural, printable

_PLAIN_MIN: Final = 100.0
_TEXT_COLUMNS: Final = 100


def _whole(value: float) -> str:
    return count(round(value))


def _seconds(value: float) -> str:
    return _whole(value) if value >= _PLAIN_MIN else f"{value:.3g}"


def _amount(amount: Amount, show: Callable[[float], str]) -> str:
    return ("> " if amount.censored else "") + show(amount.value)


def _cell(amounts: Sequence[Amount], show: Callable[[float], str]) -> str:
    """Median (lower quartile .. upper quartile)."""
    if not amounts:
        return "-"
    found = spread(amounts)
    low, middle, high = (_amount(one, show) for one in (found.low, found.median, found.high))
    return middle if low == middle == high else f"{middle} ({low} .. {high})"


def _timelines(run: Run) -> Amount:
    return run.amount(run.timelines)


def _time(run: Run) -> Amount:
    return run.amount(run.seconds)


def _effect(contest: Contest, name: str, baseline: str, measure: Callable[[Run], Amount]) -> str:
    ours, theirs = contest.runs_of(name), contest.runs_of(baseline)
    if name == baseline or not ours or not theirs:
        return "-"
    return f"{a12([measure(run) for run in ours], [measure(run) for run in theirs]):.2f}"


_HEAD: Final = (
    "target",
    "search, isolation {}",
    "found",
    "timelines to the bug",
    "draws",
    "seconds",
    "A12 timelines",
    "A12 seconds",
    "timelines/s",
    "controller",
)


def _row(contest: Contest, name: str, baseline: str) -> tuple[str, ...]:
    runs = contest.runs_of(name)
    shares = [run.controller_share for run in runs if run.controller_share is not None]
    draws = [run.amount(run.draws) for run in runs if run.draws is not None]
    return (
        contest.target,
        name,
        f"{sum(run.found for run in runs)} of {len(runs)}",
        _cell([_timelines(run) for run in runs], _whole),
        _cell(draws, _whole),
        _cell([_time(run) for run in runs], _seconds),
        _effect(contest, name, baseline, _timelines),
        _effect(contest, name, baseline, _time),
        _whole(median(run.rate for run in runs)) if runs else "-",
        f"{fmean(shares):.1%}" if shares else "-",
    )


def _rows(contests: Sequence[Contest], baseline: str) -> list[tuple[str, ...]]:
    return [_row(contest, name, baseline) for contest in contests for name in contest.contenders]


def _words(contests: Sequence[Contest], baseline: str) -> list[str]:
    """What a reader must know to read the table."""
    words = [
        "Median (quartiles) over the seeds, up to the first bug. A run that did not find the "
        'wanted bug needed more than it had spent: "> x" is a figure that falls on such a run.',
        f"A12: how probable it is that a run needs less than one of {baseline}; 0.5 is no "
        "difference. Seconds include starting the workers; controller: its share of all processor "
        "time. Executions of a rival count as its timelines. No starting inputs of a corpus.",
    ]
    for contest in contests:
        bug = f'the bug "{printable(contest.bug)}"' if contest.bug else "any bug"
        limits = contest.limits
        most = f" or {plural(limits.timelines, 'timeline')}" if limits.timelines else ""
        words.append(
            f"{contest.target}: {bug}, at most {limits.seconds:g} s{most}, "
            f"{plural(limits.jobs, 'core')} each."
        )
        opened = [run.opening_s for run in contest.runs if run.opening_s > 0]
        if opened:
            words[-1] += f" Starting the workers took {_seconds(median(opened))} s (median)."
        words += _other_bugs(contest)
        reasons = dict.fromkeys(run.unfit for run in contest.runs if run.unfit)
        words += [
            f"{contest.target}: timelines were forked, not rewound: {printable(why)}."
            for why in reasons
        ]
    return words


def _other_bugs(contest: Contest) -> list[str]:
    """Runs that another bug ended, which count as not found."""
    others = [run for run in contest.runs if run.bug and not run.found]
    return [
        f"{contest.target}: seed {run.seed} of {run.strategy} ended with another bug: "
        f"{printable(run.bug)}"
        for run in others
    ]


def _head(contests: Sequence[Contest]) -> tuple[str, ...]:
    """What the columns are, and the isolation that was asked for."""
    isolations = dict.fromkeys(contest.limits.isolation.value for contest in contests)
    return (_HEAD[0], _HEAD[1].format(", ".join(isolations)), *_HEAD[2:])


def render(contests: Sequence[Contest], baseline: str) -> str:
    """A row a contender, and the words that belong to it."""
    rows = [_head(contests), *_rows(contests, baseline)]
    table = columns(rows, right=range(2, len(_HEAD)))
    words = "\n".join(textwrap.fill(line, _TEXT_COLUMNS) for line in _words(contests, baseline))
    return f"{table}\n\n{words}\n"


def render_markdown(contests: Sequence[Contest], baseline: str, command: str) -> str:
    """The same as a Markdown table, with the command line that made it."""
    table = markdown_table(_head(contests), _rows(contests, baseline), left=2)
    words = "\n".join(f"- {line}" for line in _words(contests, baseline))
    return f"    {command}\n\n{table}\n{words}\n"


def render_json(contests: Sequence[Contest], baseline: str, command: str) -> str:
    """Everything that was measured, every run included."""
    values = {
        "command": command,
        "baseline": baseline,
        "targets": [
            {
                **asdict(contest),
                "runs": [asdict(run) for run in contest.runs],
            }
            for contest in contests
        ],
    }
    return json.dumps(values, indent=2) + "\n"


def render_run(target: str, run: Run, number: int, total: int) -> str:
    """A line of progress: one run that ended."""
    verdict = "found" if run.found else f"another bug ({run.bug})" if run.bug else "not found"
    return (
        f"[{number}/{total}] {target}, seed {run.seed}, {run.strategy}: {printable(verdict)} after "
        f"{plural(run.timelines, 'timeline')}, {_seconds(run.seconds)} s"
    )


def panels(contests: Sequence[Contest]) -> tuple[Panel, ...]:
    """What the plot shows: a panel a target, a curve a contender."""
    return tuple(
        Panel(
            title=contest.target,
            limit_s=contest.limits.seconds,
            curves=tuple(
                Curve(
                    name=name,
                    found_s=tuple(run.seconds for run in contest.runs_of(name) if run.found),
                    runs=len(contest.runs_of(name)),
                )
                for name in contest.contenders
            ),
        )
        for contest in contests
    )
