"""`fuzzverse new` writes what can be built, once, and only under a name that a target may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.cli import call
from fuzzverse.cli.new import PLACEHOLDER
from fuzzverse.errors import ExitCode
from fuzzverse.targetfile import load

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_target_is_written_under_its_name(folder: Path, capsys: Capsys) -> None:
    assert call(["new", "my-store"]) == 0
    assert capsys.readouterr().out == (
        "my-store: written; explore it with `fuzzverse run ./my-store`\n"
    )
    target = load(folder / "my-store" / "target.toml")
    assert target.name == target.default.name == "my-store"
    assert [one.expect for one in target.variants] == ["clean", "bug", "bug"]
    assert "FV_TARGET(my_store) {" in (folder / "my-store" / "main.c").read_text()
    written = sorted((folder / "my-store").iterdir())
    assert [path.name for path in written] == ["README.md", "main.c", "target.toml"]
    assert not any(PLACEHOLDER in path.read_text() for path in written)


def test_a_folder_elsewhere(folder: Path, capsys: Capsys) -> None:
    (folder / "deep").mkdir()
    assert call(["new", "deep/store"]) == 0
    assert "`fuzzverse run deep/store`" in capsys.readouterr().out
    assert load(folder / "deep" / "store" / "target.toml").name == "store"


def test_nothing_is_overwritten(folder: Path, capsys: Capsys) -> None:
    (folder / "store").mkdir()
    (folder / "store" / "main.c").write_text("mine")
    assert call(["new", "store"]) == ExitCode.USAGE
    assert "store is there already; nothing was written" in capsys.readouterr().err
    assert [path.name for path in (folder / "store").iterdir()] == ["main.c"]
    assert (folder / "store" / "main.c").read_text() == "mine"


@pytest.mark.parametrize("name", ["Store", "1st", "a b", "..", "/", "-x-", "x" * 42, "é", ""])
def test_names_that_are_none(folder: Path, capsys: Capsys, name: str) -> None:
    assert call(["new", "--", name]) == ExitCode.USAGE
    assert "is no name for a target" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_place_that_is_not_there(folder: Path, capsys: Capsys) -> None:
    assert call(["new", "absent/store"]) == ExitCode.ENGINE_FAILED
    assert "cannot write absent/store" in capsys.readouterr().err
