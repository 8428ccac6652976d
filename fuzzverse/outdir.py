"""The directory that a run leaves: held by one run at a time, written so that nothing is lost."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

from fuzzverse.errors import EngineError, UsageError
from fuzzverse.files import disk_errors, sweep

FREE_BYTES_MIN: Final = 32 * 1024 * 1024
FLUSH_INTERVAL_S: Final = 0.5


class Events:
    """events.jsonl: the run as it happened, one JSON object a line, each with `seconds`.

    Lines reach the file at least every FLUSH_INTERVAL_S, urgent ones at once.
    """

    def __init__(self, path: Path, stream: TextIO, clock: Callable[[], float]) -> None:
        self._path = path
        self._stream = stream
        self._clock = clock
        self._start = clock()
        self._flushed = self._start

    def add(self, event: str, values: Mapping[str, object], *, urgent: bool = False) -> None:
        """Appends one event."""
        now = self._clock()
        line = {"seconds": round(now - self._start, 3), "event": event, **values}
        with disk_errors(self._path, "write"):
            self._stream.write(json.dumps(line, separators=(",", ":")) + "\n")
            if urgent or now - self._flushed >= FLUSH_INTERVAL_S:
                self._flushed = now
                self._stream.flush()

    def close(self) -> None:
        """Flushes and closes the file."""
        with disk_errors(self._path, "write"):
            self._stream.close()


class OutDirectory:
    """OUT, created if need be and held until the context is left."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float],
        free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self._path = path
        self._clock = clock
        self._free_bytes = free_bytes
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(held(self._path))
            self._check_space()
            with _unusable(self._path):
                (self._path / "bugs").mkdir(exist_ok=True)
                (self._path / "corpus").mkdir(exist_ok=True)
            for directory in (self._path, self.corpus, *self.bugs.glob("*/")):
                sweep(directory)
            with _unusable(self._path):
                log = self._path / "events.jsonl"
                stream = log.open("a", encoding="utf-8")
            self.events = Events(log, stream, self._clock)
            stack.callback(self.events.close)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._open.close()
            return
        with contextlib.suppress(EngineError):
            self._open.close()

    @property
    def path(self) -> Path:
        """OUT itself."""
        return self._path

    @property
    def corpus(self) -> Path:
        """Where corpus entries go."""
        return self._path / "corpus"

    @property
    def bugs(self) -> Path:
        """Where buckets go, a directory each."""
        return self._path / "bugs"

    @property
    def archive(self) -> Path:
        """The SQLite file."""
        return self._path / "archive.db"

    def _check_space(self) -> None:
        free = self._free_bytes(self._path)
        if free < FREE_BYTES_MIN:
            raise EngineError(
                f"{self._path} has {free // 1024**2} MiB of free space and a run needs "
                f"{FREE_BYTES_MIN // 1024**2}; free some or give another --out"
            )


@contextlib.contextmanager
def _unusable(path: Path) -> Iterator[None]:
    """Turns an OSError of opening OUT into one line."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot write to {path}: {error.strerror}; give a writable directory with --out"
        ) from error


def is_held(path: Path) -> bool:
    """Whether somebody holds a directory now."""
    try:
        handle = os.open(path / ".lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds a directory, made if need be, with a lock that the kernel drops when this process dies,
    however it dies; UsageError when another holds it."""
    with _unusable(path):
        path.mkdir(parents=True, exist_ok=True)
        handle = os.open(path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise UsageError(
                f"{path} is in use by another run (process {holder}); "
                "wait for it, stop it, or give another --out"
            ) from None
        with _unusable(path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
