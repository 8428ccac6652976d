"""The starting inputs of the embedded targets."""

from __future__ import annotations

from pathlib import Path

from fuzzverse.catalogue import find
from fuzzverse.corpus import load
from fuzzverse.files import name_of
from fuzzverse.model import INPUT_SIZE_MAX

WITHOUT = {"empty", "leaky", "simbench", "stress", "timeline"}


def test_each_file_is_named_by_what_it_is(root: Path) -> None:
    folders = [path for path in (root / "corpora").rglob("*") if path.is_dir()]
    for folder in folders:
        found = load(folder)
        assert [name for name, data in found.entries if name_of(data) != name] == [], folder
        assert all(len(data) <= INPUT_SIZE_MAX for _, data in found.entries)


def test_all_but_what_measures_the_engine_has_a_distilled_corpus(root: Path) -> None:
    distilled = {path.name for path in (root / "corpora" / "distilled").iterdir()}
    targets = {path.name for path in (root / "targets").iterdir() if path.is_dir()}
    assert distilled & targets == targets - WITHOUT
    assert distilled <= set(find(root, root / "targets").names())
    assert all(load(root / "corpora" / "distilled" / name).entries for name in distilled)
