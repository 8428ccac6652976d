from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.dossiers import exhibit, plausible, sighting

from fuzzverse.dossier import Change, Dossier, Finding
from fuzzverse.report.exports import github, junit, objects, plain, sarif

HOSTILE = "a\x1b[2J\x00\ud800%0A::error::\n::warning::b<]]>,:\u202e"
Golden = Callable[[str, str], None]


def hostile() -> Dossier:
    dossier = plausible()
    marks = tuple(
        replace(tally, mark=replace(tally.mark, message=HOSTILE, file=HOSTILE))
        for tally in dossier.chronicle.tallies
    )
    seen = replace(sighting("b-1", HOSTILE), kind=HOSTILE)
    shown = exhibit("b-1", HOSTILE, stack=HOSTILE)
    shown = replace(shown, log=HOSTILE, bug=replace(shown.bug, command=HOSTILE))
    campaign = replace(dossier.chronicle.campaign, target=HOSTILE)
    return replace(
        dossier,
        chronicle=replace(dossier.chronicle, tallies=marks, campaign=campaign),
        findings=(Finding(Change.NEW, seen, shown), Finding(Change.GONE, seen, None)),
    )


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        ("SIGSEGV at 0x1234\n    at put in a dir/t.c:9\n    at main in t.c:20\n", ("a dir/t.c", 9)),
        ("    at ns::put(int) in t.cc:9\n", ("t.cc", 9)),
        ("    at memcpy in ??:0\n    at main in t.c:20\n", ("t.c", 20)),
        (
            "==1==ERROR: AddressSanitizer: overflow on address 0x6 at pc 0x5 bp 0x7:1\n"
            "    #0 0x4f2 in __asan_memcpy (/far/t+0x9)\n"
            "    #1 0x4f3 in put(int, char) /far/t.cc:9:3\n",
            ("/far/t.cc", 9),
        ),
        ("/far/t.c:9:3: runtime error: shift exponent 99 is too large\n", ("/far/t.c", 9)),
        ("SIGSEGV at 0x1234\n    (nothing is known of this address)\n    at 0x1234\n", None),
        ("", None),
    ],
)
def test_a_bug_is_where_its_innermost_frame_with_a_line_is(
    stack: str, place: tuple[str, int] | None
) -> None:
    shown = exhibit("b-1", "lost at hero.c:7", stack=stack)
    finding = Finding(Change.NEW, sighting("b-1", "lost at hero.c:7"), shown)
    assert sarif.place_of(finding, []) == place


def test_text(golden: Golden) -> None:
    golden("report.txt", plain.render(plausible()))


def test_text_of_hostile_names_has_no_control_characters() -> None:
    text = plain.render(hostile())
    assert all(c == "\n" or c.isprintable() for c in text)


def test_json_has_a_schema_and_all_that_matters() -> None:
    values = json.loads(objects.render(plausible()))
    assert values["schema"] == objects.SCHEMA
    assert values["verdict"] == "bugs"
    assert [(bug["bucket"], bug["change"]) for bug in values["bugs"]] == [
        ("health-is-not-negative-aa", "new"),
        ("sigsegv-bb", "ongoing"),
        ("lost-cc", "gone"),
    ]
    assert values["bugs"][0]["is_minimized"] is True
    assert [one["state"] for one in values["properties"]] == ["ok", "failed", "never", "idle"]
    assert values["campaign"]["timelines"] == 12_345
    assert values["features_left"] == 11.0
    assert values["sources"]["files"] == [{"file": "game/hero.c", "lines": 4, "reached": 2}]


def test_junit(golden: Golden) -> None:
    text = junit.render(plausible())
    golden("report.xml", text)
    suites = ET.fromstring(text)
    counts = {one.get("name"): (one.get("tests"), one.get("failures")) for one in suites}
    assert counts == {"properties": ("4", "2"), "bugs": ("3", "2")}


def test_junit_of_hostile_names_is_xml() -> None:
    text = junit.render(hostile())
    suites = ET.fromstring(text.encode())
    assert "\x1b" not in text
    assert len(suites.findall("testsuite/testcase")) == 6


def check_sarif(values: dict[str, Any]) -> None:
    """What the schema of SARIF 2.1.0 asks of the fields that are used."""
    assert values["version"] == "2.1.0"
    (run,) = values["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "fuzzverse"
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result.get("kind", "fail") == "fail" or result["level"] == "none"
        assert result.get("baselineState", "new") in ("new", "unchanged", "updated", "absent")
        assert isinstance(result["message"]["text"], str)
        assert all(isinstance(one, str) for one in result["partialFingerprints"].values())
        for location in result.get("locations", []):
            place = location["physicalLocation"]
            assert re.fullmatch(r"[\w./~%-]+", place["artifactLocation"]["uri"])
            assert place["region"]["startLine"] >= 1


def test_sarif(golden: Golden) -> None:
    text = sarif.render(plausible())
    golden("report.sarif", text)
    values = json.loads(text)
    check_sarif(values)
    results = values["runs"][0]["results"]
    places = [
        (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in results
        for place in [one["physicalLocation"] for one in result.get("locations", [])]
    ]
    assert places == [("hero.c", 40), ("hero.c", 12), ("dungeon.c", 99)]
    prints = [next(iter(result["partialFingerprints"].values())) for result in results[:3]]
    assert prints == ["health-is-not-negative-aa", "sigsegv-bb", "lost-cc"]


def test_sarif_of_hostile_names_holds_the_schema() -> None:
    check_sarif(json.loads(sarif.render(hostile())))


def test_github(golden: Golden) -> None:
    golden("report.github.txt", github.render(plausible()))


def test_github_commands_cannot_be_smuggled_in() -> None:
    lines = github.render(hostile()).splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]


@pytest.mark.parametrize("render", [plain.render, junit.render, sarif.render, objects.render])
def test_all_can_be_written_as_utf_8(render: Callable[[Dossier], str]) -> None:
    assert render(hostile()).encode()
