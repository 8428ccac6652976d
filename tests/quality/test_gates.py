"""Which kind of luck falls to what: eight gates in a row, each a chance of one in a thousand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.campaigns import explore

from fuzzverse.model import Policy, Strategy, Target

JOBS = 2
RANDOM_BUDGET = 5_000
# One draw decides: by setting it. A known number: by what it is compared with. Many draws decide:
# by reseeding, 1,086 timelines a gate when none goes elsewhere.
BUDGETS = {
    "gates": 10_000,
    "gates-late": 120_000,
    "gates-magic": 20_000,
    "gates-spread": 150_000,
}
SEEDS = {"gates": 3, "gates-late": 2, "gates-magic": 3, "gates-spread": 2}


@pytest.mark.parametrize("name", BUDGETS)
def test_the_frontier_passes_all_gates(named: Callable[[str], Target], name: str) -> None:
    gates = named(name)
    for seed in range(1, SEEDS[name] + 1):
        policy = Policy(
            strategy=Strategy.FRONTIER,
            campaign_seed=seed,
            timelines=BUDGETS[name],
            jobs=JOBS,
            stop_on_bug=True,
        )
        bugs = explore(gates, policy).bugs
        assert bugs, f"campaign seed {seed} found nothing"
        assert bugs[0].message == "all eight gates are passed"


@pytest.mark.parametrize("name", BUDGETS)
def test_random_seeds_do_not(named: Callable[[str], Target], name: str) -> None:
    policy = Policy(strategy=Strategy.RANDOM, timelines=RANDOM_BUDGET, jobs=JOBS)
    assert not explore(named(name), policy).bugs
