from __future__ import annotations

from pathlib import Path

from fuzzverse.merge import Merged
from fuzzverse.model import Recipe, Verdict
from fuzzverse.report.corpus import exported, imported, merged, minimized, render


def test_recipes_show_their_root_and_tapes_their_size() -> None:
    text = render([("aa", 60, Recipe(42), "1@2"), ("bb", 1_234, Recipe(9, tape=b"x" * 1_234), "")])
    assert text.splitlines() == [
        "name  bytes  root           recipe",
        "aa       60  42             1@2",
        "bb    1,234  tape of 1,234",
    ]
    assert render([]) == "no inputs"


def test_a_merge_says_what_it_added_and_what_it_left() -> None:
    bad = tuple((f"crash{i}", Verdict.SIGNAL) for i in range(9))
    found = Merged(("a", "b"), (*bad, ("hang", Verdict.TIMEOUT)), 1_200, 200, 10, 14, is_whole=True)
    assert merged(found, Path("into"), 3_456).splitlines() == [
        "2 inputs, 3,456 bytes, added to into: features 10 before, 14 now",
        "1,200 inputs were run, 200 of them by an earlier run",
        "9 end badly (signal): crash0, crash1, crash2, crash3, crash4, crash5, crash6, crash7, ...",
        "1 end badly (timeout): hang",
    ]
    assert minimized(found, Path("into"), 3).splitlines()[0] == (
        "2 inputs, 3 bytes, in into have all 14 features"
    )


def test_what_was_copied_is_counted() -> None:
    assert imported(2, 30, Path("x")) == "2 inputs, 30 bytes, are in x\n"
    assert exported(2, 0, 30, Path("x")) == "2 inputs, 30 bytes, are in x\n"
    assert exported(2, 1, 30, Path("x")) == "2 inputs, 30 bytes, are in x; 1 left out\n"
