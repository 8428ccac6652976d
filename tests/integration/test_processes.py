"""Nested splits do not multiply processes, and strangers' children stay theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.campaigns import described, explore, processes_of

from fuzzverse import native
from fuzzverse.model import Isolation, Policy, Strategy, Target, Verdict

JOBS = 2


def runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "R"


def test_no_more_run_than_jobs(named: Callable[[str], Target]) -> None:
    target = named("dungeon")
    running, alive = [], []

    def count(campaign: native.Campaign) -> None:
        pids = processes_of(target.path)
        alive.append(len(pids))
        running.append(sum(map(runs, pids)))

    policy = Policy(
        strategy=Strategy.DEPTH_FIRST,
        timelines=15_000,
        jobs=JOBS,
        window=2,
        isolation=Isolation.FORK,
    )
    explore(target, policy, count)
    assert max(alive) > JOBS + 1, "no nested split was seen"
    # The turn of a tree never waits for a token: one more a tree, for a moment. On a busy machine
    # those that have just ended or been woken are seen waiting for a core, now and then.
    assert sorted(running)[len(running) * 9 // 10] <= JOBS + policy.window
    assert max(alive) <= JOBS + policy.window * policy.batch_size * (policy.depth_max + 1)


def test_a_target_reaps_its_own_child(compiled: Callable[..., Path]) -> None:
    target = described(compiled("parent.c"))
    totals = explore(target, Policy(timelines=60, jobs=JOBS)).totals
    assert totals.verdicts[Verdict.OK] == totals.timelines == 60
