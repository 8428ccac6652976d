"""Whether a night that is killed again and again keeps what an undisturbed one keeps."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.schema import EVIDENCE, METADATA
from fuzzverse.errors import EngineError, ExitCode
from fuzzverse.files import name_of, read_capped
from fuzzverse.nightly.night import TARGETS
from fuzzverse.nightly.state import StateFile

# Clocks, and what is drawn for every campaign anew.
_CLOCKS: Final = {"campaigns": {"started", "seconds", "uid"}}
# A point a second.
_CURVES: Final = "curves"
_BUG_FILES: Final = ("recipe", *EVIDENCE)
_FILE_SIZE_MAX: Final = 1 << 24
# Of the steps of a night: the first kill comes no sooner, the last no later.
_FIRST: Final = 0.02
_LAST: Final = 0.75
_POLL_S: Final = 0.02
_ENDS: Final = (ExitCode.NOTHING_FOUND, ExitCode.BUGS_FOUND, ExitCode.ENGINE_FAILED)

# By part (a table, the corpus, the files of bugs): all that is there, comparable.
Content = Mapping[str, frozenset[tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Home:
    """What two nights have left of one target: how much in the calm one, and the parts in which the
    other differs, each with how many things only one of them has."""

    name: str
    counts: Mapping[str, int]
    differences: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Kill:
    """When a night is killed: `delay` seconds after so many of its steps have ended."""

    steps: int
    delay: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """A calm night and a killed one: seconds of each, exit codes, when the latter was killed, their
    homes, and the names of those that may differ."""

    calm_seconds: float
    wild_seconds: float
    codes: tuple[int, int]
    kills: tuple[Kill, ...]
    homes: tuple[Home, ...]
    excused: tuple[str, ...] = ()

    @property
    def different(self) -> tuple[str, ...]:
        """Of which targets the killed night does not keep the same, and should."""
        return tuple(h.name for h in self.homes if h.differences and h.name not in self.excused)

    @property
    def is_equal(self) -> bool:
        """Whether the killed night keeps the same."""
        return self.codes[0] == self.codes[1] and not self.different


def moments(kills: int, seed: int, steps: int, seconds: float) -> tuple[Kill, ...]:
    """When a night is killed that has so many steps and takes so long: within a step's time."""
    luck = random.Random(seed)
    ended = sorted(int(luck.uniform(_FIRST, _LAST) * steps) for _ in range(kills))
    return tuple(Kill(count, luck.uniform(0.0, seconds / steps)) for count in ended)


def go_through(
    command: Sequence[str],
    kills: Sequence[Kill],
    steps_ended: Callable[[], int],
    say: Callable[[str], None],
) -> int:
    """Runs a night to its end, killing it with its process group at each of these moments.

    Returns:
        The exit code of the last run.

    Raises:
        EngineError: the night ended before it could be killed so often, or could not be run.
    """
    for number, kill in enumerate(kills, 1):
        with _started(command) as process:
            while steps_ended() < kill.steps and process.poll() is None:
                time.sleep(_POLL_S)
            try:
                code = process.wait(timeout=kill.delay)
            except subprocess.TimeoutExpired:
                say(f"kill {number} of {len(kills)}, {kill.delay:.2f} s after step {kill.steps}")
                continue
        raise EngineError(
            f"the night ended with exit code {code} before kill {number} of {len(kills)}: "
            "take another --seed, or larger budgets"
        )
    with _started(command) as process:
        code = process.wait()
    if code not in _ENDS:
        raise EngineError(f"the night ended with exit code {code}; what it said is above")
    return code


@contextlib.contextmanager
def _started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A night in a process group of its own, which is killed as a whole at the end."""
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)


def seconds_of(directory: Path) -> float:
    """How long the last night of a directory took; EngineError when it has not ended."""
    state = StateFile(directory).load()
    if state is None or not state.ended:
        raise EngineError(f"{directory} holds no night that has ended")
    return state.ended - state.began


def steps_of(directory: Path, night: int = 1) -> int:
    """How many steps of a night of a directory have ended, if it is the last one there."""
    state = StateFile(directory).load()
    return sum(map(len, state.done.values())) if state and state.number == night else 0


def compare(calm: Path, wild: Path) -> tuple[Home, ...]:
    """What the nights of two directories have left, target by target."""
    names = {path.name for side in (calm, wild) for path in (side / TARGETS).glob("*/")}
    return tuple(_home(name, calm, wild) for name in sorted(names))


def _home(name: str, calm: Path, wild: Path) -> Home:
    ours, theirs = content(calm / TARGETS / name), content(wild / TARGETS / name)
    different = {
        part: (len(ours[part] - theirs[part]), len(theirs[part] - ours[part]))
        for part in ours
        if ours[part] != theirs[part]
    }
    return Home(name, {part: len(rows) for part, rows in ours.items()}, different)


def content(home: Path) -> Content:
    """All that nights have left of a target, but for clocks and durations."""
    found: dict[str, frozenset[tuple[object, ...]]] = {}
    archive = home / "archive.db"
    for table in METADATA.sorted_tables:
        if table.name == _CURVES:
            continue
        found[table.name] = frozenset()
        columns = [c for c in table.columns if c.name not in _CLOCKS.get(table.name, ())]
        if archive.is_file():
            with Database(Where(str(archive)), reads_only=True) as database, database.errors():
                rows = database.connection.execute(select(*columns)).all()
            found[table.name] = frozenset(tuple(row) for row in rows)
    found["corpus"] = _files(home, "corpus/*")
    found["bug files"] = frozenset(
        one for part in _BUG_FILES for one in _files(home, f"bugs/*/{part}")
    )
    return found


def _files(home: Path, pattern: str) -> frozenset[tuple[object, ...]]:
    return frozenset(
        (str(path.relative_to(home)), name_of(read_capped(path, _FILE_SIZE_MAX, follow=False)))
        for path in home.glob(pattern)
    )
