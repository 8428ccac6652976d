from __future__ import annotations

from pathlib import Path

from fuzzverse import native
from fuzzverse.cli.inputs import Start, starting_inputs
from fuzzverse.model import Recipe, Segment


def test_committed_inputs_come_first_each_once_and_broken_ones_are_told(tmp_path: Path) -> None:
    recipe = Recipe.of(42, Segment(1, 2))
    committed, mine = tmp_path / "committed", tmp_path / "mine"
    committed.mkdir()
    mine.mkdir()
    (committed / "z").write_bytes(native.input_bytes(recipe))
    (mine / "a").write_bytes(b"a tape")
    (mine / "b").write_bytes(native.input_bytes(recipe))
    (mine / "c").write_bytes(b"fuzzverse recipe 1\nroot none\n")
    start = starting_inputs(committed, [mine])
    recipes, skipped = start.inputs, start.skipped
    assert [one.tape for one in recipes] == [None, b"a tape"]
    assert recipes[0] == recipe
    (words,) = skipped
    assert str(mine / "c") in words


def test_without_inputs_there_are_none() -> None:
    assert starting_inputs(None, ()) == Start((), 0, ())
