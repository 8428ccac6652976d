"""The first promise: equal seeds and budgets, equal campaigns. The frontier's is in
test_frontier.py."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.campaigns import described, explore

from fuzzverse import native
from fuzzverse.model import Policy, Strategy, Target

DEPTH_FIRST = Policy(strategy=Strategy.DEPTH_FIRST)
POLICIES = {
    "depth-first": replace(DEPTH_FIRST, timelines=6_000, root_energy=1_000),
    "one-root": replace(DEPTH_FIRST, timelines=4_000, roots=1),
    "fixed": replace(
        DEPTH_FIRST, timelines=3_000, root_energy=500, timelines_min=8, timelines_max=8
    ),
    "scarce": replace(DEPTH_FIRST, timelines=3_000, root_energy=300, mark_energy=5, batch_size=8),
    "random": Policy(timelines=3_000, strategy=Strategy.RANDOM),
    "first-bug": replace(DEPTH_FIRST, timelines=100_000, stop_on_bug=True, root_energy=500),
}


@pytest.fixture(scope="session")
def coin(compiled: Callable[..., Path]) -> Target:
    return described(compiled("coin.c"))


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("which", ["dungeon", "coin"])
def test_same_campaign_whatever_the_jobs(
    named: Callable[[str], Target], coin: Target, which: str, name: str
) -> None:
    target = coin if which == "coin" else named(which)
    outcomes = [explore(target, replace(POLICIES[name], jobs=jobs)) for jobs in (1, 2, 4)]
    assert outcomes[0].totals.timelines > 0
    assert len({outcome.totals.digest for outcome in outcomes}) == 1
    assert len({outcome.records for outcome in outcomes}) == 1
    assert len({outcome.totals.features for outcome in outcomes}) == 1


def test_same_campaign_with_dying_workers(coin: Target) -> None:
    policy = replace(DEPTH_FIRST, timelines=20_000, root_energy=2_000, jobs=2)
    calm = explore(coin, policy)
    killed = 0

    def kill_a_worker(campaign: native.Campaign) -> None:
        nonlocal killed
        pids = campaign.worker_pids()
        if killed < 4 and pids:
            os.kill(pids[killed % len(pids)], signal.SIGKILL)
            killed += 1

    disturbed = explore(coin, policy, kill_a_worker)
    assert 0 < disturbed.totals.worker_deaths <= killed
    assert disturbed.totals.digest == calm.totals.digest
    assert disturbed.records == calm.records


def test_another_seed_is_another_campaign(coin: Target) -> None:
    policy = replace(DEPTH_FIRST, timelines=500)
    first = explore(coin, policy)
    assert first.totals.digest != explore(coin, replace(policy, campaign_seed=2)).totals.digest


def test_budgets_are_kept(coin: Target) -> None:
    assert explore(coin, replace(DEPTH_FIRST, timelines=777, jobs=2)).totals.timelines == 777
    assert explore(coin, replace(DEPTH_FIRST, roots=7, root_energy=10, jobs=2)).totals.roots == 7
    stable = explore(coin, replace(DEPTH_FIRST, until_stable=50, root_energy=200, jobs=2)).totals
    assert stable.stable_roots >= 50
