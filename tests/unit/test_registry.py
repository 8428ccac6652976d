from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.errors import EngineError
from fuzzverse.registry import download
from fuzzverse.targetfile import Fetch

# A stand-in for apt-get: knows two repositories, one of them twice, and keeps what it was asked.
APT_GET = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in
    indextargets*)
        echo "http://mirror.example/debian/ stable main"
        echo "http://mirror.example/debian/ stable main"
        echo "http://mirror.example/debian/ stable-updates main" ;;
    *update) cat sources.list > "$ASKED.list"; test -d lists/partial ;;
    *source*) echo data > engine_1.2.orig.tar.gz ;;
esac
"""
FETCH = Fetch(
    package="engine",
    version="1.2",
    sha256="ab" * 32,
    members=tuple((f"src/{n}.c", f"{n}.c") for n in "abcdef"),
    parameter="engine-dir",
    sources=(),
    flags=(),
    registry="debian",
)


def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Puts a script in place of apt-get; returns the file that has what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "apt-get").write_text(script)
    (folder / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    return tmp_path / "asked"


def test_debian_is_asked_for_the_upstream_archive_and_nothing_of_the_machine_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = client(tmp_path, monkeypatch, APT_GET)
    place = tmp_path / "place"
    place.mkdir()
    download(FETCH, place)
    assert (place / "engine_1.2.orig.tar.gz").read_text() == "data\n"
    assert (tmp_path / "asked.list").read_text() == (
        "deb-src [trusted=yes] http://mirror.example/debian/ stable main\n"
        "deb-src [trusted=yes] http://mirror.example/debian/ stable-updates main\n"
    )
    _, update, source = asked.read_text().splitlines()
    for line in (update, source):
        for key in ("Etc::SourceList", "Etc::SourceParts", "State::Lists", "Cache"):
            assert f"-o Dir::{key}={place}/" in line
    assert source.endswith("source --download-only --tar-only engine")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/sh\nexit 0\n", "apt-get knows no repository"),
        ("#!/bin/sh\necho W: warm >&2\necho E: no net >&2\nexit 100\n", "E: no net"),
    ],
)
def test_what_a_client_says_is_in_the_error_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    client(tmp_path, monkeypatch, script)
    with pytest.raises(EngineError) as caught:
        download(FETCH, tmp_path)
    assert words in str(caught.value)
    assert "holds a.c, b.c, c.c, d.c, ... with --with engine-dir=DIR" in str(caught.value)


def test_a_machine_without_the_client_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="apt-get is not on this machine"):
        download(FETCH, tmp_path)
