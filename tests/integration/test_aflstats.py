"""AFL's own tools read a run while it goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DEADLINE_S = 60.0
POINTS = 4


@pytest.fixture
def running(compiled: Callable[..., Path], tmp_path: Path) -> Iterator[Path]:
    """An OUT that a run is writing to."""
    out = tmp_path / "outs" / "locks"
    words = ["run", compiled("locks.c"), "--keep-going", "--quiet", "--jobs", "1", "--out", out]
    command = [sys.executable, "-P", "-m", "fuzzverse", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until = time.monotonic() + DEADLINE_S
        plot = out / "plot_data"
        while not plot.exists() or plot.read_text().count("\n") <= POINTS:
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        yield out
        assert run.poll() is None
        run.terminate()


def test_afl_whatsup_and_afl_plot_read_a_running_out(running: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        ["afl-whatsup", running.parent], capture_output=True, text=True, check=True
    ).stdout
    assert ">>> locks (0 days, 0 hrs) fuzzer PID:" in told
    assert "Fuzzers alive : 1" in told
    assert "dead or running remotely" not in told
    executed = next(line for line in told.splitlines() if "lifetime speed" in line)
    assert int(executed.partition("lifetime speed ")[2].split()[0]) > 100
    plots = tmp_path / "plots"
    subprocess.run(["afl-plot", running, plots], capture_output=True, check=True)
    for name in ("high_freq", "low_freq", "exec_speed", "edges"):
        assert (plots / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "locks" in (plots / "index.html").read_text()
