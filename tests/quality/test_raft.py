"""Raft on the simulated network and disks: the right one stays clean, mistakes are found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.campaigns import check_replay, explore

from fuzzverse.model import Policy, Target

JOBS = 2
SEEDS = (1, 2, 3)
CLEAN_BUDGET = 6_000
# Timelines within which each mistake shows: some five times the median. Those that take
# longest, handover-trusted and membership-without-no-op, are for `fuzzverse bench search`.
MISTAKES = {
    "raft-vote-not-saved": 15_000,
    "raft-stale-append-truncates": 6_000,
    "raft-read-without-round": 1_500,
    "raft-acknowledged-before-sync": 20_000,
    "raft-sessions-not-saved": 3_000,
    "raft-snapshot-boundary": 1_000,
}


def test_what_is_right_stays_clean(named: Callable[[str], Target]) -> None:
    outcome = explore(named("raft"), Policy(timelines=CLEAN_BUDGET, jobs=JOBS))
    assert outcome.totals.timelines == CLEAN_BUDGET
    assert [bug.message for bug in outcome.bugs] == []
    assert outcome.unfit == ""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_and_replayed(named: Callable[[str], Target], name: str) -> None:
    target = named(name)
    for seed in SEEDS:
        policy = Policy(campaign_seed=seed, timelines=MISTAKES[name], jobs=JOBS, stop_on_bug=True)
        bugs = explore(target, policy).bugs
        assert bugs, f"campaign seed {seed} found nothing"
        check_replay(target, bugs[0])
