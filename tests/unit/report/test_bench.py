from __future__ import annotations

import json
from collections.abc import Callable

from fuzzverse.bench.timeline import Isolated, Round, Shape, TimelineCost
from fuzzverse.report.bench import (
    render_round,
    render_timeline,
    render_timeline_json,
    render_timeline_markdown,
)

Golden = Callable[[str, str], None]
ROUNDS = (
    Round(200.0, Isolated(220.0, 260.0, 120.0), Isolated(10.0, 11.0, 5.5)),
    Round(400.0, Isolated(480.0, 400.0, 200.0), Isolated(16.0, 16.0, 8.0)),
    Round(200.0, Isolated(250.0, 300.0, 140.0), Isolated(12.5, 14.0, 7.0)),
)
COSTS = (
    TimelineCost("timeline-1mb", Shape(1, 0, is_random=False), 1.0, ROUNDS),
    TimelineCost(
        "timeline-1000mb-20-pages",
        Shape(1000, 20, is_random=False),
        1.0,
        (Round(113_000.4, Isolated(121_000.0, 121_500.0, 65_000.0), Isolated(31.0, 30.0, 16.0)),),
    ),
)
COMMAND = "fuzzverse bench timeline"


def test_the_table(golden: Golden) -> None:
    golden("timeline.txt", render_timeline(COSTS))


def test_the_markdown_table(golden: Golden) -> None:
    golden("timeline.md", render_timeline_markdown(COSTS, COMMAND))


def test_json_keeps_every_round() -> None:
    values = json.loads(render_timeline_json(COSTS, COMMAND))
    assert values["command"] == COMMAND
    first, second = values["targets"]
    assert first["target"] == "timeline-1mb"
    assert len(first["rounds"]) == len(ROUNDS)
    assert first["rounds"][0]["rewind"] == {
        "pinned_us": 10.0,
        "unpinned_us": 11.0,
        "workers_us": 5.5,
    }
    assert second["shape"] == {"state_mb": 1000, "dirty_pages": 20, "is_random": False}


def test_a_target_of_the_users_has_no_shape() -> None:
    cost = TimelineCost("./mine", None, 1.0, ROUNDS)
    (value,) = json.loads(render_timeline_json([cost], COMMAND))["targets"]
    assert value["shape"] is None


def test_progress_says_what_a_round_brought() -> None:
    assert render_round("timeline-1mb", ROUNDS[0], 1, 7) == (
        "[1/7] timeline-1mb: bare fork 200.0 us, fork 220.0 us, rewind 10.0 us, 20.0×"
    )
