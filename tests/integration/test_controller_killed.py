"""SIGKILL of the controller in mid-run: no process stays, what was found does."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from support.campaigns import processes_of

STARTED_S = 60.0
BURIAL_S = 5.0


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_nothing_is_left_and_nothing_is_lost(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = compiled("hostile.c", "-DHOSTILE=stray")
    out = tmp_path / "out"
    words = ["run", str(target), "--keep-going", "--jobs", "2", "--out", str(out)]
    controller = subprocess.Popen(
        [sys.executable, "-P", "-m", "fuzzverse", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    bugs = out / "bugs"
    wait_until(lambda: bugs.is_dir() and list(bugs.glob("*/meta.json")), STARTED_S)
    time.sleep(1.5)
    os.kill(controller.pid, signal.SIGKILL)
    controller.wait()
    wait_until(lambda: not processes_of(target), BURIAL_S)

    (bug,) = bugs.iterdir()
    assert json.loads((bug / "meta.json").read_text())
    assert (bug / "input").read_bytes().startswith(b"fuzzverse recipe 1\n")
    lines = (out / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines[:-1]]
    assert {"start", "bug"} <= {event["event"] for event in events}
    with sqlite3.connect(out / "archive.db") as archive:
        assert archive.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert archive.execute("SELECT count(*) FROM bugs").fetchone() == (1,)
    assert not [p for p in out.rglob("*") if p.suffix == ".tmp"]


def test_the_directory_can_be_used_again(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = compiled("coin.c")
    words = ["run", str(target), "--timelines", "200", "--out", str(tmp_path / "out"), "--json"]
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "fuzzverse", *words], cwd=tmp_path, check=False
        )
        assert done.returncode in (0, 77)
