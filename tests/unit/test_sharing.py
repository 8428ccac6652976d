from __future__ import annotations

import time
from collections.abc import Callable

from fuzzverse.errors import EngineError
from fuzzverse.sharing import Sharing

WAIT_S = 30.0


class Server:
    """What copies go to: `is_up` says whether they arrive."""

    def __init__(self) -> None:
        self.is_up = True
        self.copies = self.failures = 0

    def copy(self) -> None:
        if not self.is_up:
            self.failures += 1
            raise EngineError(f"gone {self.failures}")
        self.copies += 1


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_change_is_copied_soon_and_the_end_always() -> None:
    server = Server()
    with Sharing(server.copy, interval_s=WAIT_S, pause_s=0.001) as sharing:
        until(lambda: server.copies == 1)
        time.sleep(0.01)
        sharing.changed()
        until(lambda: server.copies == 2)
    assert (server.copies, sharing.failed, list(sharing.notes())) == (3, "", [])


def test_what_does_not_change_is_copied_now_and_then() -> None:
    server = Server()
    with Sharing(server.copy, interval_s=0.001, pause_s=0.001):
        until(lambda: server.copies > 3)


def test_failures_are_tried_again_and_told_once_in_a_row() -> None:
    server = Server()
    server.is_up = False
    with Sharing(server.copy, interval_s=0.001, pause_s=0.001) as sharing:
        until(lambda: server.failures > 2)
        (note,) = sharing.notes()
        assert note == "gone 1; it is tried again, and the run goes on"
        server.is_up = True
        until(lambda: server.copies > 0)
        server.is_up = False
        until(lambda: len(sharing.notes()) == 1)
    assert sharing.failed.startswith("gone ")


def test_the_end_does_not_wait_for_a_pause() -> None:
    server = Server()
    server.is_up = False
    start = time.monotonic()
    with Sharing(server.copy, pause_s=WAIT_S) as sharing:
        until(lambda: server.failures == 1)
        server.is_up = True
    assert (server.copies, sharing.failed) == (1, "")
    assert time.monotonic() - start < WAIT_S
