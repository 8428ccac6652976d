"""The simulation kit's tasks: what they promise, under every schedule and both isolations."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import check_both_isolations, described, explore
from support.commands import Fuzzverse

from fuzzverse.model import Policy

SCHEDULES = ("RANDOM_WALK", "PRIORITIES", "ROUND_ROBIN", "STALLS", "DRAWN")
COMPILERS = [name for name in ("clang-14", "clang-19") if shutil.which(name)] or ["clang"]

Compiled = Callable[..., Path]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_tasks_keep_their_promises(compiled: Compiled, schedule: str) -> None:
    check_both_isolations(compiled("tasks.c", f"-DSCHEDULE=FV_SCHEDULE_{schedule}"))


@pytest.mark.parametrize(
    ("case", "words", "functions"),
    [
        (0, "a deadlock: tasks wait for each other's mutexes", ("forwards", "backwards")),
        (1, "a lost wake-up: a condition", ("wait_for_it",)),
        (2, "a lost wake-up: a semaphore", ("wait_for_it",)),
        (3, "a lost wake-up: a channel", ("wait_for_it",)),
        (4, "a lost wake-up: a message", ("wait_for_it",)),
        (5, "a deadlock: a mutex is waited for that nobody unlocks any more", ("stuck",)),
        (6, "a deadlock: a task waits for itself", ("stuck",)),
        (7, "a task has overflown its stack: deep", ()),
    ],
)
def test_who_is_stuck_is_said_with_stacks(
    compiled: Compiled, fuzzverse: Fuzzverse, case: int, words: str, functions: tuple[str, ...]
) -> None:
    executable = compiled("stuck.c", f"-DCASE={case}")
    done = fuzzverse("replay", executable, "--root", "1")
    assert done.code == 77
    assert f"assertion: {words}" in done.out
    log = done.out[: done.out.index("verdict")]
    for function in functions:
        assert f"{function} in " in log
    assert "native/sim" not in log


def test_servers_may_wait_for_ever(compiled: Compiled) -> None:
    check_both_isolations(compiled("stuck.c", "-DCASE=8"), 50)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_accesses_are_seen(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch, compiler: str
) -> None:
    monkeypatch.setenv("FUZZVERSE_CC", compiler)
    name = f"-DCOMPILED_BY={compiler.replace('-', '_')}"
    check_both_isolations(compiled("accesses.c", "--fv-preempt", name), 50)


def test_posix_threads_are_tasks(compiled: Compiled) -> None:
    check_both_isolations(compiled("pthreads.c", "--fv-threads"))


@pytest.mark.parametrize("standard", ["c++17", "c++20"])
def test_threads_of_c_plus_plus_are_tasks(compiled: Compiled, standard: str) -> None:
    flags = ("--fv-threads", "--fv-preempt", f"-std={standard}")
    check_both_isolations(compiled("threads.cc", *flags))


def test_owners_go_with_all_they_have(compiled: Compiled) -> None:
    check_both_isolations(compiled("owners.c"))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("spinning", ["YIELDS", "HOT"])
def test_who_spins_gets_on(compiled: Compiled, schedule: str, spinning: str) -> None:
    flags = (f"-DSCHEDULE=FV_SCHEDULE_{schedule}", f"-D{spinning}", "--fv-preempt")
    check_both_isolations(compiled("spinning.c", *flags), 200)


@pytest.mark.parametrize("sanitizer", ["address", "undefined"])
@pytest.mark.parametrize("source", ["tasks.c", "accesses.c", "pthreads.c", "threads.cc"])
def test_sanitizers_know_the_stacks(compiled: Compiled, source: str, sanitizer: str) -> None:
    flags = {"tasks.c": (), "threads.cc": ("-std=c++20", "--fv-threads")}
    flags |= {"accesses.c": ("--fv-preempt",), "pthreads.c": ("--fv-threads",)}
    target = described(compiled(source, f"-fsanitize={sanitizer}", *flags[source]))
    outcome = explore(target, Policy(timelines=200))
    assert [bug.message for bug in outcome.bugs] == []
