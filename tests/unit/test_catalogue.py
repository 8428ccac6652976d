from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.catalogue import find
from fuzzverse.errors import UsageError

TWO = """
name = "store"
sources = ["store.c"]
[[variant]]
name = "store-clean"
[[variant]]
name = "store-lying"
default = true
"""


def put(root: Path, name: str, text: str = "") -> Path:
    directory = root / "targets" / name
    directory.mkdir(parents=True)
    path = directory / "target.toml"
    path.write_text(text or f'name = "{name}"\nsources = ["x.c"]\n')
    return path


def test_the_projects_targets_come_before_those_shipped(tmp_path: Path) -> None:
    project, shipped = tmp_path / "project", tmp_path / "shipped"
    mine = put(project, "maze")
    put(shipped, "maze")
    put(shipped, "dungeon")
    below = project / "some" / "where"
    below.mkdir(parents=True)
    catalogue = find(below, shipped / "targets")
    assert catalogue.names() == ("maze", "dungeon")
    assert catalogue.resolve("maze")[0].path == mine


def test_a_variant_has_a_name_of_its_own_and_a_target_means_its_default(tmp_path: Path) -> None:
    put(tmp_path, "store", TWO)
    catalogue = find(tmp_path, tmp_path / "absent")
    assert catalogue.resolve("store-clean")[1].name == "store-clean"
    assert catalogue.resolve("store")[1].name == "store-lying"


def test_an_unknown_name_says_what_is_near_or_known(tmp_path: Path) -> None:
    put(tmp_path, "store", TWO)
    catalogue = find(tmp_path, tmp_path / "absent")
    with pytest.raises(UsageError, match="did you mean store-lying"):
        catalogue.resolve("store-lyin")
    with pytest.raises(UsageError, match="known are: store-clean, store-lying"):
        catalogue.resolve("zzz")
