from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from fuzzverse.bench.triage import Limits, Outcome, Reason, Search, Small
from fuzzverse.explain import Decision, Point
from fuzzverse.model import Verdict
from fuzzverse.outcome import Bug
from fuzzverse.report.triage import (
    render,
    render_json,
    render_markdown,
    render_outcome,
    render_search,
    render_small,
)
from fuzzverse.trace import Draw

Golden = Callable[[str, str], None]
LIMITS = Limits(segments=5, seconds=60.0, replays=100, buckets=9)
COMMAND = "fuzzverse bench triage maze raft"
BUG = Bug("the-exit-is-reached-1", Verdict.ASSERTION, "unreachable", "the exit\x1b is reached",
          "UNREACHABLE", 7, "3@9", 1, 300, 4, 13_908, 3, 3, "fuzzverse replay")  # fmt: skip
SEARCH = Search(1, BUG, True, (BUG,), 13_909, 0.6)
SMALL = Small("7: 0@plain -> 3=0", 1, 60, 0, 486, 8_246, 34_854, 2.1, "")
DECISION = Decision(Draw(3, "door|left", 0, 100, said=True, places=()), Point(3, 6, 200),
                    Point(4, 110, 200), 1, 1)  # fmt: skip
MAZE = Outcome("maze", (SEARCH,), SMALL, 100, Reason(DECISION, "step in /far/maze.c:13:3", 9, 0.2))
RAFT = Outcome(
    "raft-read",
    (replace(SEARCH, is_wanted=False), Search(2, None, False, (), 5, 60.0)),
    replace(SMALL, segments=7, stopped="time is up", seconds=60.2),
    99,
    Reason(None, "", 100, 3.0),
)
NONE = Outcome("raft-none", (Search(1, None, False, (), 5, 60.0),))
ALL = (MAZE, RAFT, NONE)


def test_the_table(golden: Golden) -> None:
    golden("triage.txt", render(ALL, LIMITS))


def test_the_markdown_table(golden: Golden) -> None:
    golden("triage.md", render_markdown(ALL, LIMITS, COMMAND))


def test_nothing_missed_is_said() -> None:
    assert "Limits missed: none of 1 variant." in render((MAZE,), LIMITS)


def test_json_keeps_everything() -> None:
    values = json.loads(render_json(ALL, LIMITS, COMMAND))
    assert values["command"] == COMMAND
    assert values["namesakes"] == {BUG.bucket: ["maze", "raft-read"]}
    assert values["shared"] == []
    maze, raft, none = values["targets"]
    assert maze["small"]["recipe"] == SMALL.recipe
    assert maze["reason"]["decision"]["before"] == {"draw": 3, "failing": 6, "futures": 200}
    assert maze["searches"][0]["bug"] == BUG.bucket
    assert (maze["missed"], len(raft["missed"]), len(none["missed"])) == ([], 5, 1)


def test_lines_of_progress() -> None:
    assert render_search("maze", SEARCH) == (
        "maze, seed 1: the-exit-is-reached-1 after 13,909 timelines; 1 bucket, 0.6 s"
    )
    assert "not the wanted bug, but the-exit" in render_search("raft", RAFT.searches[0])
    assert render_search("raft", RAFT.searches[1]) == "raft, seed 2: no bug in 5 timelines, 60.0 s"
    assert render_small("maze", SMALL).endswith("2.1 s; no pass finds a simpler one")
    assert render_outcome(MAZE, LIMITS, 1, 3) == "[1/3] maze: all limits are kept"
    assert "no bug was found" in render_outcome(NONE, LIMITS, 3, 3)
