"""Several connections to the real SQLite: without its bugs it stays clean, with them they show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.campaigns import check_replay, explore

from fuzzverse.model import Policy, Strategy, Target

JOBS = 2
CLEAN_BUDGET = 6_000
# Campaign seeds, and timelines within which each of them shows a bug.
BUGS = {
    "sqlite-wal-reset": ((1, 2, 3), 15_000),
    "sqlite-leaving-wal": ((2,), 30_000),
    "sqlite-stale-cache": ((1,), 30_000),
}


@pytest.mark.parametrize("strategy", [Strategy.FRONTIER, Strategy.RANDOM])
def test_without_what_is_known_it_stays_clean(
    named: Callable[[str], Target], strategy: Strategy
) -> None:
    policy = Policy(strategy=strategy, timelines=CLEAN_BUDGET, jobs=JOBS)
    outcome = explore(named("sqlite-connections"), policy)
    assert outcome.totals.timelines == CLEAN_BUDGET
    assert sum(outcome.totals.verdicts[1:]) == 0, outcome.records
    assert outcome.unfit == ""


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_found_and_replayed(named: Callable[[str], Target], name: str) -> None:
    seeds, budget = BUGS[name]
    target = named(name)
    for seed in seeds:
        policy = Policy(campaign_seed=seed, timelines=budget, jobs=JOBS, stop_on_bug=True)
        bugs = explore(target, policy).bugs
        assert bugs, f"campaign seed {seed} found nothing"
        check_replay(target, bugs[0])
