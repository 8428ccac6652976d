from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from fuzzverse.bench.search import Contest, Limits, Run
from fuzzverse.model import IsolationChoice
from fuzzverse.report.search import panels, render, render_json, render_markdown, render_run

Golden = Callable[[str, str], None]
LIMITS = Limits(seconds=60.0, timelines=200_000, jobs=2)
NEEDED = (
    ("frontier", (14_000, 15_000, 16_000), (2.5, 3.0, 4.0)),
    ("random", (200_000, 190_000, 200_000), (60.0, 60.0, 59.0)),
    ("libfuzzer", (900_000, 2_000_000, 2_100_000), (51.0, 60.0, 60.0)),
)


def run(strategy: str, seed: int, timelines: int, seconds: float) -> Run:
    is_rival = strategy == "libfuzzer"
    found = seconds < 59.0
    return Run(
        strategy=strategy,
        seed=seed,
        found=found,
        bug="the exit of floor 8 is reached" if found else "",
        timelines=timelines,
        draws=None if is_rival else timelines * 60,
        seconds=seconds,
        opening_s=0.0 if is_rival else 0.05,
        rate=timelines / seconds,
        controller_cpu_s=None if is_rival else 0.02 * seconds,
        children_cpu_s=1.5 * seconds,
    )


@pytest.fixture
def contest() -> Contest:
    runs = tuple(
        run(name, seed + 1, timelines[seed], seconds[seed])
        for seed in range(3)
        for name, timelines, seconds in NEEDED
    )
    return Contest("maze", "the exit of floor", LIMITS, tuple(name for name, _, _ in NEEDED), runs)


def test_the_table(contest: Contest, golden: Golden) -> None:
    golden("search.txt", render([contest], "random"))


def test_the_markdown_table(contest: Contest, golden: Golden) -> None:
    golden("search.md", render_markdown([contest], "random", "fuzzverse bench search maze"))


def test_json_has_every_run(contest: Contest) -> None:
    values = json.loads(render_json([contest], "random", "fuzzverse bench search"))
    (target,) = values["targets"]
    assert len(target["runs"]) == 9
    assert target["limits"] == {
        "seconds": 60.0,
        "timelines": 200_000,
        "jobs": 2,
        "takes_any_bug": False,
        "isolation": "auto",
    }
    assert target["runs"][2]["draws"] is None


def test_a_contender_without_runs_has_a_row(contest: Contest) -> None:
    text = render([replace(contest, runs=())], "random")
    assert text.splitlines()[1].split()[:5] == ["maze", "frontier", "0", "of", "0"]


def test_another_bug_is_told_and_does_not_count(contest: Contest) -> None:
    other = replace(contest.runs[0], found=False, bug="health \x1b[31mstays")
    text = render([replace(contest, runs=(other, *contest.runs[1:]))], "random")
    assert "seed 1 of frontier ended with another bug: health  [31mstays" in text
    assert "2 of 3" in text


def test_any_bug_counts_without_a_known_one(contest: Contest) -> None:
    limits = Limits(seconds=60.0, timelines=None, jobs=1)
    text = render([replace(contest, bug="", limits=limits)], "random")
    assert "maze: any bug, at most 60 s, 1 core each." in text


def test_the_head_tells_the_isolation(contest: Contest) -> None:
    forked = replace(contest, limits=replace(LIMITS, isolation=IsolationChoice.FORK))
    assert "search, isolation fork" in render([forked], "random").splitlines()[0]
    assert "| search, isolation fork |" in render_markdown([forked], "random", "fuzzverse")


def test_why_timelines_were_forked_is_told_once(contest: Contest) -> None:
    unfit = tuple(replace(one, unfit="it has \x1bthreads") for one in contest.runs[:2])
    text = render([replace(contest, runs=(*unfit, *contest.runs[2:]))], "random")
    assert text.count("maze: timelines were forked, not rewound: it has  threads.") == 1


def test_progress_says_what_became_of_a_run(contest: Contest) -> None:
    lines = [render_run("maze", one, 3, 9) for one in contest.runs[:2]]
    assert lines == [
        "[3/9] maze, seed 1, frontier: found after 14,000 timelines, 2.5 s",
        "[3/9] maze, seed 1, random: not found after 200,000 timelines, 60 s",
    ]


def test_the_plot_has_a_panel_a_target(contest: Contest) -> None:
    (panel,) = panels([contest])
    assert [(curve.name, len(curve.found_s), curve.runs) for curve in panel.curves] == [
        ("frontier", 3, 3),
        ("random", 0, 3),
        ("libfuzzer", 1, 3),
    ]
