from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.errors import EngineError, UsageError
from fuzzverse.fetch import fetched, given
from fuzzverse.registry import Download
from fuzzverse.targetfile import Fetch


def archive(members: dict[str, bytes], link: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        if link:
            member = tarfile.TarInfo(link)
            member.type = tarfile.SYMTYPE
            member.linkname = "/etc/passwd"
            tar.addfile(member)
    return stream.getvalue()


def pinned(data: bytes) -> Fetch:
    return Fetch(
        package="engine",
        version="1.2",
        sha256=hashlib.sha256(data).hexdigest(),
        members=(("src/engine.c", "engine.c"),),
        parameter="engine",
        sources=("engine.c",),
        flags=(),
    )


def giving(data: bytes, calls: list[str]) -> Download:
    def download(fetch: Fetch, directory: Path) -> None:
        calls.append(fetch.package)
        suffix = "crate" if fetch.registry == "crates" else "tar.gz"
        (directory / f"engine-1.2.{suffix}").write_bytes(data)

    return download


GOOD = archive({"engine-1.2/README": b"r", "engine-1.2/src/engine.c": b"int x;"})


def test_only_the_named_member_is_taken_and_only_once(tmp_path: Path) -> None:
    calls: list[str] = []
    first = fetched(pinned(GOOD), tmp_path, giving(GOOD, calls))
    second = fetched(pinned(GOOD), tmp_path, giving(GOOD, calls))
    assert first == second
    assert [path.name for path in first.iterdir()] == ["engine.c"]
    assert (first / "engine.c").read_bytes() == b"int x;"
    assert calls == ["engine"]


def test_members_may_lie_in_folders(tmp_path: Path) -> None:
    fetch = replace(pinned(GOOD), members=(("src/engine.c", "src/deep/engine.c"),))
    directory = fetched(fetch, tmp_path, giving(GOOD, []))
    assert (directory / "src/deep/engine.c").read_bytes() == b"int x;"
    assert given(fetch, directory) == directory.resolve()


def test_a_crate_is_an_archive_too(tmp_path: Path) -> None:
    crate = replace(pinned(GOOD), registry="crates")
    assert (fetched(crate, tmp_path, giving(GOOD, [])) / "engine.c").read_bytes() == b"int x;"


def test_another_hash_is_refused_before_anything_is_extracted(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has SHA-256 .* instead of .* --with engine=DIR"):
        fetched(pinned(b"other"), tmp_path, giving(GOOD, []))
    assert list(tmp_path.rglob("engine.c")) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (archive({"engine-1.2/README": b"r"}), "lacks src/engine.c"),
        (archive({}, link="engine-1.2/src/engine.c"), "lacks src/engine.c"),
        (GOOD[: len(GOOD) // 2], "is damaged"),
        (b"no archive", "is damaged"),
    ],
    ids=["lacks-it", "a-link", "cut", "none"],
)
def test_a_bad_archive_leaves_nothing(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        fetched(pinned(data), tmp_path, giving(data, []))
    assert list(tmp_path.rglob("engine.c")) == []


def test_a_download_without_archive_is_an_error(tmp_path: Path) -> None:
    def nothing(fetch: Fetch, directory: Path) -> None:
        assert list(directory.iterdir()) == []

    with pytest.raises(EngineError, match=r"holds no \*\.tar\.gz or \*\.crate"):
        fetched(pinned(GOOD), tmp_path, nothing)


def test_a_directory_that_replaces_the_fetch_must_hold_the_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"engine\.c is not in there"):
        given(pinned(GOOD), tmp_path)
    (tmp_path / "engine.c").write_text("")
    assert given(pinned(GOOD), tmp_path) == tmp_path.resolve()
