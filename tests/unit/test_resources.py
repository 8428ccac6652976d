from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.errors import EngineError
from fuzzverse.resources import Resources, installed


def test_everything_lies_below_the_root() -> None:
    data = Resources(Path("/r"))
    places = (data.include, data.cmake, data.pkgconfig, data.targets, data.corpora)
    assert all(place.is_relative_to("/r") for place in places)


def test_a_missing_runtime_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="reinstall with"):
        _ = Resources(tmp_path).runtime
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libfuzzverse.a").write_bytes(b"")
    assert Resources(tmp_path).runtime == tmp_path / "lib" / "libfuzzverse.a"


def test_the_installed_package_has_its_data_beside_it() -> None:
    assert installed().root.name == "data"
    assert installed().root.parent.name == "fuzzverse"
