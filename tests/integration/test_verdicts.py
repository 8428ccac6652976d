"""Every verdict, from a target that really misbehaves, depth-first; the frontier's are in
test_frontier.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.campaigns import described, explore, processes_of

from fuzzverse.errors import EngineError
from fuzzverse.model import Policy, Strategy, Verdict

POLICY = Policy(
    strategy=Strategy.DEPTH_FIRST, timelines=150, jobs=2, deadline_ms=300, memory_mb=256
)
PATIENT = replace(POLICY, deadline_ms=5_000)
BURIAL_S = 5.0

CASES = [
    ("segv", Verdict.SIGNAL, "Segmentation fault"),
    ("stack", Verdict.SIGNAL, "Segmentation fault"),
    ("abort", Verdict.SIGNAL, "Aborted"),
    ("exit", Verdict.EXIT, "exit code 3"),
    ("quick_exit", Verdict.EXIT, "exit code 0"),
    ("loop", Verdict.TIMEOUT, "deadline"),
    ("sleep", Verdict.TIMEOUT, "deadline"),
    ("fds", Verdict.ASSERTION, "after closing every file descriptor"),
    ("output", Verdict.ASSERTION, "after a lot of output"),
    ("misuse", Verdict.ASSERTION, "fv_below(0)"),
    ("stray", Verdict.ASSERTION, "a child was left behind"),
    ("kill", Verdict.LOST, "killed from outside"),
    ("thread", Verdict.LOST, "threads at a splitpoint"),
    ("child", Verdict.LOST, "child process at a splitpoint"),
    ("group", Verdict.LOST, "its worker died"),
]


def wait_for_burial(executable: Path) -> list[int]:
    deadline = time.monotonic() + BURIAL_S
    while (left := processes_of(executable)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def check(path: Path, verdict: Verdict, words: str, policy: Policy = POLICY) -> None:
    outcome = explore(described(path), policy)
    struck = [record for record in outcome.records if record.verdict is not Verdict.OK]
    assert {record.verdict for record in struck} == {verdict}
    assert all(words in record.message for record in struck)
    assert outcome.totals.verdicts[verdict] > 0
    assert sum(outcome.totals.verdicts) >= outcome.totals.timelines == policy.timelines
    assert wait_for_burial(path) == []


@pytest.mark.parametrize(("how", "verdict", "words"), CASES, ids=[case[0] for case in CASES])
def test_verdict(compiled: Callable[..., Path], how: str, verdict: Verdict, words: str) -> None:
    check(compiled("hostile.c", f"-DHOSTILE={how}"), verdict, words)


def test_out_of_memory(compiled: Callable[..., Path]) -> None:
    path = compiled("hostile.c", "-DHOSTILE=memory")
    check(path, Verdict.OUT_OF_MEMORY, "more memory", PATIENT)


def test_scribbling_spoils_only_its_own_job(compiled: Callable[..., Path]) -> None:
    path = compiled("hostile.c", "-DHOSTILE=scribble", "-DODDS=60")
    check(path, Verdict.LOST, "its worker died")


def test_address_sanitizer(compiled: Callable[..., Path]) -> None:
    path = compiled("hostile.c", "-DHOSTILE=heap", "-fsanitize=address")
    check(path, Verdict.SANITIZER, "heap-buffer-overflow", PATIENT)


def test_a_target_that_always_kills_its_worker_is_an_engine_failure(
    compiled: Callable[..., Path],
) -> None:
    target = described(compiled("hostile.c", "-DHOSTILE=group", "-DODDS=1"))
    with pytest.raises(EngineError, match="in a row were lost"):
        explore(target, POLICY)


def test_undefined_behaviour_sanitizer(compiled: Callable[..., Path]) -> None:
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
    check(
        compiled("hostile.c", "-DHOSTILE=overflow", *flags),
        Verdict.SANITIZER,
        "igned integer overflow",
        PATIENT,
    )
