"""How the archive of a fetch comes from its registry: by the client that the registry has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from fuzzverse.errors import EngineError
from fuzzverse.targetfile import Fetch

TIMEOUT_S: Final = 300
CRATES_URL: Final = "https://static.crates.io/crates"
CRATE_SIZE_MAX: Final = 64 * 1024 * 1024  # crates.io takes no more than 10 MiB
_REPOSITORIES_MAX: Final = 64
_INDEX_FORMAT: Final = "$(REPO_URI) $(CODENAME) $(COMPONENT)"

Download = Callable[[Fetch, Path], None]


def download(fetch: Fetch, directory: Path) -> None:
    """Puts the archive of a fetch into `directory`, with whatever the client leaves beside it.

    Raises:
        EngineError: the client failed; says how to do without.
    """
    _CLIENTS[fetch.registry](fetch, directory)


def failed(fetch: Fetch, reason: str) -> str:
    """The words of an error that ends a fetch."""
    first = ", ".join(name for _, name in fetch.members[:4])
    more = ", ..." if len(fetch.members) > 4 else ""
    return (
        f"cannot fetch {fetch.package} {fetch.version}: {reason}; check the network, or give a "
        f"directory that holds {first}{more} with --with {fetch.parameter}=DIR"
    )


def _pip(fetch: Fetch, directory: Path) -> None:
    """An sdist. pip compares the hash (`--require-hashes`) before it runs anything of it."""
    pinned = directory / "requirements.txt"
    pinned.write_text(f"{fetch.package}=={fetch.version} --hash=sha256:{fetch.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", ":all:", "--require-hashes"]
    command += ["--requirement", str(pinned), "--dest", str(directory)]
    _run(fetch, "pip", command, directory)


def _apt(fetch: Fetch, directory: Path) -> None:
    """The upstream archive of a Debian source package.

    The machine's own repositories are asked for their sources, which its configuration need not
    name, through lists in `directory`, so that nothing of the machine changes and no rights are
    needed. Their signatures are not looked at, as keys lie elsewhere on every release: the pinned
    hash says more, and nothing but the archive is used.
    """
    indexes = ["apt-get", "indextargets", "--format", _INDEX_FORMAT, "Created-By: Packages"]
    listed = _run(fetch, "apt-get", indexes, directory).splitlines()
    repositories = sorted({line for line in listed if len(line.split()) == 3})
    if not repositories:
        raise EngineError(failed(fetch, "apt-get knows no repository"))
    lines = [f"deb-src [trusted=yes] {line}\n" for line in repositories[:_REPOSITORIES_MAX]]
    (directory / "sources.list").write_text("".join(lines))
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (directory / name).mkdir(parents=True)
    directory.chmod(0o755)  # apt downloads as a user of its own
    command = ["apt-get", "--quiet=2"]
    command += ["-o", f"Dir::Etc::SourceList={directory / 'sources.list'}"]
    command += ["-o", f"Dir::Etc::SourceParts={directory / 'parts'}"]
    command += ["-o", f"Dir::State::Lists={directory / 'lists'}"]
    command += ["-o", f"Dir::Cache={directory / 'cache'}"]
    _run(fetch, "apt-get", [*command, "update"], directory)
    source = ["source", "--download-only", "--tar-only", fetch.package]
    _run(fetch, "apt-get", [*command, *source], directory)


def _cargo(fetch: Fetch, directory: Path) -> None:
    """A crate, which an empty package names; cargo runs nothing of what it fetches.

    The user's configuration and cache of cargo are used, so that mirrors work. Where there is no
    cargo, the file is asked for that cargo would ask for.
    """
    name = f"{fetch.package}-{fetch.version}.crate"
    if shutil.which("cargo") is None:
        (directory / name).write_bytes(_crate(fetch, f"{CRATES_URL}/{fetch.package}/{name}"))
        return
    (directory / "src").mkdir()
    (directory / "src" / "lib.rs").write_text("")
    (directory / "Cargo.toml").write_text(
        '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n'
        f'[dependencies.{fetch.package}]\nversion = "={fetch.version}"\n'
        "default-features = false\n"
    )
    _run(fetch, "cargo", ["cargo", "fetch", "--quiet"], directory)
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    for path in sorted((home / "registry" / "cache").glob(f"*/{name}"))[:1]:
        (directory / name).symlink_to(path)


def _crate(fetch: Fetch, url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            data: bytes = answer.read(CRATE_SIZE_MAX + 1)
    except OSError as error:
        reason = f"cargo is not on this machine, and {url} says: {error}"
        raise EngineError(failed(fetch, reason)) from None
    if len(data) > CRATE_SIZE_MAX:
        raise EngineError(failed(fetch, f"{url} is larger than {CRATE_SIZE_MAX} bytes"))
    return data


_CLIENTS: Final = {"pypi": _pip, "debian": _apt, "crates": _cargo}


def _run(fetch: Fetch, client: str, command: Sequence[str], directory: Path) -> str:
    """Runs a client in `directory` and returns what it said."""
    try:
        answer = subprocess.run(
            command,
            cwd=directory,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise EngineError(failed(fetch, f"{client} is not on this machine")) from None
    except subprocess.TimeoutExpired:
        raise EngineError(failed(fetch, f"{client} took longer than {TIMEOUT_S} s")) from None
    if answer.returncode != 0:
        lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("ERROR:", "E:", "error:"))]
        words = (errors or lines[-1:] or [f"{client} failed"])[0]
        raise EngineError(failed(fetch, words))
    return answer.stdout
