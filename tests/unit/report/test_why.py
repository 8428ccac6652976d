from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fuzzverse.explain import Decision, Explanation, Feature, Point, Telling
from fuzzverse.model import Target
from fuzzverse.report.why import WIDTH, Why, curve, render, render_json, short
from fuzzverse.trace import Draw

DRAW = Draw(101, "chance", 0, 100, True, (1,))
POINTS = (Point(0, 0, 200), Point(100, 6, 200), Point(101, 6, 200), Point(102, 110, 200))
END = Point(106, 200, 200)
TOLD = Explanation(
    106,
    (*POINTS, END),
    Decision(DRAW, POINTS[2], POINTS[3], 1, 1),
    (
        Telling((Feature(mark=1), Feature(edge=2, least=1)), 64, 64, 0, 64),
        Telling(tuple(Feature(edge=e, least=8) for e in (3, 4, 5, 6, 7)), 3, 60, 61, 68),
    ),
    64,
    64,
)
LINES = {e: f"search in /far/away/dungeon.c:{60 + e}:3" for e in (2, 3, 4, 5, 6)}


def why(target: Target, told: Explanation = TOLD) -> Why:
    place = "search in /far/away/dungeon.c:61:18"
    return Why("treasure-1", "the treasure", target, told, place, LINES, 7_602, 1.5)


def test_the_page(target: Target, golden: Callable[[str, str], None]) -> None:
    golden("why.txt", render(why(target)))


def test_nothing_found_is_said(target: Target) -> None:
    told = Explanation(106, (Point(0, 200, 200), END), None, (), 64, 0)
    text = render(why(target, told))
    assert "no one draw decided" in text
    assert "no sibling passes" in text


def test_a_curve_rises_where_the_bug_gets_likely() -> None:
    lines = curve(TOLD).splitlines()
    bars = [line[7 : 7 + WIDTH] for line in lines[:8]]
    assert all(line[-2] != " " for line in lines[:8])
    assert all(set(bar[:40]) == {" "} for bar in bars[:-1])
    assert lines[-1].index("^") - 7 == 101 * (WIDTH - 1) // 106


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("step in /a/b/maze.c:134:30", "step in maze.c:134"),
        ("step in maze.c:134", "step in maze.c:134"),
        ("push in /a/stack.c:0:0", "push in stack.c"),
        ("edge 7", "edge 7"),
        ("a\x1bb", "a b"),
    ],
)
def test_places_are_short(place: str, expected: str) -> None:
    assert short(place) == expected


def test_json_has_all_of_it(target: Target) -> None:
    values = json.loads(render_json(why(target)))
    assert values["curve"][2] == {"draw": 101, "failing": 6, "futures": 200}
    assert values["decision"]["draw"] == 101
    assert values["decision"]["place"].endswith("dungeon.c:61:18")
    assert (values["decision"]["before"], values["decision"]["behind"]) == (0.03, 0.55)
    assert values["telling"][0]["likelihood"] == 1.0
    assert values["telling"][0]["features"][1]["where"] == "search in dungeon.c:62"
    told = Explanation(106, (Point(0, 200, 200), END), None, (), 64, 0)
    assert json.loads(render_json(why(target, told)))["decision"] is None
