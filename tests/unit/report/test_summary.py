from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fuzzverse.outcome import Bug, StopReason, Summary
from fuzzverse.report import summary as report

MakeSummary = Callable[..., Summary]


def test_the_text(make_summary: MakeSummary, golden: Callable[[str, str], None]) -> None:
    golden("summary_bug.txt", report.render(make_summary()))
    clean = make_summary(bugs=(), problems=(), stopped=StopReason.TIME, tallies=())
    golden("summary_clean.txt", report.render(clean))


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
