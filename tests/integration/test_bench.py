"""`fuzzverse bench` measures; how fast is not for a test to say."""

from __future__ import annotations

import json

from support.commands import Fuzzverse


def test_bench_timeline(fuzzverse: Fuzzverse) -> None:
    words = ("bench", "timeline", "timeline-1mb", "--timelines", "100", "--rounds", "2", "--json")
    done = fuzzverse(*words)
    assert done.code == 0, done.err
    (value,) = json.loads(done.out)
    assert len(value["rounds"]) == 2
    assert all(figure > 0 for one in value["rounds"] for figure in one if figure is not None)
