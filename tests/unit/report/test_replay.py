from __future__ import annotations

import json
from collections.abc import Callable

from fuzzverse.model import Replay, Target, Verdict
from fuzzverse.report import replay as report

MakeReplay = Callable[..., Replay]


def test_the_text(
    target: Target, make_replay: MakeReplay, golden: Callable[[str, str], None]
) -> None:
    golden("replay.txt", report.render(target, make_replay(), 100))


def test_a_timeline_that_ended_well_and_reached_nothing(
    target: Target, make_replay: MakeReplay
) -> None:
    well = make_replay(verdict=Verdict.OK, passes=(), failures=())
    assert report.render(target, well, 1) == (
        "no mark was reached\n\nok (300 draws, digest 000000000000feed)\n"
    )


def test_the_json_is_one_object(target: Target, make_replay: MakeReplay) -> None:
    text = report.render_json(target, make_replay(), 3)
    values = json.loads(text)
    assert text.count("\n") == 1
    assert (values["verdict"], values["times"]) == ("assertion", 3)
    assert values["digest"] == "000000000000feed"
    assert [mark["message"] for mark in values["marks"]] == [
        "health is positive",
        "found the key",
        "deep",
    ]
