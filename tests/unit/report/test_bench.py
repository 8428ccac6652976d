from __future__ import annotations

import json
from dataclasses import replace

from fuzzverse.bench.timeline import Round, TimelineCost
from fuzzverse.report.bench import render_timeline, render_timeline_json

ROUNDS = (
    Round(bare_us=100.0, rewind_us=9.0, fork_us=110.0, unpinned_us=130.0, workers_us=60.0),
    Round(bare_us=200.0, rewind_us=8.0, fork_us=240.0, unpinned_us=200.0, workers_us=100.0),
    Round(bare_us=100.0, rewind_us=7.0, fork_us=125.0, unpinned_us=150.0, workers_us=70.0),
)
COST = TimelineCost("timeline", 500, ROUNDS)


def test_figures_are_medians_of_ratios_within_a_round() -> None:
    assert COST.bare_us == 100.0
    assert COST.fork_us == 125.0
    assert COST.rewind_us == 8.0
    assert COST.over_bare == 1.2
    assert COST.speedup == 110.0 / 60.0


def test_the_table_names_what_was_measured() -> None:
    head, row = render_timeline([("timeline-1mb", COST)]).splitlines()[:2]
    assert head.split("  ")[0] == "target"
    assert row.split() == ["timeline-1mb", "100.0", "8.0", "125.0", "1.200", "70.0", "1.83"]


def test_where_nothing_is_rewound_there_is_no_figure() -> None:
    cost = TimelineCost("timeline", 500, tuple(replace(one, rewind_us=None) for one in ROUNDS))
    assert render_timeline([("timeline-1mb", cost)]).splitlines()[1].split()[2] == "-"
    (value,) = json.loads(render_timeline_json([("timeline-1mb", cost)]))
    assert value["rewind_us"] is None


def test_json_keeps_every_round() -> None:
    (value,) = json.loads(render_timeline_json([("timeline-1mb", COST)]))
    assert value["target"] == "timeline-1mb"
    assert len(value["rounds"]) == len(ROUNDS)
