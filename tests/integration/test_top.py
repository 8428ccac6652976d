"""The screen of a run, seen from outside."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from support.commands import Fuzzverse

from fuzzverse.glance import look

DEADLINE_S = 60.0


def test_a_run_is_seen_while_it_goes_on_and_behind_its_end(
    compiled: Callable[..., Path], tmp_path: Path, fuzzverse: Fuzzverse
) -> None:
    out = tmp_path / "out"
    words = ["run", compiled("locks.c"), "--keep-going", "--quiet", "--jobs", "1", "--out", out]
    command = [sys.executable, "-P", "-m", "fuzzverse", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until = time.monotonic() + DEADLINE_S
        shown = fuzzverse("top", out, "--once")
        while shown.code != 0:
            assert time.monotonic() < until, shown.err
            time.sleep(0.2)
            shown = fuzzverse("top", out, "--once")
        assert "the run goes on" in shown.out
        glance = look(out)
        assert glance.is_running
        assert glance.moment.totals.timelines > 0
        run.send_signal(signal.SIGINT)
    ended = fuzzverse("top", out)
    assert ended.code == 0
    assert "ended: interrupt" in ended.out
    assert "locks" in ended.out.splitlines()[0]
    last = look(out)
    assert not last.is_running
    assert last.moment.totals.timelines >= glance.moment.totals.timelines


def test_a_run_that_was_killed_is_seen_as_such(
    compiled: Callable[..., Path], tmp_path: Path, fuzzverse: Fuzzverse
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-P", "-m", "fuzzverse", "run", str(compiled("locks.c"))]
    command += ["--keep-going", "--quiet", "--jobs", "1", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until = time.monotonic() + DEADLINE_S
        while fuzzverse("top", out, "--once").code != 0:
            assert time.monotonic() < until
            time.sleep(0.2)
        run.kill()
    assert "was killed" in fuzzverse("top", out).out


def test_what_is_no_out_is_said(tmp_path: Path, fuzzverse: Fuzzverse) -> None:
    done = fuzzverse("top", tmp_path)
    assert done.code == 2
    assert "it has no archive.db" in done.err
    (tmp_path / "archive.db").write_bytes(b"no archive")
    done = fuzzverse("top", tmp_path)
    assert done.code == 2
    assert "damaged or no archive" in done.err
