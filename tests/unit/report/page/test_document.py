from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest
from support.dossiers import hostile, plausible

from fuzzverse.dossier import Change
from fuzzverse.multiverse import grow
from fuzzverse.report.page.curves import clock, short
from fuzzverse.report.page.document import Assets, render
from fuzzverse.sources import FileLines, FunctionLines, Sources

ASSETS = Assets("body { margin: 0 }", "start();")
SECTIONS = [
    "verdict",
    "bugs",
    "properties",
    "curves",
    "multiverse",
    "frontier",
    "energy",
    "sources",
    "about",
]


def data_of(page: str) -> dict[str, list[list[object]]]:
    (text,) = re.findall(r'<script type="application/json" id="map-data">(.*?)</script>', page)
    values = json.loads(text)
    assert isinstance(values, dict)
    return values


def test_all_sections_are_there() -> None:
    page = render(plausible(), ASSETS)
    assert re.findall(r'<section id="([a-z]+)">', page) == SECTIONS
    assert re.findall(r'href="#([a-z]+)"', page)[: len(SECTIONS)] == SECTIONS


def test_nothing_is_fetched_and_only_our_script_runs() -> None:
    page = render(plausible(), ASSETS)
    assert re.search(r"\b(src|srcset|action)=", page) is None
    assert "://" not in page
    assert "style=" not in page
    for text in (ASSETS.style, ASSETS.script):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"sha256-{digest}" in page
    assert "default-src &#x27;none&#x27;" in page


def test_hostile_names_stay_words() -> None:
    page = render(hostile(), ASSETS)
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert page.count("<script") == page.count("</script>") == 2
    labels = [branch[6] for branch in data_of(page)["branches"]]
    assert any("<img" in str(label) for label in labels)


def test_what_changed_is_told() -> None:
    page = render(plausible(), ASSETS)
    assert "2 bugs" in page
    assert "Since the run before: 1 new, 1 ongoing, 1 gone." in page
    for change in Change:
        assert f'<span class="badge {change}">{change}</span>' in page


def test_a_bug_has_all_that_is_kept_of_it() -> None:
    page = render(plausible(), ASSETS)
    for words in (
        "fuzzverse replay dungeon --bug sigsegv-bb --out o",
        "Minimised recipe",
        "0@plain -&gt; 14=0",
        "at strike in hero.c:12",
        "The first 70,000 bytes are left out.",
        "How likely the bug is, by draw",
        "<b>open in dungeon.c:70: </b>a draw answered 0",
        "decided at draw 151",
        "passes: the door is open at dungeon.c:70",
    ):
        assert words in page


def test_a_campaign_without_anything_is_a_page_too() -> None:
    dossier = plausible()
    told = replace(
        dossier.chronicle, previous=None, bugs=(), bugs_before=(), tallies=(), points=(),
        makers=(), ways=(), frontier=replace(dossier.chronicle.frontier, by_tries=(0,), efforts=()),
        campaign=replace(dossier.chronicle.campaign, stopped=None, once=None, states=None),
    )  # fmt: skip
    empty = replace(
        dossier, is_running=True, chronicle=told, findings=(), tree=grow(()),
        sources=Sources(why_not="there is no symbolizer"),
    )  # fmt: skip
    page = render(empty, ASSETS)
    assert "no bugs so far" in page
    assert "still running" in page
    assert "nothing to compare with" in page
    assert "No lines: there is no symbolizer." in page
    assert re.findall(r'<section id="([a-z]+)">', page) == SECTIONS


def test_lines_that_were_not_reached_are_ranges() -> None:
    missed = (3, 4, 5, 9, 11, 12)
    dossier = replace(
        plausible(), sources=Sources((FileLines("a.c", (FunctionLines("f", 1, 9, missed),)),))
    )
    assert "3–5, 9, 11–12" in render(dossier, ASSETS)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.25, "0.25"), (9_999, "9,999"), (12_345, "12.3k"), (1e7, "10M")],
)
def test_numbers_on_axes(value: float, shown: str) -> None:
    assert short(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0"), (0.5, "0.5 s"), (30, "30 s"), (90, "1.5 min"), (7_200, "2 h")]
)
def test_times_on_axes(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_properties_that_passed_in_one_run_alone_are_told() -> None:
    dossier = plausible()
    key, health, *others = dossier.chronicle.tallies
    moved = replace(key.mark, index=9, line=1_000)
    before = (replace(key, mark=moved), replace(health, passes=0), *others)
    now = (replace(key, passes=0), health, *others)
    told = replace(dossier.chronicle, tallies=now, tallies_before=before)
    page = render(replace(dossier, chronicle=told), ASSETS)
    first = page.partition("Properties that passed for the first time")[2]
    words, _, alone = first.partition("Properties that passed in the run before alone")
    assert re.findall("<li>(.*?)</li>", words) == ["health is not negative"]
    assert re.findall("<li>(.*?)</li>", alone)[0] == "found the key"
