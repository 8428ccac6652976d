"""A team's archive on a real PostgreSQL, which the tests start on loopback."""

from __future__ import annotations

import json
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.commands import Fuzzverse
from support.postgresql import PASSWORD, Server, running

from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.migrations import MIGRATIONS
from fuzzverse.archive.push import push
from fuzzverse.archive.schema import METADATA
from fuzzverse.archive.writer import Archive, Entry, Start
from fuzzverse.errors import EngineError, ExitCode, UsageError
from fuzzverse.files import name_of
from fuzzverse.sharing import push_out

U64_MAX = (1 << 64) - 1
ENTRIES = 300


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def database(server: Server) -> str:
    """The name of an empty database."""
    name = f"d{secrets.token_hex(8)}"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return name


def make_out(path: Path, campaigns: int = 1, entries: int = ENTRIES, tag: str = "") -> Path:
    """An OUT with campaigns whose entries are all different."""
    (path / "corpus").mkdir(parents=True)
    with Archive(path / "archive.db") as archive:
        for number in range(campaigns):
            start = Start("coin", "b1", "random", U64_MAX, "{}", 1e9, secrets.token_hex(16), "{}")
            campaign = archive.begin(start)
            add_entries(path, archive, campaign, range(entries), f"{tag}{number}")
    return path


def add_entries(path: Path, archive: Archive, campaign: int, which: range, tag: str) -> None:
    for timeline in which:
        data = f"input {tag} {timeline}\0\ud800".encode(errors="replace")
        (path / "corpus" / name_of(data)).write_bytes(data)
        recipe = "1@2" if timeline else "a\0b"
        archive.add_entries(campaign, Entry(name_of(data), timeline, U64_MAX, recipe, 30, 4))


def table(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path / "archive.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_tables_are_those_of_the_schema(server: Server, database: str) -> None:
    for _ in range(2):
        Database(Where(server.url(database))).close()
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{}'"
    for name, one in METADATA.tables.items():
        rows = server.rows(database, f"{query.format(name)} ORDER BY ordinal_position")
        types = dict(rows)
        assert list(types) == one.columns.keys()
        assert "integer" not in types.values()
    versions = [(v + 1,) for v in range(len(MIGRATIONS))]
    assert server.rows(database, "SELECT version FROM migrations ORDER BY 1") == versions


def test_an_archive_of_a_newer_fuzzverse_is_left_alone(server: Server, database: str) -> None:
    Database(Where(server.url(database))).close()
    server.rows(database, "INSERT INTO migrations VALUES (99) RETURNING version")
    with pytest.raises(EngineError, match="schema 99, written by a newer fuzzverse"):
        Database(Where(server.url(database)))


def test_a_copy_may_be_repeated_and_goes_on(server: Server, database: str, tmp_path: Path) -> None:
    out, where = make_out(tmp_path / "out", campaigns=2), Where(server.url(database))
    counts = [push_out(out, where) for _ in range(2)]
    assert counts[0] == counts[1]
    assert (counts[0].campaigns, counts[0].entries) == (2, 2 * ENTRIES)
    with Archive(out / "archive.db") as archive:
        add_entries(out, archive, 1, range(ENTRIES, ENTRIES + 9), "more")
    (late, *_) = sorted((out / "corpus").iterdir())
    hidden = late.rename(out / "hidden")
    push_out(out, where)
    hidden.rename(late)
    push_out(out, where)
    there = server.rows(database, "SELECT name, timeline, root, draws FROM entries ORDER BY 1")
    assert there == table(out, "SELECT name, timeline, root, draws FROM entries ORDER BY 1")
    assert server.rows(database, "SELECT DISTINCT root FROM entries") == [(str(U64_MAX),)]
    changed = server.rows(database, "SELECT DISTINCT recipe FROM entries WHERE timeline = 0")
    assert changed == [("a\ufffdb",)]
    rows = server.rows(database, "SELECT name, data FROM blobs")
    assert dict(rows) == {path.name: path.read_bytes() for path in (out / "corpus").iterdir()}


def test_a_bug_of_a_run_has_all_that_a_replay_needs(
    server: Server, database: str, fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    url = server.url(database)
    for seed in ("1", "2"):
        run = fuzzverse(
            "run", "gates", "--archive", url, "--timelines", "20000", "--quiet", "--json",
            "--jobs", "1", "--seed", seed, "--out", f"o{seed}",
        )  # fmt: skip
        assert (run.code, run.err) == (ExitCode.BUGS_FOUND, "")
    bucket = run.json["bugs"][0]["bucket"]
    listed = fuzzverse("bugs", "list", "--archive", url, "--json")
    seen = json.loads(listed.out)
    assert (seen["bucket"], seen["campaigns"], seen["replays"]) == (bucket, 2, 6)
    (tmp_path / "elsewhere").mkdir()
    sent = tmp_path / "elsewhere" / "it.fvbug.tar.zst"
    fuzzverse("bugs", "export", bucket, "--archive", url, "-o", sent)
    replayed = fuzzverse("replay", sent, cwd=tmp_path / "elsewhere")
    assert (replayed.code, replayed.err) == (ExitCode.BUGS_FOUND, "")
    shown = fuzzverse("archive", "properties", url)
    assert shown.out.startswith("gates: ")


def test_many_write_at_once(server: Server, database: str, tmp_path: Path) -> None:
    """All of them find no tables yet, and bring the same inputs."""
    outs = [make_out(tmp_path / str(number), campaigns=2) for number in range(4)]
    where = Where(server.url(database))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda out: push_out(out, where), outs * 2))
    assert server.rows(database, "SELECT count(*), count(DISTINCT uid) FROM campaigns") == [(8, 8)]
    counts = "SELECT count(*), count(DISTINCT name) FROM entries"
    assert server.rows(database, counts) == [(8 * ENTRIES, 2 * ENTRIES)]
    assert server.rows(database, "SELECT count(*) FROM blobs") == [(2 * ENTRIES,)]


def test_a_server_that_is_killed_in_a_copy_loses_nothing(
    server: Server, database: str, tmp_path: Path
) -> None:
    out, where = make_out(tmp_path / "out", campaigns=2), Where(server.url(database))
    inputs = {path.name: path.read_bytes() for path in (out / "corpus").iterdir()}
    asked: list[str] = []

    def input_of(name: str) -> bytes | None:
        asked.append(name)
        if len(asked) == ENTRIES + 100:  # in the second campaign
            server.kill()
        return inputs[name]

    with (
        Database(Where(str(out / "archive.db"))) as source,
        Database(where) as team,
        pytest.raises(EngineError, match=r"cannot use the archive postgresql://.*:\*\*\*@"),
    ):
        push(source, team, input_of)
    server.start()
    assert server.rows(database, "SELECT count(*) FROM campaigns") == [(1,)]
    assert server.rows(database, "SELECT count(*) FROM entries") == [(ENTRIES,)]
    assert push_out(out, where).entries == 2 * ENTRIES
    assert server.rows(database, "SELECT count(*) FROM entries") == [(2 * ENTRIES,)]
    assert server.rows(database, "SELECT count(*) FROM blobs") == [(2 * ENTRIES,)]


def test_a_run_outlives_the_server_and_is_shared_later(
    server: Server, database: str, compiled: Callable[..., Path], fuzzverse: Fuzzverse,
    tmp_path: Path,
) -> None:  # fmt: skip
    url, out = server.url(database), tmp_path / "out"
    command: list[str | Path]
    command = [sys.executable, "-P", "-m", "fuzzverse", "run", compiled("coin.c"), "--archive", url]
    command += ["--time", "4s", "--keep-going", "--jobs", "1", "--out", out]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as run:
        end = time.monotonic() + 60
        while not shared_campaigns(server, database):
            assert time.monotonic() < end, "the campaign is not shared while it runs"
            time.sleep(0.1)
        server.kill()
        _, said = run.communicate(timeout=120)
    server.start()
    assert run.returncode == ExitCode.BUGS_FOUND
    assert f"fuzzverse archive push {out} postgresql://" in said
    assert PASSWORD not in said
    assert "se%3Acr%40et" not in said
    pushed = fuzzverse("archive", "push", out, url)
    assert pushed.out.startswith("1 campaign in postgresql://fuzzverse:***@127.0.0.1:")
    ended = server.rows(database, "SELECT stopped, timelines FROM campaigns")
    assert ended == table(out, "SELECT stopped, timelines FROM campaigns")
    assert server.rows(database, "SELECT count(*) FROM curves") == table(
        out, "SELECT count(*) FROM curves"
    )


def shared_campaigns(server: Server, database: str) -> bool:
    there = server.rows(database, "SELECT to_regclass('campaigns') IS NOT NULL")
    if there != [(True,)]:
        return False
    return server.rows(database, "SELECT count(*) FROM campaigns") == [(1,)]


def test_a_server_that_does_not_let_one_in_is_told_before_the_run(
    server: Server, database: str, fuzzverse: Fuzzverse
) -> None:
    refused = fuzzverse("run", "gates", "--archive", server.url(database, "wr%40ng"), "--out", "o")
    assert refused.code == ExitCode.ENGINE_FAILED
    assert "password authentication failed" in refused.err
    assert "wr%40ng" not in refused.err
    assert "wr@ng" not in refused.err
    nowhere = f"postgresql://me:{PASSWORD.replace(':', '')}@127.0.0.1:1/x"
    gone = fuzzverse("archive", "properties", nowhere)
    assert gone.code == ExitCode.ENGINE_FAILED
    assert "cannot use the archive postgresql://me:***@" in gone.err


def test_two_who_share_one_campaign_take_turns(
    server: Server, database: str, tmp_path: Path
) -> None:
    out, where = make_out(tmp_path / "out"), Where(server.url(database))
    Database(where).close()
    threads = [threading.Thread(target=push_out, args=(out, where)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.rows(database, "SELECT count(*) FROM entries") == [(ENTRIES,)]


@pytest.mark.parametrize(
    "text", ["mysql://x/y", "postgresql://a:b c@[::/x", "postgresql://u:p@host:port/x"]
)
def test_what_is_no_place_is_refused_without_the_password(text: str) -> None:
    with pytest.raises(UsageError, match="--archive"):
        Where(text)
