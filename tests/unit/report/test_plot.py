from __future__ import annotations

import re
from xml.etree import ElementTree

from fuzzverse.report.plot import Curve, Panel, render

SVG = "{http://www.w3.org/2000/svg}"
PANEL = Panel("maze", 100.0, (Curve("frontier", (4.0, 2.0), 4), Curve("random", (), 4)))


def curves(text: str) -> list[str]:
    """The paths of contenders, without those of the axes and the legend."""
    root = ElementTree.fromstring(text)
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("stroke-dasharray")]
    return [path for path in paths if "H" in path]


def words(text: str) -> list[str]:
    return [str(node.text) for node in ElementTree.fromstring(text).iter(f"{SVG}text")]


def test_a_curve_rises_at_each_find_and_ends_at_the_share_found() -> None:
    found, never = curves(render([PANEL]))
    heights = [float(at) for at in re.findall(r"V([\d.]+)", found)]
    places = [float(at) for at in re.findall(r"H([\d.]+)", found)]
    assert len(heights) == 2
    assert heights == sorted(heights, reverse=True)
    assert places == sorted(places)
    assert "V" not in never


def test_axes_are_labelled_and_the_legend_counts() -> None:
    shown = words(render([PANEL]))
    assert {"1", "10", "100", "0%", "100%"} <= set(shown)
    assert {"frontier (2 of 4)", "random (0 of 4)"} <= set(shown)


def test_panels_stand_below_each_other() -> None:
    one, two = (ElementTree.fromstring(render([PANEL] * n)) for n in (1, 2))
    assert int(two.get("height", "0")) == 2 * int(one.get("height", "0"))


def test_names_cannot_break_out() -> None:
    panel = Panel('<script>"&', 1.0, (Curve("</svg>\x1b", (), 0),))
    shown = words(render([panel]))
    assert any("<script>" in line for line in shown)
    assert "</svg> (0 of 0)" in [re.sub(r"\s+", " ", line) for line in shown]


def test_finds_sooner_than_a_millisecond_or_after_the_limit_stay_inside() -> None:
    text = render([Panel("coin", 1.0, (Curve("random", (0.0, 5.0), 2),))])
    (path,) = curves(text)
    places = [float(at) for at in re.findall(r"H([\d.]+)", path)]
    assert all(0 <= at <= 720 for at in places)


def test_nothing_is_a_picture_too() -> None:
    assert ElementTree.fromstring(render([])).get("height")
