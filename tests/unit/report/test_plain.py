from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from fuzzverse.bench.plain import OURS, THEIRS, PlainContest, PlainRun
from fuzzverse.report import plain


def run(fuzzer: str, seed: int, executions: int, edges: int) -> PlainRun:
    curve = ((0.5, edges // 2), (3.0, edges))
    return PlainRun(fuzzer, seed, 10.0, executions, 20, edges, 3 * edges, curve)


CONTEST = PlainContest(
    "brotli",
    10.0,
    tuple(
        one
        for seed in range(1, 6)
        for one in (run(OURS, seed, 20_000, 700 + seed), run(THEIRS, seed, 10_000, 600 + seed))
    ),
)


def test_a_contest_is_a_row_of_medians() -> None:
    lines = plain.render([CONTEST]).splitlines()
    assert lines[1].split() == [
        *("brotli", "5", "2,000", "/", "1,000", "2.00", "703", "/", "603", "1.00", "0.012"),
        *("2,109", "/", "1,809", "20", "/", "20"),
    ]
    assert plain.ratio(CONTEST) == pytest.approx(2.0)
    assert "| brotli | 5 | 2,000 / 1,000 | 2.00 |" in plain.render_markdown([CONTEST], "command")


def test_what_was_not_run_is_no_row() -> None:
    assert plain.render([]) == "no runs\n"
    assert plain.render([PlainContest("brotli", 10.0, CONTEST.runs[:1])]) == "no runs\n"


def test_every_run_is_in_the_json() -> None:
    values = json.loads(plain.render_json([CONTEST], "fuzzverse bench plain"))
    assert values["command"] == "fuzzverse bench plain"
    assert len(values["targets"][0]["runs"]) == 10
    assert values["targets"][0]["runs"][0]["curve"] == [[0.5, 350], [3.0, 701]]


def test_curves_are_drawn_within_their_panel() -> None:
    root = ET.fromstring(plain.render_svg([CONTEST, CONTEST]))
    space = "{http://www.w3.org/2000/svg}"
    panels = root.findall(f"{space}g")
    assert len(panels) == 2
    steps = [
        path.attrib["d"] for path in panels[0].iter(f"{space}path") if " V" in path.attrib["d"]
    ]
    assert len(steps) == len(CONTEST.runs)
    places = [float(word[1:]) for step in steps for word in step.split() if word[0] in "HV"]
    assert all(0 <= place <= 720 for place in places)
