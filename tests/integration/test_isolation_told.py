"""What `run` and `doctor` say of isolation: which one, and why; and that it changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import described, explore
from support.commands import Done, Fuzzverse

from fuzzverse import native
from fuzzverse.model import Isolation, Policy, RewindProbe

TESTS = Path(__file__).resolve().parents[1]
SECONDS_MAX = 300
BUDGET = ("--timelines", "600", "--keep-going", "--canary", "5%", "--jobs", "2")
CAN_REWIND = native.probe_rewinding() == RewindProbe(0, 0, 0, 0, 0)
rewinds = pytest.mark.skipif(not CAN_REWIND, reason="this machine cannot rewind: fuzzverse doctor")

Run = Callable[..., Done]


@pytest.fixture
def run(fuzzverse: Fuzzverse, tmp_path: Path) -> Run:
    """`fuzzverse run TARGET ... --json`, in an OUT for each isolation."""

    def call(target: str | Path, isolation: str, *words: str) -> Done:
        where = ("--isolation", isolation, "--out", tmp_path / isolation)
        return fuzzverse("run", target, *BUDGET, *where, "--json", *words)

    return call


@pytest.fixture
def sandboxed(tmp_path: Path) -> Callable[..., Done]:
    """`fuzzverse ...` where one system call is refused."""

    def call(refused: str, *words: str | Path) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "support.sandbox", refused, *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_MAX,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call


def events(out: Path, name: str) -> list[dict[str, object]]:
    lines = (out / "events.jsonl").read_text().splitlines()
    return [value for value in map(json.loads, lines) if value["event"] == name]


@rewinds
def test_the_dungeon_is_the_same_campaign(run: Run) -> None:
    rewound, forked = run("dungeon", "auto"), run("dungeon", "fork")
    assert rewound.json["digest"] == forked.json["digest"]
    told = rewound.json["isolation"]
    assert (told["asked"], told["used"], told["why"]) == ("auto", "rewind", "")
    assert told["checked"] > 0
    assert (forked.json["isolation"]["asked"], forked.json["isolation"]["used"]) == ("fork", "fork")
    assert "under fork" not in rewound.err + forked.err


@rewinds
def test_a_target_with_threads_is_told_once(
    run: Run, compiled: Callable[..., Path], tmp_path: Path
) -> None:
    target = compiled("threads.c")
    fallen, forked = run(target, "auto"), run(target, "fork")
    assert fallen.json["digest"] == forked.json["digest"]
    why = "the target makes threads or processes"
    assert fallen.err.count("run under fork") == 1
    assert f"run under fork: {why}" in fallen.err
    assert fallen.json["isolation"]["why"].startswith(why)
    assert fallen.json["problems"] == []
    assert len(events(tmp_path / "auto", "fallback")) == 1
    insisting = run(target, "rewind")
    assert insisting.code == 1
    assert "fuzzverse: timelines cannot be rewound, as --isolation rewind asks" in insisting.err


@rewinds
def test_who_insists_on_rewinding_gets_it(run: Run, compiled: Callable[..., Path]) -> None:
    done = run(compiled("coin.c"), "rewind")
    assert done.code in (0, 77)
    assert done.json["isolation"]["used"] == "rewind"


def test_sanitizers_are_run_under_fork(run: Run, compiled: Callable[..., Path]) -> None:
    target = compiled("coin.c", "-fsanitize=address")
    assert "run under fork: a sanitizer" in run(target, "auto").err
    assert run(target, "rewind").code == 1


@rewinds
def test_timelines_that_part_are_told(run: Run, compiled: Callable[..., Path]) -> None:
    target = compiled("opens.c")
    done = run(target, "auto")
    assert done.json["digest"] == run(target, "fork").json["digest"]
    assert done.json["isolation"]["parted_by"].startswith("open")
    assert done.err.count("went on in a process of their own: the target calls open") == 1


@rewinds
def test_a_leak_is_a_warning_in_everything_that_stays(
    run: Run, compiled: Callable[..., Path], tmp_path: Path
) -> None:
    done = run(compiled("leaky.c"), "auto")
    assert done.json["isolation"]["leak"] is True
    assert done.json["problems"][0].startswith("rewinding leaks: a fresh process differs at ")
    assert done.err.count("warning: rewinding leaks") == 1
    (leak,) = events(tmp_path / "auto", "leak")
    assert leak["why"] == done.json["isolation"]["why"]


@rewinds
@pytest.mark.parametrize("refused", ["userfaultfd", "process_vm_readv", "seccomp"])
def test_a_sandbox_is_seen_by_doctor_and_by_runs(
    sandboxed: Callable[..., Done], compiled: Callable[..., Path], refused: str
) -> None:
    doctor = sandboxed(refused, "doctor")
    assert doctor.code == 0
    absent = [line for line in doctor.out.splitlines() if line.startswith("absent  rewind: ")]
    assert "EPERM" in absent[0]
    assert refused in doctor.out.split("\n\n")[1]
    target = compiled("coin.c")
    done = sandboxed(refused, "run", target, *BUDGET, "--json")
    assert done.json["isolation"]["used"] == "fork"
    assert done.err.count("run under fork: ") == 1
    totals = explore(
        described(target), Policy(isolation=Isolation.FORK, timelines=600, jobs=2)
    ).totals
    assert done.json["digest"] == f"{totals.digest:016x}"
    assert sandboxed(refused, "run", target, *BUDGET, "--isolation", "rewind").code == 1


def test_the_probe_says_what_campaigns_find(compiled: Callable[..., Path]) -> None:
    with native.Campaign(described(compiled("coin.c")), Policy(timelines=200)) as campaign:
        while not campaign.step(1).finished:
            pass
        assert (campaign.unfit() == "") is CAN_REWIND
