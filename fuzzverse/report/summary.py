"""How a campaign ended, for people and for machines."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from fuzzverse.model import Strategy
from fuzzverse.outcome import StopReason, Summary
from fuzzverse.report import bugs as bug_report
from fuzzverse.report import estimate as estimate_report
from fuzzverse.report import isolation as isolation_report
from fuzzverse.report import makers as maker_report
from fuzzverse.report import marks as mark_report
from fuzzverse.report.text import count, duration, plural

BUGS_SHOWN_MAX: Final = 10

STOPPED: Final = {
    StopReason.TIMELINES: "the budget of timelines was spent",
    StopReason.ROOTS: "the budget of root seeds was spent",
    StopReason.TIME: "the time was up",
    StopReason.STABLE: "nothing fresh came any more",
    StopReason.FRESH: "fresh features have become rare",
    StopReason.BUG: "a bug was found (--keep-going looks for more)",
    StopReason.INTERRUPT: "it was interrupted",
}


def verdict(summary: Summary) -> str:
    """`bugs`, or `clean`."""
    return "bugs" if summary.bugs else "clean"


def render(summary: Summary) -> str:
    """The end of a run: what was done, which marks matter, and each bug with its replay."""
    missing = sum(tally.missing for tally in summary.tallies)
    parts = [*_numbers(summary), "", mark_report.render(summary.tallies), ""]
    if missing:
        parts += [f"{plural(missing, 'mark')} that must be hit never passed", ""]
    for bug in summary.bugs[:BUGS_SHOWN_MAX]:
        parts += [bug_report.render_found(bug), ""]
    if len(summary.bugs) > BUGS_SHOWN_MAX:
        more = len(summary.bugs) - BUGS_SHOWN_MAX
        parts += [f"and {plural(more, 'bug')} more: fuzzverse bugs list --out {summary.out}", ""]
    if not summary.bugs:
        parts += ["no bugs", ""]
    parts += [f"warning: {words}" for words in summary.problems]
    parts.append(f"everything is in {summary.out}")
    return "\n".join(parts) + "\n"


def _numbers(summary: Summary) -> list[str]:
    """What was done, what it covered, and what is left, a line each."""
    totals = summary.totals
    searched = ""
    if summary.policy.strategy is Strategy.FRONTIER:
        searched = f", {plural(totals.roots, 'root')}, {plural(totals.states, 'state')}"
    elif summary.policy.strategy is not Strategy.MUTATION:
        searched = f", {plural(totals.roots, 'root')}, {plural(totals.splitpoints, 'splitpoint')}"
    lines = [
        f"{summary.target}: {plural(totals.timelines, 'timeline')} in "
        f"{duration(summary.seconds)} ({count(round(summary.timelines_per_second))}/s)"
        f"{searched}; stopped because {_stopped(summary)}",
        f"edges {count(totals.edges_found)} of {count(totals.edges_total)}, "
        f"features {count(totals.features)}, corpus {count(summary.corpus)}, "
        f"digest {summary.digest}",
        estimate_report.render(totals),
    ]
    if makers := maker_report.render(totals):
        lines.append(makers)
    return lines + isolation_report.lines(totals, summary.unfit)


def _stopped(summary: Summary) -> str:
    rarity = summary.policy.until_fresh
    if summary.stopped is StopReason.FRESH and rarity is not None:
        return f"fresh features have become rarer than 1 in {plural(rarity, 'timeline')}"
    return STOPPED[summary.stopped]


def render_json(summary: Summary) -> str:
    """The summary as one JSON object on one line."""
    totals = summary.totals
    bugs = [{**asdict(bug), "verdict": bug.verdict.name.lower()} for bug in summary.bugs]
    values = {
        "verdict": verdict(summary),
        "stopped": summary.stopped.value,
        "target": summary.target,
        "build_id": summary.build_id,
        "timelines": totals.timelines,
        "seconds": round(summary.seconds, 3),
        "timelines_per_second": round(summary.timelines_per_second, 1),
        "roots": totals.roots,
        "strategy": summary.policy.strategy.name.lower(),
        "splitpoints": totals.splitpoints,
        "states": totals.states,
        "draws": totals.draws,
        "features": totals.features,
        "edges_found": totals.edges_found,
        "edges_total": totals.edges_total,
        "estimate": estimate_report.values(totals),
        "makers": maker_report.values(totals),
        "isolation": isolation_report.values(summary.policy, totals, summary.unfit),
        "corpus": summary.corpus,
        "bugs": bugs,
        "marks": [mark_report.values(tally) for tally in summary.tallies],
        "digest": summary.digest,
        "problems": list(summary.problems),
        "out": summary.out,
    }
    return json.dumps(values) + "\n"
