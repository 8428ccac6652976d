"""Copies a campaign into a team's archive while it runs, without ever holding it up."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.push import Pushed, push
from fuzzverse.errors import EngineError, InputError
from fuzzverse.files import read_capped
from fuzzverse.model import INPUT_SIZE_MAX

INTERVAL_S: Final = 30.0
PAUSE_S: Final = 1.0
BACKOFF_MAX_S: Final = 60.0


def push_out(out: Path, where: Where, uid: str = "") -> Pushed:
    """Copies the campaigns of an OUT, or the one of `uid`; raises as `push`."""

    def input_of(name: str) -> bytes | None:
        try:
            return read_capped(out / "corpus" / name, INPUT_SIZE_MAX, follow=False)
        except InputError:
            return None

    with Database(Where(str(out / "archive.db"))) as source, Database(where) as team:
        return push(source, team, input_of, uid)


class Sharing:
    """A thread that copies one campaign: every INTERVAL_S, soon after a change, and at the end.

    A copy that fails is tried again, after pauses that double. OUT/archive.db has everything
    meanwhile.

    Args:
        copy: copies what there is; raises EngineError.
        interval_s: the longest time between two copies.
        pause_s: the shortest time between two copies; the first pause behind one that failed.
    """

    def __init__(
        self,
        copy: Callable[[], object],
        interval_s: float = INTERVAL_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._copy = copy
        self._interval_s = interval_s
        self._pause_s = pause_s
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._notes: deque[str] = deque()
        self._failures = 0
        self._thread = threading.Thread(target=self._loop, name="sharing", daemon=True)
        self.failed = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Copies once more; what it fails with is in `failed`."""
        self._ended.set()
        self._changed.set()
        self._thread.join()

    def changed(self) -> None:
        """Something is worth copying now."""
        self._changed.set()

    def notes(self) -> Sequence[str]:
        """What went wrong since this was last asked: once in a row of failures."""
        found = []
        while self._notes:
            found.append(self._notes.popleft())
        return found

    def _loop(self) -> None:
        while not self._ended.is_set():
            self._try()
            pause_s = min(BACKOFF_MAX_S, self._pause_s * 2**self._failures)
            if not self._ended.wait(pause_s) and not self._failures:
                self._changed.wait(self._interval_s)
        self._try()

    def _try(self) -> None:
        self._changed.clear()
        self.failed = "the thread that shares the run has ended"  # unless one of these is reached:
        try:
            self._copy()
            self._failures, self.failed = 0, ""
        except EngineError as error:
            self.failed = str(error)
            if not self._failures:
                self._notes.append(f"{error}; it is tried again, and the run goes on")
            self._failures += 1
