"""Files that appear whole or not at all, and files from outside that are read with care."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from fuzzverse.errors import EngineError, InputError

# How the names of files end that are not whole yet.
PART: Final = ".part"


def name_of(data: bytes) -> str:
    """The name of bytes that are kept by what they are: their SHA-1, as libFuzzer names inputs."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@contextlib.contextmanager
def disk_errors(path: Path, doing: str) -> Iterator[None]:
    """Turns an OSError of the body into an EngineError that names the path and what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise EngineError(
            f"cannot {doing} {path}: {reason}; what was written before is intact, "
            "free some space or give another directory"
        ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it appears whole or not at all: write beside, fsync, rename."""
    beside = _beside(path)
    with disk_errors(path, "write"):
        try:
            with beside.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            beside.rename(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def write_group_whole(directory: Path, files: Mapping[str, bytes]) -> None:
    """Writes files of one directory, each of which appears whole or not at all.

    A quarter of what they cost one by one: the disk is asked for all of them before any is waited
    for. Every file is open at once, so a group should stay well below the limit of open files.
    """
    paths = [directory / name for name in files]
    with disk_errors(directory, "write in"), contextlib.ExitStack() as stack:
        for path in paths:
            stack.callback(_beside(path).unlink, missing_ok=True)
        handles = [stack.enter_context(_begun(path, files[path.name])) for path in paths]
        for path, handle in zip(paths, handles, strict=True):
            with disk_errors(path, "write"):
                os.fsync(handle)
        for path in paths:
            with disk_errors(path, "write"):
                _beside(path).rename(path)
    sync_directory(directory)


def sweep(directory: Path) -> None:
    """Removes what a process left that was killed while it wrote; nobody else may be writing."""
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name.endswith(PART):
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()


def _beside(path: Path) -> Path:
    """Where this thread writes a file before it appears: another may be writing the same one."""
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}{PART}")


@contextlib.contextmanager
def _begun(path: Path, data: bytes) -> Iterator[int]:
    """What is beside `path`, open and written, on its way to the disk already."""
    with disk_errors(path, "write"):
        stream = _beside(path).open("wb", buffering=0)
    with stream:
        with disk_errors(path, "write"):
            stream.write(data)
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        yield stream.fileno()


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_capped(path: Path, size_max: int, *, follow: bool = True) -> bytes:
    """The bytes of a regular file of at most `size_max` bytes.

    Raises:
        InputError: it is no regular file, a link (unless `follow`), too large, or unreadable.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
        try:
            is_regular = stat.S_ISREG(os.fstat(handle).st_mode)
            data = _read(handle, size_max + 1) if is_regular else b""
        finally:
            os.close(handle)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if not is_regular:
        raise InputError(f"{path} is no regular file")
    if len(data) > size_max:
        raise InputError(f"{path} is larger than {size_max} bytes")
    return data


def _read(handle: int, size_max: int) -> bytes:
    data = bytearray()
    while len(data) < size_max and (chunk := os.read(handle, size_max - len(data))):
        data += chunk
    return bytes(data)
