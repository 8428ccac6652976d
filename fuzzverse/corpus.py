"""The corpus: inputs worth keeping, one file each, named by the SHA-1 of its bytes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fuzzverse.errors import CommandError, EngineError, InputError, UsageError
from fuzzverse.files import (
    disk_errors,
    name_of,
    read_capped,
    sync_directory,
    write_group_whole,
    write_whole,
)
from fuzzverse.model import INPUT_SIZE_MAX

ENTRY_COUNT_MAX: Final = 1_000_000
WAITING_MAX: Final = 4_096
GROUP_MAX: Final = 256
GROUP_INTERVAL_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Loaded:
    """The inputs of a directory in the order of their names, and what was skipped and why."""

    entries: tuple[tuple[str, bytes], ...]
    skipped: tuple[str, ...]


def load(directory: Path) -> Loaded:
    """Reads every input of a directory: plain files only, no links followed, sizes capped.

    Raises:
        UsageError: there is no such directory, or it cannot be read.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(directory))
    except OSError as error:
        raise UsageError(f"cannot read the corpus {directory}: {error.strerror}") from error
    entries: list[tuple[str, bytes]] = []
    skipped: list[str] = []
    for name in names[:ENTRY_COUNT_MAX]:
        if name.startswith("."):
            continue
        try:
            entries.append((name, read_capped(directory / name, INPUT_SIZE_MAX, follow=False)))
        except InputError as error:
            skipped.append(str(error))
    if len(names) > ENTRY_COUNT_MAX:
        skipped.append(f"{directory} holds more than {ENTRY_COUNT_MAX} files; the rest is left")
    return Loaded(tuple(entries), tuple(skipped))


class Corpus:
    """A directory of inputs. Adding is idempotent and atomic."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with disk_errors(directory, "create"):
            directory.mkdir(parents=True, exist_ok=True)

    def add(self, data: bytes) -> str:
        """Keeps an input and returns its name; EngineError when the disk refuses."""
        name = name_of(data)
        path = self._directory / name
        if not path.exists():
            write_whole(path, data)
        return name

    def add_group(self, inputs: Iterable[bytes]) -> None:
        """Keeps inputs, in groups that appear one after the other; raises as `add`."""
        named = {name_of(data): data for data in inputs}
        files = [(n, data) for n, data in named.items() if not (self._directory / n).exists()]
        for at in range(0, len(files), GROUP_MAX):
            write_group_whole(self._directory, dict(files[at : at + GROUP_MAX]))

    def names(self) -> tuple[str, ...]:
        """The names of all entries, sorted."""
        return tuple(
            sorted(e.name for e in os.scandir(self._directory) if not e.name.startswith("."))
        )

    def sync(self) -> None:
        """Makes the entries' names durable."""
        sync_directory(self._directory)


class CorpusWriter:
    """Adds to a corpus on a thread of its own, so that the search does not wait for the disk.

    Inputs wait for GROUP_INTERVAL_S at most and are written in groups, because the disk takes many
    as fast as one. At most WAITING_MAX wait; then adding does too. What goes wrong on the thread
    is raised by the next call. Leaving the context writes what still waits.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._waiting: list[bytes] = []
        self._changed = threading.Condition()
        self._is_leaving = False
        self._error: CommandError | None = None
        self._thread = threading.Thread(target=self._work, name="corpus", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._is_leaving = True
            self._changed.notify_all()
        self._thread.join()
        self._corpus.sync()
        if error is None:
            self._raise()

    def add(self, data: bytes) -> str:
        """Hands an input over and returns its name.

        Raises:
            EngineError: an earlier input could not be written.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < WAITING_MAX)
            self._raise()
            self._waiting.append(data)
            if len(self._waiting) == GROUP_MAX:
                self._changed.notify_all()
        return name_of(data)

    def _raise(self) -> None:
        if self._error is not None:
            raise EngineError(str(self._error))

    def _work(self) -> None:
        while (group := self._take()) is not None:
            # After an error groups are still taken, or add() would wait forever.
            if self._error is None:
                try:
                    self._corpus.add_group(group)
                except CommandError as error:
                    self._error = error

    def _take(self) -> list[bytes] | None:
        """The next group, empty when nothing came in time; None at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_leaving or len(self._waiting) >= GROUP_MAX, GROUP_INTERVAL_S
            )
            group = self._waiting[:GROUP_MAX]
            del self._waiting[:GROUP_MAX]
            self._changed.notify_all()
            return None if self._is_leaving and not group else group
