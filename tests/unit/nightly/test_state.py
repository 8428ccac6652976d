from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzzverse.errors import UsageError
from fuzzverse.nightly.night import begin_or_go_on
from fuzzverse.nightly.state import State, StateFile


def test_a_night_that_has_not_ended_goes_on_as_it_was_begun(tmp_path: Path) -> None:
    states = StateFile(tmp_path)
    state, goes_on = begin_or_go_on(states, "old", 100.0)
    assert (state.number, goes_on) == (1, False)
    state.done = {"maze": {"replay": {"bugs": []}}}
    states.save(state)
    again, goes_on = begin_or_go_on(states, "new", 200.0)
    assert (again, goes_on) == (state, True)
    assert again.result("maze", "replay") == {"bugs": []}
    assert again.result("maze", "explore") is None
    assert again.result("other", "replay") is None


def test_behind_a_night_that_has_ended_comes_another(tmp_path: Path) -> None:
    states = StateFile(tmp_path)
    states.save(State(number=4, began=1.0, text="old", ended=2.0, done={"maze": {}}))
    state, goes_on = begin_or_go_on(states, "new", 3.0)
    assert state == State(number=5, began=3.0, text="new")
    assert not goes_on


@pytest.mark.parametrize(
    "values",
    [
        "nonsense",
        [],
        {"version": 2},
        {"version": 1},
        {"version": 1, "number": "1", "began": 0.0, "text": ""},
        {"version": 1, "number": 1, "began": 0.0, "text": "", "done": {"a": 1}},
        {"version": 1, "number": 1, "began": 0.0, "text": "", "more": 1},
    ],
)
def test_a_damaged_file_is_said_and_not_believed(tmp_path: Path, values: object) -> None:
    (tmp_path / "night.json").write_text(json.dumps(values))
    with pytest.raises(UsageError, match=r"night.json is damaged .*; remove it"):
        StateFile(tmp_path).load()
