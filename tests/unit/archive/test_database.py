from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

from fuzzverse.archive.database import Database, Where
from fuzzverse.errors import EngineError, UsageError


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:s3cret@db.example/x",
        "postgres://me:s3cret@db.example/x?sslmode=require",
        "postgresql+psycopg://me@db.example/x?password=s3cret",
    ],
)
def test_passwords_are_not_shown(text: str) -> None:
    where = Where(text)
    assert where.is_server
    assert where.shown.startswith("postgresql://me")
    assert "s3cret" not in where.shown
    assert where.without_secrets("no s3cret here") == "no *** here"


@pytest.mark.parametrize("text", ["mysql://me:s3cret@x/y", "postgresql://me:s3cret@x:port/y"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--archive") as caught:
        Where(text)
    assert "s3cret" not in str(caught.value)


def test_a_path_is_a_sqlite_file(tmp_path: Path) -> None:
    where = Where(str(tmp_path / "a%20b.db"))
    with Database(where) as database:
        assert database.connection.dialect.name == "sqlite"
    assert where.is_file(tmp_path / "x" / ".." / "a%20b.db")
    assert not where.is_file(tmp_path / "other.db")
    assert not Where("postgresql://x/y").is_file(tmp_path)
    assert (tmp_path / "a%20b.db").is_file()


def test_a_missing_driver_is_told_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match=r"pip install 'fuzzverse\[postgresql\]'"):
        Database(Where("postgresql://me:s3cret@127.0.0.1:1/x"))


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(EngineError, match=r"postgresql://me:\*\*\*@127\.0\.0\.1:1/x: ") as caught:
        Database(Where("postgresql://me:s3cret@127.0.0.1:1/x"))
    assert "see that the server runs" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_what_is_not_committed_is_given_up(tmp_path: Path) -> None:
    where = Where(str(tmp_path / "a.db"))
    with Database(where) as database, contextlib.suppress(ZeroDivisionError), database.writing():
        database.connection.exec_driver_sql("INSERT INTO blobs VALUES ('x', 0, '')")
        raise ZeroDivisionError
    with Database(where) as database:
        count = database.connection.exec_driver_sql("SELECT count(*) FROM blobs").scalar_one()
    assert count == 0
