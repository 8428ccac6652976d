"""Does it still find this? Fixed campaign seeds, budgets in timelines."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable

import pytest
from support.campaigns import explore

from fuzzverse.model import Policy, Strategy, Target

JOBS = 2
SEEDS = range(1, 8)
DUNGEON_BUDGET = 60_000
DUNGEON_MEDIAN_MAX = 20_000
RANDOM_BUDGET = 20_000
FRONTIER_BUDGETS = {"dungeon": (5, 8_000), "maze": (3, 30_000)}
LYING_BUDGET = 12_000
CLEAN_BUDGET = 6_000
LONG_BUDGET = 60_000
GROWTH_KB_MAX = 20_000
BOTH = [Strategy.RANDOM, Strategy.DEPTH_FIRST]


def test_depth_first_finds_the_treasure(named: Callable[[str], Target]) -> None:
    dungeon = named("dungeon")
    first = []
    for seed in SEEDS:
        policy = Policy(
            strategy=Strategy.DEPTH_FIRST,
            campaign_seed=seed,
            timelines=DUNGEON_BUDGET,
            jobs=JOBS,
            stop_on_bug=True,
        )
        bugs = explore(dungeon, policy).bugs
        assert bugs, f"campaign seed {seed} found nothing"
        assert bugs[0].message == "the treasure is found"
        first.append(bugs[0].ordinal)
    assert statistics.median(first) <= DUNGEON_MEDIAN_MAX


@pytest.mark.parametrize("name", FRONTIER_BUDGETS)
def test_the_frontier_gets_to_the_end(named: Callable[[str], Target], name: str) -> None:
    seeds, budget = FRONTIER_BUDGETS[name]
    target = named(name)
    for seed in range(1, seeds + 1):
        policy = Policy(campaign_seed=seed, timelines=budget, jobs=JOBS, stop_on_bug=True)
        assert explore(target, policy).bugs, f"campaign seed {seed} found nothing"


def test_random_does_not_find_the_treasure(named: Callable[[str], Target]) -> None:
    policy = Policy(strategy=Strategy.RANDOM, timelines=RANDOM_BUDGET, jobs=JOBS)
    assert not explore(named("dungeon"), policy).bugs


def test_a_lying_disk_loses_commits(named: Callable[[str], Target]) -> None:
    policy = Policy(timelines=LYING_BUDGET, jobs=JOBS, campaign_seed=2)
    messages = {bug.message for bug in explore(named("sqlite-lying-sync"), policy).bugs}
    assert "an acknowledged commit survives" in messages


@pytest.mark.parametrize("strategy", BOTH)
def test_an_honest_disk_loses_nothing(named: Callable[[str], Target], strategy: Strategy) -> None:
    outcome = explore(named("sqlite"), Policy(strategy=strategy, timelines=CLEAN_BUDGET, jobs=JOBS))
    assert outcome.totals.timelines == CLEAN_BUDGET
    assert sum(outcome.totals.verdicts[1:]) == 0, outcome.records


def test_a_long_run_keeps_the_controller_small(named: Callable[[str], Target]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    policy = Policy(strategy=Strategy.RANDOM, timelines=LONG_BUDGET, jobs=JOBS)
    assert explore(named("timeline-1mb"), policy).totals.timelines == LONG_BUDGET
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH_KB_MAX
