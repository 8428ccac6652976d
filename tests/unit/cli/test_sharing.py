from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fuzzverse.archive.database import Where
from fuzzverse.archive.writer import Archive, Start
from fuzzverse.cli import sharing
from fuzzverse.cli.sharing import Alone, shared
from fuzzverse.errors import EngineError, UsageError

UID = "0" * 32


def make_out(path: Path) -> Path:
    path.mkdir()
    with Archive(path / "archive.db") as archive:
        archive.begin(Start("coin", "b", "random", 1, "{}", 1.0, UID, "{}"))
    return path


def test_a_run_is_alone_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    out = make_out(tmp_path / "out")
    for archive in (None, "", str(out / "archive.db")):
        with shared(archive, out, UID) as team:
            assert isinstance(team, Alone)
            team.changed()
            assert team.notes() == ()


def test_a_campaign_is_in_the_archive_when_its_run_ends(tmp_path: Path) -> None:
    out, team = make_out(tmp_path / "out"), tmp_path / "team.db"
    with shared(str(team), out, UID):
        pass
    with closing(sqlite3.connect(team)) as connection:
        assert connection.execute("SELECT uid FROM campaigns").fetchall() == [(UID,)]


def test_an_archive_that_is_no_place_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--archive"), shared("mysql://x/y", tmp_path, UID):
        pass


def test_what_could_not_be_shared_is_told_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def push_out(out: Path, where: Where, uid: str) -> None:
        raise EngineError("gone")

    monkeypatch.setattr(sharing, "push_out", push_out)
    out, team = make_out(tmp_path / "out"), tmp_path / "team.db"
    with shared(str(team), out, UID):
        pass
    told = capsys.readouterr().err
    assert "warning: gone" in told
    assert f"share the run later: fuzzverse archive push {out} {team}" in told
