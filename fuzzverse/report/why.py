"""Why a bug happens, as a page for a terminal and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse.explain import Decision, Explanation, Feature, Point, Telling
from fuzzverse.model import Target
from fuzzverse.report import marks as mark_report
from fuzzverse.report.text import columns, count, plural, printable

WIDTH: Final = 64
HEIGHT: Final = 8
FUNCTION_LENGTH_MAX: Final = 48
FEATURES_MAX: Final = 3  # of those that say the same
_PLACE: Final = re.compile(r"(?P<function>.*) in (?:.*/)?(?P<file>[^/:]+):(?P<line>\d+)(?::\d+)?")
_BARS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Why:
    """An explanation with names: of the place of the deciding draw, and of the lines of edges."""

    bucket: str
    message: str
    target: Target
    explanation: Explanation
    place: str
    lines: Mapping[int, str]
    trials: int
    seconds: float


def render(why: Why) -> str:
    """The curve, the decision, and what tells."""
    told = why.explanation
    parts = [
        f"{why.bucket}: {printable(why.message)}",
        f"P(bug) of {count(told.curve[0].futures)} futures from each draw\n{curve(told)}",
        decision(told.decision, why.place),
    ]
    if told.telling:
        rows = [row for one in told.telling for row in telling(one, why)]
        head = ("P(bug|it)", "P(bug|not)", "what", "where")
        siblings = f"{count(told.failing)} failing and {count(told.passing)} passing siblings"
        parts.append(f"what tells {siblings} apart\n{columns([head, *rows], right=(0, 1))}")
    else:
        parts.append("no sibling passes, or none does anything that others do not")
    parts.append(f"{plural(why.trials, 'trial')} in {why.seconds:.1f} s")
    return "\n\n".join(parts) + "\n"


def curve(told: Explanation) -> str:
    """Likelihoods over draws: a bar for each column, eight steps a line."""
    heights = [_at(told.curve, column * told.draws / (WIDTH - 1)) for column in range(WIDTH)]
    lines = []
    for line in range(HEIGHT - 1, -1, -1):
        cells = (_BARS[max(0, min(8, round((p * HEIGHT - line) * 8)))] for p in heights)
        label = {HEIGHT - 1: "1.0", HEIGHT // 2 - 1: "0.5", 0: "0.0"}.get(line, "")
        lines.append(f"{label:>5} |{''.join(cells)}|")
    last = f"draw {count(told.draws)}"
    axis = f"0{last:>{WIDTH - 1}}"
    mark = ""
    if told.decision is not None:
        column = told.decision.draw.number * (WIDTH - 1) // told.draws
        mark = f"\n       {' ' * column}^ draw {count(told.decision.draw.number)}"
    return "\n".join(lines) + f"\n       {axis}{mark}"


def decision(decided: Decision | None, place: str) -> str:
    """Where the decision fell, in words."""
    if decided is None:
        return "no other answer to a single draw avoids the bug: no one draw decided"
    where = f" at {short(place)}" if place else ""
    return (
        f"decided by draw {count(decided.draw.number)}: {printable(decided.draw.words)}{where}\n"
        f"  P(bug) is {decided.before.likelihood:.3f} before it, {decided.behind.likelihood:.3f} "
        f"behind it; {count(decided.avoiding)} of {plural(decided.others, 'other answer')} "
        f"{'avoids' if decided.others == 1 else 'avoid'} the bug"
    )


def telling(one: Telling, why: Why) -> list[tuple[str, str, str, str]]:
    """Cells for each feature of those that say the same."""
    shown = _shown(one.features, why)
    rows = []
    for i, (what, where) in enumerate(shown[:FEATURES_MAX]):
        chances = (f"{one.likelihood:.2f}", f"{one.likelihood_without:.2f}")
        rows.append((*(chances if i == 0 else ("", "")), what, where))
    if len(shown) > FEATURES_MAX:
        rows.append(("", "", f"and {count(len(shown) - FEATURES_MAX)} more", ""))
    return rows


def _shown(features: Sequence[Feature], why: Why) -> list[tuple[str, str]]:
    """What and where, each once: many edges lie on one line."""
    shown: dict[tuple[str, str], None] = {}
    for feature in features:
        if feature.mark is not None:
            mark = why.target.marks[feature.mark]
            verb = "fails" if feature.is_failure else "passes"
            what = f"{mark_report.kind(mark)} {verb}: {printable(mark.message)}"
            shown[(what, f"{mark.file}:{mark.line}")] = None
        elif feature.edge is not None:
            times = "reached" if feature.least == 1 else f"reached {feature.least} times or more"
            shown[(times, short(why.lines.get(feature.edge, f"edge {feature.edge}")))] = None
    return list(shown)


def short(place: str) -> str:
    """`step in maze.c:134` for `step in /far/away/maze.c:134:30`; no line 0, which is none."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return printable(place)
    line = "" if match["line"] == "0" else f":{match['line']}"
    function = printable(match["function"], FUNCTION_LENGTH_MAX)
    return printable(f"{function} in {match['file']}{line}")


def _at(points: Sequence[Point], draw: float) -> float:
    """The likelihood at a draw, between the points that were measured."""
    before = max((p for p in points if p.draw <= draw), key=lambda p: p.draw, default=points[0])
    behind = min((p for p in points if p.draw > draw), key=lambda p: p.draw, default=points[-1])
    if behind.draw == before.draw:
        return before.likelihood
    part = (draw - before.draw) / (behind.draw - before.draw)
    return before.likelihood + part * (behind.likelihood - before.likelihood)


def render_json(why: Why) -> str:
    """The same as one JSON object."""
    told = why.explanation
    values = {
        "bucket": why.bucket,
        "draws": told.draws,
        "curve": [{"draw": p.draw, "failing": p.failing, "futures": p.futures} for p in told.curve],
        "decision": _decision_values(told.decision, why.place),
        "siblings": {"failing": told.failing, "passing": told.passing},
        "telling": [
            {
                "likelihood": round(one.likelihood, 4),
                "likelihood_without": round(one.likelihood_without, 4),
                "with": one.with_it,
                "without": one.without_it,
                "features": [
                    {"what": what, "where": where} for what, where in _shown(one.features, why)
                ],
            }
            for one in told.telling
        ],
        "trials": why.trials,
        "seconds": round(why.seconds, 3),
    }
    return json.dumps(values, indent=2) + "\n"


def _decision_values(decided: Decision | None, place: str) -> dict[str, object] | None:
    if decided is None:
        return None
    return {
        "draw": decided.draw.number,
        "label": decided.draw.label,
        "value": decided.draw.value,
        "bound": decided.draw.bound,
        "place": place,
        "before": decided.before.likelihood,
        "behind": decided.behind.likelihood,
        "other_answers": decided.others,
        "avoiding": decided.avoiding,
    }
