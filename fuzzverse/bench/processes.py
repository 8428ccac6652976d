"""Processes: those of rivals, started together and gone together, and what they all have spent."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor time in seconds: of this process, and of all that it started, directly or not."""

    own_s: float
    below_s: float

    def since(self, before: Spent) -> Spent:
        """What came after `before`."""
        return Spent(self.own_s - before.own_s, self.below_s - before.below_s)

    @property
    def own_share(self) -> float:
        """The part of it (0..1) that is this process's own; 0 when there is none at all."""
        return self.own_s / max(1e-9, self.own_s + self.below_s)


def spent() -> Spent:
    """Up to now, living processes included, to a hundredth of a second each.

    Ask before they are killed: what a killed parent has not reaped is never counted again.
    """
    reaped = cpu_seconds(resource.RUSAGE_CHILDREN)
    return Spent(cpu_seconds(resource.RUSAGE_SELF), reaped + _living_below_s(os.getpid()))


def cpu_seconds(who: int) -> float:
    """User and system time of this process (RUSAGE_SELF) or its reaped children, in seconds."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _living_below_s(root: int) -> float:
    """Time of the living processes below this one, and of those that they have reaped."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            pid = int(entry.name)
            # proc_pid_stat(5): the fields after the name, which may hold anything.
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(pid)
            ticks[pid] = sum(map(int, fields[11:15]))
    below, total = list(children.get(root, ())), 0
    while below:
        pid = below.pop()
        total += ticks[pid]
        below += children.get(pid, ())
    return total / os.sysconf("SC_CLK_TCK")
