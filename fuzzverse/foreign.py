"""Corpora as other fuzzers leave them: directories of libFuzzer's and AFL's, and seed archives."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Final

from fuzzverse.corpus import ENTRY_COUNT_MAX, Loaded, load
from fuzzverse.errors import UsageError
from fuzzverse.files import name_of
from fuzzverse.model import INPUT_SIZE_MAX

ARCHIVE_SIZE_MAX: Final = 1 << 30  # of all that is in it
QUEUE: Final = "queue"
_SHOWN_MAX: Final = 120


def load_foreign(path: Path) -> Loaded:
    """The inputs of a directory, of AFL's output, or of a zip; names are made anew, by content.

    AFL's output is a directory with `queue` in it, or one of such directories. What cannot be read
    is left out and said.

    Raises:
        UsageError: it is neither, or cannot be read.
    """
    if path.is_file():
        return _unique(_load_zip(path))
    queues = [path / QUEUE, *(child / QUEUE for child in _children(path))]
    found = [queue for queue in queues if queue.is_dir()]
    parts = [load(directory) for directory in found or [path]]
    return _unique(
        Loaded(
            tuple(entry for part in parts for entry in part.entries),
            tuple(words for part in parts for words in part.skipped),
        )
    )


def _children(path: Path) -> list[Path]:
    try:
        return sorted(child for child in path.iterdir() if not child.name.startswith("."))
    except OSError as error:
        raise UsageError(f"cannot read the corpus {path}: {error.strerror}") from error


def _unique(loaded: Loaded) -> Loaded:
    named = {name_of(data): data for _, data in loaded.entries}
    return Loaded(tuple(sorted(named.items())), loaded.skipped)


def _load_zip(path: Path) -> Loaded:
    """Nothing is unpacked to the disk, so it does not matter where its names point to."""
    entries: list[tuple[str, bytes]] = []
    skipped: list[str] = []
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist()[:ENTRY_COUNT_MAX]:
                if info.is_dir():
                    continue
                shown = f"{path}: {info.filename[:_SHOWN_MAX]!r}"
                try:
                    with archive.open(info) as member:
                        data = member.read(INPUT_SIZE_MAX + 1)
                except (OSError, RuntimeError, NotImplementedError, ValueError, EOFError,
                        zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:  # fmt: skip
                    skipped.append(f"{shown} cannot be read: {error}")
                    continue
                total += len(data)
                if len(data) > INPUT_SIZE_MAX:
                    skipped.append(f"{shown} is larger than {INPUT_SIZE_MAX} bytes")
                elif total > ARCHIVE_SIZE_MAX:
                    skipped.append(
                        f"{path} unpacks to more than {ARCHIVE_SIZE_MAX} bytes; the rest is left"
                    )
                    break
                else:
                    entries.append((info.filename, data))
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is no directory and no zip: {error}") from error
    return Loaded(tuple(entries), tuple(skipped))
