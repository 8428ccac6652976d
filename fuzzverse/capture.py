"""Takes in a log of any size: keeps its head and its tail, or passes it on line by line."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

SIZE_MAX: Final = 1024 * 1024
_CHUNK: Final = 1 << 16


def shortened(log: bytes, size_max: int = SIZE_MAX) -> bytes:
    """Head and tail of a log that is longer; a line in the middle tells how much is missing."""
    half = size_max // 2
    if len(log) <= size_max:
        return log
    return log[:half] + _gap(len(log) - 2 * half) + log[-half:]


def _gap(count: int) -> bytes:
    return f"\n... {count} bytes left out ...\n".encode()


class LogCapture:
    """A pipe whose far end is read on a thread; at most `size_max` bytes are kept.

    Write to `fd` inside the context; `text` is complete after it. A process that inherited `fd`
    and outlives the context loses what it still writes.
    """

    def __init__(self, size_max: int = SIZE_MAX) -> None:
        self._half = size_max // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self._thread = threading.Thread(target=self._drain, name="log", daemon=True)

    def __enter__(self) -> Self:
        self._source, self.fd = os.pipe2(os.O_CLOEXEC)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.fd)
        self._thread.join(timeout=5.0)

    def _drain(self) -> None:
        while chunk := os.read(self._source, _CHUNK):
            self._keep(chunk)
        os.close(self._source)

    def _keep(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:] if room > 0 else chunk
        excess = len(self._tail) - self._half
        if excess > 0:
            del self._tail[:excess]
            self._dropped += excess

    @property
    def text(self) -> bytes:
        """What was kept; a line in the middle tells how much is missing."""
        if not self._dropped:
            return bytes(self._head + self._tail)
        return bytes(self._head) + _gap(self._dropped) + bytes(self._tail)


class LogFilter:
    """A pipe whose far end is read on a thread; its lines go on to `to_fd`, changed, as they come.

    Write to `fd` inside the context; all has been passed on after it.
    """

    def __init__(self, to_fd: int, change: Callable[[bytes], bytes]) -> None:
        self._to_fd = to_fd
        self._change = change
        self._thread = threading.Thread(target=self._drain, name="log", daemon=True)

    def __enter__(self) -> Self:
        source, self.fd = os.pipe2(os.O_CLOEXEC)
        self._source = os.fdopen(source, "rb")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.fd)
        self._thread.join(timeout=60.0)

    def _drain(self) -> None:
        with self._source, os.fdopen(os.dup(self._to_fd), "wb") as out:
            for line in self._source:
                out.write(self._change(line))
                if not line.startswith(b"    at "):
                    out.flush()
