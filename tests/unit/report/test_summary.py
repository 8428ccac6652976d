from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fuzzverse.model import Isolation, Policy, Strategy, Totals
from fuzzverse.outcome import Bug, StopReason, Summary
from fuzzverse.report import summary as report

MakeSummary = Callable[..., Summary]


def test_the_text(make_summary: MakeSummary, golden: Callable[[str, str], None]) -> None:
    golden("summary_bug.txt", report.render(make_summary()))
    clean = make_summary(bugs=(), problems=(), stopped=StopReason.TIME, tallies=())
    golden("summary_clean.txt", report.render(clean))


def test_timelines_that_split_have_splitpoints(
    make_summary: MakeSummary, make_totals: Callable[..., Totals]
) -> None:
    totals = make_totals(makers=((0, 0),) * 9)
    policy = Policy(strategy=Strategy.DEPTH_FIRST)
    text = report.render(make_summary(policy=policy, totals=totals))
    assert "3 roots, 88 splitpoints; stopped" in text
    assert "states" not in text.splitlines()[0]
    assert "children" not in text


def test_how_rare_is_too_rare_is_told(make_summary: MakeSummary) -> None:
    policy = Policy(until_fresh=5_000)
    text = report.render(make_summary(stopped=StopReason.FRESH, policy=policy))
    words = "stopped because fresh features have become rarer than 1 in 5,000 timelines"
    assert words in text.splitlines()[0]


def test_the_json(make_summary: MakeSummary, golden: Callable[[str, str], None]) -> None:
    text = report.render_json(make_summary())
    assert text.count("\n") == 1
    golden("summary.json", json.dumps(json.loads(text), indent=2) + "\n")


def test_the_verdict_follows_from_the_bugs(make_summary: MakeSummary) -> None:
    assert report.verdict(make_summary()) == "bugs"
    assert report.verdict(make_summary(bugs=())) == "clean"


@pytest.mark.parametrize("reason", list(StopReason))
def test_every_reason_has_its_words(make_summary: MakeSummary, reason: StopReason) -> None:
    assert "stopped because" in report.render(make_summary(stopped=reason))


def test_of_many_bugs_some_are_shown(
    make_summary: MakeSummary, make_bug: Callable[..., Bug]
) -> None:
    bugs = tuple(make_bug(bucket=f"b-{number}") for number in range(13))
    text = report.render(make_summary(bugs=bugs))
    assert "b-9" in text
    assert "b-10" not in text
    assert "and 3 bugs more: fuzzverse bugs list --out fuzzverse-out/dungeon" in text


def test_a_fallback_is_told(make_summary: MakeSummary, make_totals: Callable[..., Totals]) -> None:
    totals = make_totals(isolation=Isolation.FORK, checked=0)
    summary = make_summary(totals=totals, unfit="the target makes threads")
    assert "\nrun under fork: the target makes threads\n" in report.render(summary)
    told = json.loads(report.render_json(summary))["isolation"]
    assert (told["asked"], told["used"]) == ("auto", "fork")
    assert told["why"] == "the target makes threads"
