"""Third-party source of a target: out of a registry, pinned by SHA-256, cached, never committed."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from fuzzverse.errors import EngineError, UsageError
from fuzzverse.files import disk_errors, sync_directory, write_whole
from fuzzverse.registry import Download, download, failed
from fuzzverse.targetfile import Fetch

ARCHIVE_SIZE_MAX: Final = 256 * 1024 * 1024
MEMBER_SIZE_MAX: Final = 64 * 1024 * 1024
MEMBER_COUNT_MAX: Final = 100_000
_ARCHIVES: Final = ("*.tar.gz", "*.crate")


def fetched(fetch: Fetch, cache: Path, download: Download = download) -> Path:
    """The directory with the members of a fetch, downloaded at first use.

    Raises:
        EngineError: the download failed, has another hash, or lacks a member.
    """
    directory = cache / "sources" / f"{fetch.package}-{fetch.version}-{fetch.sha256[:16]}"
    if all((directory / name).is_file() for _, name in fetch.members):
        return directory
    with disk_errors(directory, "create"):
        directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuzzverse-fetch-") as scratch:
        download(fetch, Path(scratch))
        _extract(fetch, _checked(fetch, Path(scratch)), directory)
    for parent in sorted({(directory / name).parent for _, name in fetch.members}):
        sync_directory(parent)
    return directory


def given(fetch: Fetch, directory: Path) -> Path:
    """A directory of the user's that replaces the fetch; UsageError when it lacks a file."""
    for _, name in fetch.members:
        if not (directory / name).is_file():
            raise UsageError(f"--with {fetch.parameter}={directory}: {name} is not in there")
    return directory.resolve()


def _checked(fetch: Fetch, scratch: Path) -> Path:
    """The archive in `scratch` whose hash is the pinned one."""
    for path in sorted(path for name in _ARCHIVES for path in scratch.glob(name)):
        if path.stat().st_size > ARCHIVE_SIZE_MAX:
            raise EngineError(failed(fetch, f"{path.name} is larger than {ARCHIVE_SIZE_MAX}"))
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != fetch.sha256:
            raise EngineError(
                failed(fetch, f"{path.name} has SHA-256 {found} instead of {fetch.sha256}")
            )
        return path
    raise EngineError(failed(fetch, f"the download holds no {' or '.join(_ARCHIVES)}"))


def _extract(fetch: Fetch, archive: Path, directory: Path) -> None:
    """Copies the named members, and nothing else: regular files, sizes capped, names our own."""
    wanted = dict(fetch.members)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for count, member in enumerate(tar):
                if count >= MEMBER_COUNT_MAX or not wanted:
                    break
                path = member.name.partition("/")[2]
                if path in wanted and member.isreg():
                    place = directory / wanted.pop(path)
                    with disk_errors(place.parent, "create"):
                        place.parent.mkdir(parents=True, exist_ok=True)
                    write_whole(place, _content(fetch, tar, member))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise EngineError(failed(fetch, f"{archive.name} is damaged: {error}")) from error
    if wanted:
        raise EngineError(failed(fetch, f"{archive.name} lacks {min(wanted)}"))


def _content(fetch: Fetch, tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    if stream is None or member.size > MEMBER_SIZE_MAX:
        raise EngineError(failed(fetch, f"{member.name} is larger than {MEMBER_SIZE_MAX} bytes"))
    with stream:
        return stream.read(MEMBER_SIZE_MAX)
