"""The real LevelDB on a disk that loses power: what is right stays clean, what is not is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.campaigns import explore

from fuzzverse.model import Isolation, Policy, Strategy, Target

JOBS = 2
CLEAN_BUDGET = 12_000
ISOLATION_BUDGET = 600
LYING_SEEDS = range(1, 6)
LYING_BUDGET = 20_000
# What each mistake costs, among other things, and within how many timelines that shows.
MISTAKES = {
    "leveldb-reused-log": ("a synced write does not survive a power loss", 30_000),
    "leveldb-unsynced-log": ("batches are recovered whole and in their order", 20_000),
    "leveldb-unsynced-name": ("a synced write does not survive a power loss", 10_000),
    "leveldb-holes": ("batches are recovered whole and in their order", 60_000),
    "leveldb-repair": ("Get() and iterators agree after a recovery", 20_000),
    "leveldb-repair-power": (
        "corruption is reported that no fault explains: opening the database",
        20_000,
    ),
    "leveldb-repair-checksum": ("every value is one that was written", 20_000),
}


@pytest.mark.parametrize("strategy", [Strategy.FRONTIER, Strategy.RANDOM])
def test_an_honest_disk_loses_nothing(named: Callable[[str], Target], strategy: Strategy) -> None:
    policy = Policy(strategy=strategy, timelines=CLEAN_BUDGET, jobs=JOBS)
    outcome = explore(named("leveldb"), policy)
    assert outcome.totals.timelines == CLEAN_BUDGET
    assert sum(outcome.totals.verdicts[1:]) == 0, outcome.records
    assert outcome.unfit == ""


def test_a_disk_that_lies_is_found_out(named: Callable[[str], Target]) -> None:
    target = named("leveldb-lying-sync")
    for seed in LYING_SEEDS:
        policy = Policy(campaign_seed=seed, timelines=LYING_BUDGET, jobs=JOBS, stop_on_bug=True)
        bugs = explore(target, policy).bugs
        assert bugs, f"campaign seed {seed} found nothing"
        assert bugs[0].message == "a synced write does not survive a power loss"


@pytest.mark.parametrize("name", MISTAKES)
def test_what_leveldb_does_wrong_is_found(named: Callable[[str], Target], name: str) -> None:
    message, budget = MISTAKES[name]
    policy = Policy(timelines=budget, jobs=JOBS, campaign_seed=1)
    assert message in {bug.message for bug in explore(named(name), policy).bugs}


def test_forked_and_rewound_campaigns_are_the_same(named: Callable[[str], Target]) -> None:
    policy = Policy(timelines=ISOLATION_BUDGET, jobs=JOBS, campaign_seed=3)
    digests = {
        explore(named("leveldb-lying-sync"), replace(policy, isolation=isolation)).totals.digest
        for isolation in (Isolation.FORK, Isolation.REWIND)
    }
    assert len(digests) == 1
