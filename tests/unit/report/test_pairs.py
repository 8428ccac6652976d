from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fuzzverse.bench.isolation import Comparison, Pair, Setting, Trial
from fuzzverse.model import Isolation, Strategy, Totals
from fuzzverse.report.pairs import render, render_json, render_markdown, render_pair

Golden = Callable[[str, str], None]
COMMAND = "fuzzverse bench isolation maze sqlite"


@pytest.fixture
def comparisons(make_totals: Callable[..., Totals]) -> tuple[Comparison, ...]:
    """A target that is rewound, and one that is only in part."""
    forked = make_totals(isolation=Isolation.FORK, timelines=20_000, checked=0)
    rewound = make_totals(timelines=20_000, checked=20)
    parted = make_totals(timelines=20_000, parted=5_000, parted_by="b\x1brk", jobs_forked=3)
    unfit = make_totals(timelines=20_000, isolation=Isolation.FORK)
    maze = Setting(Strategy.FRONTIER, 20_000, jobs=2, canary=1_000)
    sqlite = Setting(Strategy.DEPTH_FIRST, 20_000, jobs=1, canary=0)
    return (
        Comparison(
            "maze",
            maze,
            tuple(
                Pair(seed, Trial(forked, "", 4.0, 0.01, 0.02), Trial(rewound, "", s, 0.02, 0.08))
                for seed, s in ((1, 0.5), (2, 0.4), (3, 0.8))
            ),
        ),
        Comparison(
            "sqlite",
            sqlite,
            (
                Pair(1, Trial(forked, "", 20, 0.1, 0.01), Trial(parted, "", 10, 0.1, 0.02)),
                Pair(2, Trial(forked, "", 20, 0.1, 0.01), Trial(unfit, "threads", 20, 0.1, 0.02)),
            ),
        ),
    )


def test_the_table(comparisons: tuple[Comparison, ...], golden: Golden) -> None:
    golden("isolation.txt", render(comparisons))


def test_the_markdown_table(comparisons: tuple[Comparison, ...], golden: Golden) -> None:
    golden("isolation.md", render_markdown(comparisons, COMMAND))


def test_json_has_every_campaign(comparisons: tuple[Comparison, ...]) -> None:
    values = json.loads(render_json(comparisons, COMMAND))
    assert values["command"] == COMMAND
    maze, sqlite = values["targets"]
    assert (maze["strategy"], sqlite["strategy"]) == ("frontier", "depth-first")
    assert maze["gain"] == pytest.approx(8)
    first = maze["pairs"][0]
    assert first["fork"]["digest"] == first["rewind"]["digest"] == "0000000000abcdef"
    assert first["rewind"]["isolation"] == "rewind"
    assert sqlite["pairs"][1]["rewind"]["unfit"] == "threads"


def test_progress_says_what_a_pair_brought(comparisons: tuple[Comparison, ...]) -> None:
    line = render_pair("maze", comparisons[0].pairs[0], 1, 3)
    assert line == "[1/3] maze, seed 1: 200 us forked, 25.0 us rewound, 8.0×"
