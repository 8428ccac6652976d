from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.report.chart import Chart, Series, Side, render

SVG = "{http://www.w3.org/2000/svg}"
SIZES = Series("bare fork", ((1.0, 240.0), (10.0, 620.0), (1000.0, 120_000.0)), 0, Side.ABOVE)
LOG = Chart("by size", "MB", "microseconds", (SIZES,), is_log=True)
PAGES = Series("rewound", ((0.0, 12.0), (5.0, 14.0), (320.0, 87.0)), 3)
LINEAR = Chart("by pages", "pages", "microseconds", (PAGES,), is_log=False)
VALUES = st.floats(1e-3, 1e9)


def words(text: str) -> list[str]:
    return [str(node.text) for node in ElementTree.fromstring(text).iter(f"{SVG}text")]


def dots(text: str) -> list[tuple[float, float]]:
    """Where the points of a chart with one series are, without that of the legend."""
    _, *nodes = ElementTree.fromstring(text).iter(f"{SVG}circle")
    return [(float(node.get("cx", "")), float(node.get("cy", ""))) for node in nodes]


def test_axes_curves_and_values_are_labelled() -> None:
    shown = words(render([LOG]))
    assert {"by size", "MB", "microseconds", "bare fork"} <= set(shown)
    assert {"1", "10", "100", "1,000", "100,000", "1,000,000"} <= set(shown)
    assert {"240", "620", "120,000"} <= set(shown)
    assert "87" not in words(render([LINEAR]))


def test_a_logarithmic_axis_has_equal_decades() -> None:
    (x1, _), (x10, _), (x1000, _) = dots(render([LOG]))
    assert x1000 - x10 == pytest.approx(2 * (x10 - x1), abs=0.2)


def test_a_linear_axis_begins_at_zero_and_ends_at_a_round_number() -> None:
    shown = words(render([LINEAR]))
    assert {"0", "100", "200", "300", "400", "20", "80"} <= set(shown)
    (x0, _), (x5, _), (x320, _) = dots(render([LINEAR]))
    assert (x320 - x0) / (x5 - x0) == pytest.approx(64, rel=0.05)


def test_values_are_written_where_there_is_room() -> None:
    crowd = Series(
        "rewound", ((0.0, 12.0), (1.0, 12.5), (300.0, 80.0), (301.0, 20.0)), 0, Side.ABOVE
    )
    shown = words(render([replace(LINEAR, series=(crowd,))]))
    assert {"12.5", "80.0", "20.0"} <= set(shown)
    assert "12.0" not in shown


@given(st.lists(st.tuples(VALUES, VALUES), max_size=5), st.booleans())
def test_every_point_is_inside_its_panel(points: list[tuple[float, float]], is_log: bool) -> None:
    text = render([Chart("any", "x", "y", (Series("any", tuple(points), 1, Side.BELOW),), is_log)])
    root = ElementTree.fromstring(text)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    found = dots(text)
    assert len(found) == len(points)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in found)


def test_panels_stand_below_each_other() -> None:
    one, two = (ElementTree.fromstring(render([LOG] * n)) for n in (1, 2))
    assert int(two.get("height", "0")) == 2 * int(one.get("height", "0"))
    assert ElementTree.fromstring(render([])).get("height")


def test_names_cannot_break_out() -> None:
    chart = Chart("<b>", "</svg>", "&", (Series("<script>\x1b", (), 9),), is_log=False)
    assert {"<b>", "</svg>", "&", "<script> "} <= set(words(render([chart])))
