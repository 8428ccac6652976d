"""Tables of what became of known bugs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from fuzzverse.bench.triage import Limits, Outcome, Search, Small, missed, namesakes, shared
from fuzzverse.report.text import columns, count, markdown_table, plural, printable
from fuzzverse.report.why import short

_TEXT_COLUMNS: Final = 100
_LABEL_LENGTH_MAX: Final = 48
_HEAD: Final = (
    "target",
    "found after",
    "draws",
    "segments",
    "said",
    "irreducible",
    "seconds",
    "replayed",
    "decided by",
    "P(bug) before, behind",
    "avoid it",
    "why s",
    "buckets",
)
_LEFT: Final = (0, 5, 8)


def render_search(variant: str, search: Search) -> str:
    """A line of progress: a campaign that ended."""
    head = f"{variant}, seed {search.seed}: "
    if search.bug is None:
        return f"{head}no bug in {plural(search.timelines, 'timeline')}, {search.seconds:.1f} s"
    other = "" if search.is_wanted else "not the wanted bug, but "
    return (
        f"{head}{other}{search.bug.bucket} after {plural(search.timelines, 'timeline')}; "
        f"{plural(len(search.bugs), 'bucket')}, {search.seconds:.1f} s"
    )


def render_small(variant: str, small: Small) -> str:
    """A line of progress: a recipe that was minimised."""
    return (
        f"{variant}: {_segments(small)}, {plural(small.said, 'draw')} said of "
        f"{count(small.draws)} (of {count(small.found)}), {plural(small.trials, 'trial')} in "
        f"{small.seconds:.1f} s; {small.stopped or 'no pass finds a simpler one'}"
    )


def render_outcome(one: Outcome, limits: Limits, number: int, total: int) -> str:
    """A line of progress: a variant that is done."""
    words = "; ".join(missed(one, limits)) or "all limits are kept"
    return f"[{number}/{total}] {one.variant}: {printable(words)}"


def render(outcomes: Sequence[Outcome], limits: Limits) -> str:
    """A row a variant, and the words that belong to it."""
    table = columns([_HEAD, *map(_row, outcomes)], right=[
        i for i in range(len(_HEAD)) if i not in _LEFT
    ])  # fmt: skip
    words = (textwrap.fill(line, _TEXT_COLUMNS) for line in _words(outcomes, limits))
    return f"{table}\n\n" + "\n".join(words) + "\n"


def render_markdown(outcomes: Sequence[Outcome], limits: Limits, command: str) -> str:
    """The same as a Markdown table, with the command line that made it."""
    table = markdown_table(_HEAD, [_row(one) for one in outcomes], left=1)
    words = "\n".join(f"- {line}" for line in _words(outcomes, limits))
    return f"    {command}\n\n{table}\n{words}\n"


def render_json(outcomes: Sequence[Outcome], limits: Limits, command: str) -> str:
    """Everything that came of it."""
    values = {
        "command": command,
        "limits": asdict(limits),
        "targets": [_values(one, limits) for one in outcomes],
        "shared": [list(pair) for pair in shared(outcomes)],
        "namesakes": namesakes(outcomes),
    }
    return json.dumps(values, indent=2) + "\n"


def _values(one: Outcome, limits: Limits) -> dict[str, object]:
    values = {**asdict(one), "missed": missed(one, limits), "buckets": list(one.buckets)}
    for search, values_of in zip(one.searches, values["searches"], strict=True):
        values_of["bug"] = None if search.bug is None else search.bug.bucket
        values_of["bugs"] = [
            {"bucket": bug.bucket, "message": bug.message, "first_timeline": bug.first_timeline}
            for bug in search.bugs
        ]
    return values


def _row(one: Outcome) -> tuple[str, ...]:
    search, small, reason = one.search, one.small, one.reason
    found = "-" if search is None else count(search.timelines)
    small_cells = ("-",) * 5
    if small is not None:
        small_cells = (
            f"{count(small.draws)} of {count(small.found)}",
            _segments(small).partition(" ")[0],
            count(small.said + small.lucky),
            "no" if small.stopped else "yes",
            f"{small.seconds:.1f}",
        )
    reason_cells = ("-",) * 4
    if reason is not None and reason.decision is None:
        reason_cells = ("none", "-", "-", f"{reason.seconds:.1f}")
    elif reason is not None and reason.decision is not None:
        decided = reason.decision
        where = f" at {short(reason.place)}" if reason.place else ""
        reason_cells = (
            f"{printable(decided.draw.words, _LABEL_LENGTH_MAX)}{where}",
            f"{decided.before.likelihood:.3f}, {decided.behind.likelihood:.3f}",
            f"{count(decided.avoiding)} of {count(decided.others)}",
            f"{reason.seconds:.1f}",
        )
    replayed = "-" if one.replayed is None else count(one.replayed)
    return (one.variant, found, *small_cells, replayed, *reason_cells, count(len(one.buckets)))


def _segments(small: Small) -> str:
    return plural(small.segments, "segment")


def _words(outcomes: Sequence[Outcome], limits: Limits) -> list[str]:
    """What a reader must know to read the table."""
    seeds = max((len(one.searches) for one in outcomes), default=0)
    words = [
        "Of each variant the bug as it was first found, in timelines; what minimising left of its "
        "draws, the segments and the draws that are not plain; irreducible: no pass finds a "
        f"simpler one; seconds for that (at most {limits.seconds:g}); how many of "
        f"{plural(limits.replays, 'replay')} show the bug.",
        "Decided by: the draw that `bugs why` names, how likely the bug is before and behind it, "
        "and how many of its other answers, all else being equal, avoid the bug.",
        f"Buckets: of {plural(seeds, 'campaign')} (at most {limits.buckets}). A bucket is of a "
        f"target: (target, bucket) shared by two variants: {len(shared(outcomes))}.",
    ]
    words += [
        f"The same mark fails, under the same name, in {len(who)} variants: {bucket} "
        f"({', '.join(who)})."
        for bucket, who in namesakes(outcomes).items()
    ]
    for one in outcomes:
        search = one.search
        if search is not None and search.bug is not None and not search.is_wanted:
            words.append(
                f"{one.variant}: the known bug was not found; looked into is "
                f"{printable(search.bug.message)}."
            )
        words += [f"Missed by {one.variant}: {printable(one_missed)}." for one_missed in
                  missed(one, limits)]  # fmt: skip
    if not any(missed(one, limits) for one in outcomes):
        words.append(f"Limits missed: none of {plural(len(outcomes), 'variant')}.")
    return words
