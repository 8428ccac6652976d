"""A replayed timeline, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fuzzverse.buckets import message_of
from fuzzverse.model import Mark, Replay, Target, Verdict
from fuzzverse.report import marks as mark_report
from fuzzverse.report.text import columns, count, plural, printable


def reached(marks: Sequence[Mark], replay: Replay) -> list[tuple[str, ...]]:
    """Cells for each mark that the timeline evaluated."""
    return [
        (mark_report.kind(m), printable(m.message), count(p), count(f), f"{m.file}:{m.line}")
        for m, p, f in zip(marks, replay.passes, replay.failures, strict=False)
        if p or f
    ]


def render(target: Target, replay: Replay, times: int) -> str:
    """Marks reached and the verdict of `times` equal replays; the log was printed as it came."""
    rows = reached(target.marks, replay)
    header = ("kind", "mark", "passes", "failures", "place")
    table = columns([header, *rows], right=(2, 3)) if rows else "no mark was reached"
    equal = f"{times} replays, all with this digest\n" if times > 1 else ""
    return f"{table}\n\n{verdict_line(replay)}\n{equal}"


def verdict_line(replay: Replay) -> str:
    """The verdict in one line."""
    words = replay.verdict.name.lower().replace("_", " ")
    told = "" if replay.verdict is Verdict.OK else f": {printable(message_of(replay))}"
    return f"{words}{told} ({plural(replay.draws, 'draw')}, digest {replay.digest:016x})"


def render_json(target: Target, replay: Replay, times: int) -> str:
    """One of `times` equal replays as one JSON object."""
    marks = [
        {"message": m.message, "file": m.file, "line": m.line, "passes": p, "failures": f}
        for m, p, f in zip(target.marks, replay.passes, replay.failures, strict=False)
        if p or f
    ]
    values = {
        "target": target.name,
        "build_id": target.build_id,
        "verdict": replay.verdict.name.lower(),
        "message": "" if replay.verdict is Verdict.OK else message_of(replay),
        "signal": replay.signal,
        "exit_code": replay.exit_code,
        "draws": replay.draws,
        "digest": f"{replay.digest:016x}",
        "times": times,
        "marks": marks,
    }
    return json.dumps(values) + "\n"
