"""Processes of rivals: started together, and gone together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

GRACE_S: Final = 2.0
POLL_S: Final = 0.02


class ProcessGroup:
    """Starts processes, each the leader of a session; leaving the context ends them all.

    They are asked first, for what they write down at the end, and killed after `GRACE_S`; so is
    every process that still runs an executable below `programs`, wherever it hid.
    """

    def __init__(self, programs: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self._programs = programs.resolve()
        self._folder = folder
        self._environment = dict(environment)
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> ProcessGroup:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def start(self, command: Sequence[str], log: Path) -> None:
        """Starts one; its output goes to `log`."""
        with log.open("wb") as output:
            started = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(started)

    def wait(self, until: Callable[[], bool]) -> None:
        """Returns when `until` says so or every process has ended; looks every `POLL_S`."""
        while not until() and any(one.poll() is None for one in self._started):
            time.sleep(POLL_S)

    def end(self) -> None:
        """Asks, waits, kills, reaps. May be called again."""
        self._signal(signal.SIGINT)
        deadline = time.monotonic() + GRACE_S
        self.wait(lambda: time.monotonic() > deadline)
        self._signal(signal.SIGKILL)
        for pid in processes_below(self._programs):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for one in self._started:
            one.wait()

    def _signal(self, number: signal.Signals) -> None:
        for one in self._started:
            if one.poll() is None:
                os.killpg(one.pid, number)


def processes_below(programs: Path) -> list[int]:
    """The ids of living processes whose executable lies in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "exe").readlink().is_relative_to(programs):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
