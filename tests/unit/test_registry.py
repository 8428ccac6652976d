from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse import registry
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


# A stand-in for cargo: what it fetches goes to its own cache.
CARGO = """#!/bin/sh
echo "$*" > "$ASKED"
cat Cargo.toml >> "$ASKED"
test -f src/lib.rs || exit 1
mkdir -p "$CARGO_HOME/registry/cache/mirror.example"
echo data > "$CARGO_HOME/registry/cache/mirror.example/engine-1.2.crate"
echo dependency > "$CARGO_HOME/registry/cache/mirror.example/other-1.2.crate"
"""
CRATE = replace(FETCH, registry="crates")


def client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, name: str = "apt-get"
) -> Path:
    """Puts a script in place of a client; returns the file that has what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)
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


def test_cargo_is_asked_for_one_exact_crate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = client(tmp_path, monkeypatch, CARGO, "cargo")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "home"))
    place = tmp_path / "place"
    place.mkdir()
    download(CRATE, place)
    assert [path.name for path in place.glob("*.crate")] == ["engine-1.2.crate"]
    assert (place / "engine-1.2.crate").read_text() == "data\n"
    words = asked.read_text()
    assert words.startswith("fetch --quiet\n")
    assert '[dependencies.engine]\nversion = "=1.2"\n' in words


def test_what_cargo_says_is_in_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "#!/bin/sh\necho 'error: no such crate' >&2\nexit 101\n"
    client(tmp_path, monkeypatch, script, "cargo")
    with pytest.raises(EngineError, match=r"error: no such crate; .* --with engine-dir=DIR"):
        download(CRATE, tmp_path)


class _Crates(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_known = self.path == "/engine/engine-1.2.crate"
        self.send_response(200 if is_known else 404)
        self.end_headers()
        self.wfile.write(b"data" if is_known else b"")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keeps quiet."""


@pytest.fixture
def crates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without cargo, and a server in place of crates.io."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with http.server.HTTPServer(("127.0.0.1", 0), _Crates) as server:
        monkeypatch.setattr(registry, "CRATES_URL", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("crates")
def test_without_cargo_the_crate_is_asked_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download(CRATE, tmp_path)
    assert (tmp_path / "engine-1.2.crate").read_bytes() == b"data"
    with pytest.raises(EngineError, match=r"motor-1\.2\.crate says: .*404"):
        download(replace(CRATE, package="motor"), tmp_path)
    monkeypatch.setattr(registry, "CRATE_SIZE_MAX", 3)
    with pytest.raises(EngineError, match="is larger than 3 bytes"):
        download(CRATE, tmp_path)
