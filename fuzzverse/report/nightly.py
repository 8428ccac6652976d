"""A night in words: what is new first, then a line a target."""

from __future__ import annotations

from typing import Any, Final

from fuzzverse.nightly.file import Task
from fuzzverse.nightly.night import Outcome
from fuzzverse.report.text import columns, count, plural, printable

HEADER: Final = ("target", "timelines", "features", "edges", "corpus", "known bugs", "new bugs")
FAILURE_LENGTH_MAX: Final = 300


def render(outcome: Outcome) -> str:
    """The whole summary."""
    parts = [_verdict(outcome), *_bugs(outcome), *_failures(outcome), _table(outcome)]
    notes = _notes(outcome)
    if notes:
        parts.append("\n".join(notes))
    return "\n\n".join(parts) + "\n"


def _verdict(outcome: Outcome) -> str:
    words = [plural(len(outcome.new), "new bug")]
    if outcome.changed:
        words.append(f"{plural(len(outcome.changed), 'known bug')} ended elsewhere")
    if outcome.failed:
        words.append(f"{plural(len(outcome.failed), 'target')} failed")
    night = f"night {outcome.number}: {', '.join(words)}"
    if outcome.is_blind:
        night += "\nTHE CANARY'S BUG WAS NOT FOUND: what is said of the others is worth nothing"
    return night


def _bugs(outcome: Outcome) -> list[str]:
    lines = [f"NEW {key}: {bug['bucket']}: {printable(bug['message'])}" for key, bug in outcome.new]
    lines += [
        f"CHANGED {key}: {bug['bucket']} is now {printable(bug['now'])}"
        for key, bug in outcome.changed
    ]
    return ["\n".join(lines)] if lines else []


def _failures(outcome: Outcome) -> list[str]:
    lines = [
        f"FAILED {key}: {printable(outcome.done[key]['failed'], FAILURE_LENGTH_MAX)}"
        for key in outcome.failed
    ]
    return ["\n".join(lines)] if lines else []


def _table(outcome: Outcome) -> str:
    rows = [_row(task, outcome.done.get(task.key, {})) for task in outcome.tasks]
    return columns([HEADER, *rows], right=(1, 2, 3, 4, 6))


def _row(task: Task, done: dict[str, Any]) -> tuple[str, ...]:
    explored, pruned = done.get("explore"), done.get("prune")
    known = done.get("replay", {"bugs": ()})["bugs"]
    outcomes = [bug["outcome"] for bug in known]
    told = ", ".join(
        f"{outcomes.count(outcome)} {outcome}"
        for outcome in ("still there", "gone", "changed")
        if outcome in outcomes
    )
    if explored is None:
        return (printable(task.key), "-", "-", "-", "-", told or "-", "-")
    new = sum(bug["is_new"] for bug in explored["bugs"])
    return (
        printable(task.key),
        count(explored["timelines"]),
        count(explored["features"]),
        f"{count(explored['edges_found'])} of {count(explored['edges_total'])}",
        count(pruned["after"]) if pruned else "-",
        told or "-",
        count(new),
    )


def _notes(outcome: Outcome) -> list[str]:
    """What went wrong and did not stop anything."""
    notes: dict[str, None] = {}
    for task in outcome.tasks:
        done = outcome.done.get(task.key, {})
        words = [
            *done.get("replay", {}).get("notes", ()),
            *done.get("explore", {}).get("problems", ()),
            *done.get("keep", {}).get("notes", ()),
        ]
        notes.update(dict.fromkeys(f"{task.key}: {printable(word)}" for word in words))
    return list(notes)
