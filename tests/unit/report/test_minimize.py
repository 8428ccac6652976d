from __future__ import annotations

import json
from collections.abc import Callable

from fuzzverse.outcome import Bug
from fuzzverse.report.minimize import Minimized, Size, progress, render, render_json

BEFORE = Size(14, 2, 479, 479)
AFTER = Size(1, 46, 0, 106)


def result(bug: Bug, stopped: str = "") -> Minimized:
    return Minimized(bug, BEFORE, AFTER, 7_118, 0.5, stopped)


def test_what_came_of_it(make_bug: Callable[..., Bug], golden: Callable[[str, str], None]) -> None:
    bug = make_bug(root=1, recipe="0@plain -> 12=3", is_minimized=True)
    golden("minimized.txt", render(result(bug)) + render(result(bug, "time is up")))


def test_progress_is_one_line() -> None:
    line = "14 segments, 2 draws said and 479 of luck, of 479 draws after 12 trials, 1.2 s"
    assert progress(BEFORE, 12, 1.23) == line


def test_json_says_whether_it_is_minimal(make_bug: Callable[..., Bug]) -> None:
    values = json.loads(render_json(result(make_bug(), "interrupted")))
    assert values["before"] == {"segments": 14, "said": 2, "lucky": 479, "draws": 479}
    assert values["after"]["said"] == 46
    assert (values["is_irreducible"], values["stopped"]) == (False, "interrupted")
    assert json.loads(render_json(result(make_bug())))["is_irreducible"]
