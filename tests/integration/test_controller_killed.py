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
from support.commands import Fuzzverse

from fuzzverse.dossier import Dossier, collect
from fuzzverse.toolchain import find_tool

STARTED_S = 60.0
BURIAL_S = 5.0


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def run(where: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "fuzzverse", "run", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=where,
    )


def test_nothing_is_left_and_nothing_is_lost(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = compiled("hostile.c", "-DHOSTILE=stray")
    out = tmp_path / "out"
    words = (str(target), "--keep-going", "--jobs", "2", "--out", str(out))
    controller = run(tmp_path, *words)
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


def has_survey(archive: Path) -> bool:
    if not archive.is_file():
        return False
    try:
        with sqlite3.connect(archive) as connection:
            return bool(connection.execute("SELECT count(*) FROM coverage").fetchone()[0])
    except sqlite3.OperationalError:  # its tables are not there yet
        return False


def check_where_it_has_been(told: Dossier) -> None:
    frontier = told.chronicle.frontier
    assert told.chronicle.campaign.stopped is None
    assert len(frontier.states) > 0
    assert sum(state.tries for state in frontier.states) > 0
    assert sum(effort.places for effort in frontier.efforts) >= frontier.count
    assert sum(effort.tries for effort in frontier.efforts) > 0
    assert told.sources.why_not == ""
    assert sum(file.reached for file in told.sources.files) > 0


def test_a_report_of_what_runs_or_was_killed_says_where_it_has_been(
    fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    out, symbolizer = tmp_path / "out", find_tool("llvm-symbolizer")
    assert fuzzverse("run", "dungeon", "--timelines", "1", "--out", tmp_path / "built").code == 0
    controller = run(tmp_path, "dungeon", "--keep-going", "--jobs", "1", "--out", str(out))
    try:
        wait_until(lambda: has_survey(out / "archive.db"), STARTED_S)
        told = collect(out, symbolizer)
        assert told.is_running
        check_where_it_has_been(told)
    finally:
        os.kill(controller.pid, signal.SIGKILL)
        controller.wait()
    told = collect(out, symbolizer)
    assert not told.is_running
    check_where_it_has_been(told)
    assert fuzzverse("report", out).code == 0
    page = (out / "report.html").read_text()
    assert "States by visits" in page
    assert "The campaign has not ended: states are written less often than the rest" in page
    assert "that a basic block begins at reached" in page


def test_the_directory_can_be_used_again(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = compiled("coin.c")
    words = ["run", str(target), "--timelines", "200", "--out", str(tmp_path / "out"), "--json"]
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "fuzzverse", *words], cwd=tmp_path, check=False
        )
        assert done.returncode in (0, 77)
