from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzzverse.errors import EngineError, UsageError
from fuzzverse.outdir import OutDirectory


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_made_with_its_parts(tmp_path: Path) -> None:
    with OutDirectory(tmp_path / "a" / "out", Clock()) as out:
        assert out.corpus.is_dir()
        assert out.bugs.is_dir()
        assert out.archive.parent == out.path


def test_a_second_run_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        OutDirectory(tmp_path, Clock()),
        pytest.raises(UsageError, match=rf"in use by another run \(process {os.getpid()}\)"),
        OutDirectory(tmp_path, Clock()),
    ):
        pass
    with OutDirectory(tmp_path, Clock()) as again:
        assert again.path == tmp_path


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, signal, sys, time\n"
        "from fuzzverse.outdir import OutDirectory\n"
        "with OutDirectory(pathlib.Path(sys.argv[1]), time.monotonic):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program, tmp_path], env=environment, check=False)
    with OutDirectory(tmp_path, Clock()) as out:
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"
        assert out.bugs.is_dir()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UsageError, match=r"cannot write to .*file.*--out"),
        OutDirectory(tmp_path / "file", Clock()),
    ):
        pass


def test_too_little_space_is_said_before_the_run(tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError, match="1 MiB of free space"),
        OutDirectory(tmp_path, Clock(), lambda path: 1024**2),
    ):
        pass
    with OutDirectory(tmp_path, Clock()) as out:
        assert out.path == tmp_path


def test_urgent_events_are_on_disk_at_once_and_others_soon(tmp_path: Path) -> None:
    clock = Clock()
    log = tmp_path / "events.jsonl"

    def events() -> list[str]:
        return [json.loads(line)["event"] for line in log.read_text().splitlines()]

    with OutDirectory(tmp_path, clock) as out:
        out.events.add("soon", {})
        assert events() == []
        out.events.add("bug", {"bucket": "b"}, urgent=True)
        assert events() == ["soon", "bug"]
        clock.now += 0.1
        out.events.add("waits", {})
        assert events() == ["soon", "bug"]
        clock.now += 1.0
        out.events.add("later", {})
        assert events() == ["soon", "bug", "waits", "later"]
    assert json.loads(log.read_text().splitlines()[-1]) == {"seconds": 1.1, "event": "later"}


def test_events_of_several_runs_follow_each_other(tmp_path: Path) -> None:
    for number in range(2):
        with OutDirectory(tmp_path, Clock()) as out:
            out.events.add("start", {"number": number})
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [0, 1]
