"""A protocol over the simulated network: the right one stays clean, known mistakes are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.campaigns import check_replay, explore

from fuzzverse.model import Isolation, Policy, Strategy, Target

JOBS = 2
SEEDS = range(1, 6)
CLEAN_BUDGET = 30_000
ISOLATION_BUDGET = 1_000
# What each mistake costs, and within how many timelines it shows: some five times the median.
MISTAKES = {
    "kvchannel-handshake": ("nothing of an old connection is delivered", 2_500),
    "kvchannel-wrap": ("records are delivered once and in order", 25_000),
    "kvchannel-reneging": ("what was asked is answered in the end", 10_000),
}


@pytest.mark.parametrize("strategy", [Strategy.FRONTIER, Strategy.RANDOM])
def test_the_protocol_keeps_its_promises(
    named: Callable[[str], Target], strategy: Strategy
) -> None:
    policy = Policy(strategy=strategy, timelines=CLEAN_BUDGET, jobs=JOBS)
    outcome = explore(named("kvchannel"), policy)
    assert outcome.totals.timelines == CLEAN_BUDGET
    assert sum(outcome.totals.verdicts[1:]) == 0, outcome.records
    assert outcome.unfit == ""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_and_replayed(named: Callable[[str], Target], name: str) -> None:
    message, budget = MISTAKES[name]
    target = named(name)
    for seed in SEEDS:
        policy = Policy(campaign_seed=seed, timelines=budget, jobs=JOBS, stop_on_bug=True)
        bugs = explore(target, policy).bugs
        assert bugs, f"campaign seed {seed} found nothing"
        assert bugs[0].message == message
        check_replay(target, bugs[0])


def test_forked_and_rewound_campaigns_are_the_same(named: Callable[[str], Target]) -> None:
    policy = Policy(timelines=ISOLATION_BUDGET, jobs=JOBS, campaign_seed=3)
    digests = {
        explore(named("kvchannel"), replace(policy, isolation=isolation)).totals.digest
        for isolation in (Isolation.FORK, Isolation.REWIND)
    }
    assert len(digests) == 1
