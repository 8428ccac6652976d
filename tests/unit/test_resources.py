from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.errors import EngineError
from fuzzverse.resources import Resources, installed


def test_everything_lies_below_the_root() -> None:
    data = Resources(Path("/r"))
    places = (data.include, data.cmake, data.pkgconfig, data.targets, data.corpora)
    assert all(place.is_relative_to("/r") for place in places)


@pytest.mark.parametrize(
    ("what", "name"), [("runtime", "libfuzzverse.a"), ("heap", "libfuzzverse_heap.a")]
)
def test_a_missing_archive_says_how_to_get_it(tmp_path: Path, what: str, name: str) -> None:
    with pytest.raises(EngineError, match=f"the {what} .*reinstall with"):
        getattr(Resources(tmp_path), what)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / name).write_bytes(b"")
    assert getattr(Resources(tmp_path), what) == tmp_path / "lib" / name


def test_the_installed_package_has_its_data_beside_it() -> None:
    assert installed().root.name == "data"
    assert installed().root.parent.name == "fuzzverse"
