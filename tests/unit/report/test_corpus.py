from __future__ import annotations

from fuzzverse.model import Recipe
from fuzzverse.report.corpus import render


def test_recipes_show_their_root_and_tapes_their_size() -> None:
    text = render([("aa", 60, Recipe(42), "1@2"), ("bb", 1_234, Recipe(9, tape=b"x" * 1_234), "")])
    assert text.splitlines() == [
        "name  bytes  root           recipe",
        "aa       60  42             1@2",
        "bb    1,234  tape of 1,234",
    ]
    assert render([]) == "no inputs"
