from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from fuzzverse.bench.processes import ProcessGroup, processes_below, spent


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    """An executable that nobody else runs, in a folder of its own."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return Path(shutil.copy(shutil.which("sleep") or "", folder / "sleeper"))


def gone(programs: Path) -> bool:
    deadline = time.monotonic() + 5
    while processes_below(programs) and time.monotonic() < deadline:
        time.sleep(0.01)
    return processes_below(programs) == []


def test_all_of_them_end_with_the_context(sleeper: Path, tmp_path: Path) -> None:
    with ProcessGroup(sleeper.parent, tmp_path, os.environ) as group:
        for number in range(2):
            group.start([str(sleeper), "60"], tmp_path / f"{number}.log")
        assert len(processes_below(sleeper.parent)) == 2
    assert gone(sleeper.parent)


def test_who_ignores_being_asked_and_who_left_the_session_is_killed(
    sleeper: Path, tmp_path: Path
) -> None:
    script = f"trap '' INT; setsid {sleeper} 60 & {sleeper} 60"
    with ProcessGroup(sleeper.parent, tmp_path, os.environ) as group:
        group.start(["sh", "-c", script], tmp_path / "log")
        group.wait(lambda: len(processes_below(sleeper.parent)) == 2)
    assert gone(sleeper.parent)


def start_and_fail(sleeper: Path, folder: Path) -> None:
    with ProcessGroup(sleeper.parent, folder, os.environ) as group:
        group.start([str(sleeper), "60"], folder / "log")
        raise KeyboardInterrupt


def test_an_error_inside_ends_them_too(sleeper: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        start_and_fail(sleeper, tmp_path)
    assert gone(sleeper.parent)


def test_waiting_ends_with_the_last_process(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with ProcessGroup(tmp_path / "none", tmp_path, {"WORDS": "hello"}) as group:
        group.start(["/bin/sh", "-c", 'echo "$WORDS"; echo again >&2'], log)
        group.wait(lambda: False)
    assert log.read_text() == "hello\nagain\n"


def test_what_is_spent_counts_the_living_and_the_reaped(tmp_path: Path) -> None:
    """A shell that waits for one busy process, and then is busy itself, for 0.2 s each."""
    busy = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    script = f'"{sys.executable}" -c "$BUSY"; exec "{sys.executable}" -c "$BUSY\ntime.sleep(60)"'
    before = spent()
    with ProcessGroup(tmp_path / "none", tmp_path, {"BUSY": busy}) as group:
        group.start(["/bin/sh", "-c", script], tmp_path / "log")
        deadline = time.monotonic() + 30
        group.wait(lambda: spent().since(before).below_s >= 0.39 or time.monotonic() > deadline)
        while_alive = spent().since(before)
    assert 0.39 <= while_alive.below_s < 5
    assert 0 < while_alive.own_share < 0.8
