"""Rewinding's promise: the campaign that forking gives, whatever timelines leave behind; what it
cannot undo is noticed, told, and done by forking instead."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from support.campaigns import Outcome, described, explore

from fuzzverse import native
from fuzzverse.model import Isolation, Policy, RewindProbe, Strategy, Target, Verdict

SEARCHES = [Strategy.RANDOM, Strategy.DEPTH_FIRST, Strategy.FRONTIER]  # of simulations
# Small roots, so that depth-first has several of them.
REWOUND = Policy(isolation=Isolation.REWIND, canary=20, root_energy=40)
BUDGETS = {
    "dungeon": 400,
    "maze": 300,
    "gates": 400,
    "sqlite-lying-sync": 60,
    "stress": 250,
    "stress-crash": 250,
    "stress-kernel": 150,
}
ALWAYS_PARTED = {"stress-kernel"}


@pytest.fixture(autouse=True)
def rewinding() -> None:
    """Where the kernel or a container forbids it there is nothing to test."""
    if native.probe_rewinding() != RewindProbe(0, 0, 0, 0, 0):
        pytest.skip("this machine cannot rewind: fuzzverse doctor")


def forked(policy: Policy) -> Policy:
    return replace(policy, isolation=Isolation.FORK)


def told(outcome: Outcome) -> set[tuple[int, str, str, bytes, int, int]]:
    """Everything that records say of how timelines ended and how to get there."""
    return {
        (r.verdict, r.identity, r.message, r.recipe.path, r.recipe.root, r.digest)
        for r in outcome.records
    }


def assert_same(*outcomes: Outcome) -> None:
    assert outcomes[0].totals.timelines > 0
    assert len({outcome.totals.digest for outcome in outcomes}) == 1
    assert len({outcome.totals.verdicts for outcome in outcomes}) == 1
    assert len({outcome.totals.features for outcome in outcomes}) == 1
    assert len({outcome.records for outcome in outcomes}) == 1


def assert_rewound(outcome: Outcome) -> None:
    """All of it, to the end, with nothing lost."""
    totals = outcome.totals
    assert (outcome.unfit, totals.isolation) == ("", Isolation.REWIND)
    assert (totals.jobs_forked, totals.worker_deaths) == (0, 0)
    assert totals.runners >= 1


# ---- the campaign that forking gives -------------------------------------------------------------


@pytest.mark.parametrize("strategy", SEARCHES, ids=lambda strategy: strategy.name.lower())
@pytest.mark.parametrize("name", BUDGETS)
def test_same_campaign(named: Callable[[str], Target], name: str, strategy: Strategy) -> None:
    policy = replace(REWOUND, strategy=strategy, timelines=BUDGETS[name])
    rewound = explore(named(name), policy)
    assert_rewound(rewound)
    assert_same(explore(named(name), forked(policy)), rewound)
    assert rewound.totals.checked > 0 or name in ALWAYS_PARTED


@pytest.mark.parametrize("name", ["dungeon", "stress"])
@pytest.mark.parametrize("strategy", [Strategy.FRONTIER, Strategy.DEPTH_FIRST])
def test_same_campaign_whatever_the_jobs_and_checkpoints(
    named: Callable[[str], Target], name: str, strategy: Strategy
) -> None:
    target = named(name)
    policy = replace(REWOUND, strategy=strategy, timelines=600)
    rewound = [
        explore(target, changed)
        for changed in (
            policy,
            replace(policy, jobs=2),
            replace(policy, checkpoints=0),
            replace(policy, checkpoint_mb=16),
            replace(policy, checkpoint_mb=0, jobs=2),
        )
    ]
    for outcome in rewound:
        assert_rewound(outcome)
    assert_same(explore(target, forked(policy)), *rewound)


def test_same_campaign_from_far_splitpoints(compiled: Callable[..., Path]) -> None:
    target = described(compiled("slow.c"))
    policy = replace(REWOUND, timelines=400)
    rewound = explore(target, replace(policy, jobs=2))
    assert_rewound(rewound)
    assert_same(explore(target, forked(policy)), rewound)


def test_every_kind_of_state_is_put_back(named: Callable[[str], Target]) -> None:
    outcome = explore(named("stress"), replace(REWOUND, timelines=20_000, canary=500, jobs=2))
    assert_rewound(outcome)
    assert outcome.bugs == []
    assert outcome.totals.verdicts[Verdict.OK] == 20_000


# ---- memory --------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", SEARCHES, ids=lambda strategy: strategy.name.lower())
def test_memory_of_every_origin_is_put_back(
    compiled: Callable[..., Path], strategy: Strategy
) -> None:
    target = described(compiled("places.c"))
    policy = replace(REWOUND, strategy=strategy, timelines=500)
    rewound = explore(target, policy)
    assert_rewound(rewound)
    assert rewound.bugs == []
    assert_same(explore(target, forked(policy)), rewound)


# ---- timelines that end by force -----------------------------------------------------------------


def test_crashes_are_those_of_fork(named: Callable[[str], Target]) -> None:
    policy = replace(REWOUND, campaign_seed=4, timelines=5_000, jobs=2)
    rewound = explore(named("stress-crash"), policy)
    assert_rewound(rewound)
    assert rewound.totals.runners > 2, "a runner goes on after a crash"
    kinds = {record.verdict for record in rewound.bugs}
    assert kinds >= {Verdict.SIGNAL, Verdict.EXIT}
    assert told(rewound) == told(explore(named("stress-crash"), forked(policy)))


HARSH = replace(REWOUND, timelines=300, deadline_ms=200, memory_mb=256)


@pytest.mark.parametrize(
    ("how", "verdict", "policy"),
    [
        ("loop", Verdict.TIMEOUT, HARSH),
        ("sleep", Verdict.TIMEOUT, replace(HARSH, deadline_ms=50)),
        ("memory", Verdict.OUT_OF_MEMORY, replace(HARSH, deadline_ms=5_000)),
    ],
    ids=["loop", "sleep", "memory"],
)
def test_limits_cost_no_results(
    compiled: Callable[..., Path], how: str, verdict: Verdict, policy: Policy
) -> None:
    target = described(compiled("hostile.c", f"-DHOSTILE={how}", "-DODDS=100", "-DSTEPS=5"))
    rewound = explore(target, policy)
    totals = rewound.totals
    assert totals.verdicts[verdict] > 0
    assert totals.verdicts[Verdict.OK] + totals.verdicts[verdict] == policy.timelines
    assert 0 < totals.jobs_forked <= totals.verdicts[verdict]
    assert (rewound.unfit, totals.isolation) == ("", Isolation.REWIND)
    assert_same(explore(target, forked(policy)), rewound)


def children_of(pid: int) -> list[int]:
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


@pytest.mark.parametrize("who", ["runner", "zygote"])
@pytest.mark.parametrize("name", ["dungeon", "stress"])
def test_same_campaign_with_dying_processes(
    named: Callable[[str], Target], name: str, who: str
) -> None:
    policy = replace(REWOUND, timelines=4_000, jobs=2)
    killed = 0

    def kill_someone(campaign: native.Campaign) -> None:
        nonlocal killed
        zygotes = campaign.worker_pids()
        runners = [child for zygote in zygotes for child in children_of(zygote)]
        doomed = list(zygotes) if who == "zygote" else runners
        if killed < 4 and doomed:
            with suppress(ProcessLookupError):
                os.kill(doomed[killed % len(doomed)], signal.SIGKILL)
                killed += 1

    calm, disturbed = (
        explore(named(name), policy),
        explore(named(name), policy, kill_someone),
    )
    assert killed > 0
    assert disturbed.totals.jobs_forked > 0
    assert (disturbed.unfit, disturbed.totals.isolation) == ("", Isolation.REWIND)
    assert_same(calm, disturbed)


# ---- what cannot be undone -----------------------------------------------------------------------


def test_timelines_that_change_the_kernel_part(named: Callable[[str], Target]) -> None:
    policy = replace(REWOUND, timelines=200)
    rewound = explore(named("stress-kernel"), policy)
    assert_rewound(rewound)
    assert rewound.totals.parted > 0
    assert rewound.totals.parted_by
    assert_same(explore(named("stress-kernel"), forked(policy)), rewound)


ENDS = {
    "touch_nothing": Verdict.SIGNAL,
    "abort": Verdict.SIGNAL,
    "leave": Verdict.EXIT,
    "tell": Verdict.ASSERTION,
    "pretend": Verdict.SIGNAL,
    "handle": Verdict.OK,
    "mask": Verdict.OK,
}


@pytest.mark.parametrize("strategy", [Strategy.FRONTIER, Strategy.DEPTH_FIRST])
@pytest.mark.parametrize("then", ENDS)
def test_parted_timelines_end_as_they_would(
    compiled: Callable[..., Path], then: str, strategy: Strategy
) -> None:
    target = described(compiled("parted.c", f"-DTHEN={then}"))
    policy = replace(REWOUND, strategy=strategy, timelines=250)
    rewound = explore(target, policy)
    assert_rewound(rewound)
    assert (rewound.totals.parted > 0) is (then != "pretend")
    assert {r.verdict for r in rewound.records} == {Verdict.OK, ENDS[then]}
    assert_same(explore(target, forked(policy)), rewound)


def test_the_name_of_the_process_parts(named: Callable[[str], Target]) -> None:
    policy = replace(REWOUND, timelines=300, canary=5)
    rewound = explore(named("leaky-name"), policy)
    assert_rewound(rewound)
    assert rewound.totals.parted_by == "prctl"
    assert_same(explore(named("leaky-name"), forked(policy)), rewound)


def test_shared_memory_is_refused(named: Callable[[str], Target]) -> None:
    outcome = explore(named("leaky-shared"), replace(REWOUND, timelines=100))
    assert outcome.unfit == "the target shares memory, which no rewinding can undo (MAP_SHARED)"
    assert outcome.totals.isolation is Isolation.FORK
    assert (outcome.totals.jobs_forked, outcome.totals.worker_deaths) == (0, 0)
    assert outcome.totals.timelines == 100


def test_a_canary_notices_a_leak(compiled: Callable[..., Path]) -> None:
    policy = replace(REWOUND, timelines=300, canary=5)
    outcome = explore(described(compiled("peak.c")), policy)
    assert outcome.unfit.startswith("rewinding leaks: a fresh process differs at draw ")
    assert outcome.unfit.endswith("no page differs: it is in the kernel (signals, descriptors)")
    assert outcome.totals.isolation is Isolation.FORK
    assert outcome.totals.timelines == policy.timelines


@pytest.mark.parametrize("strategy", [Strategy.FRONTIER, Strategy.RANDOM])
def test_a_leak_costs_no_results_when_all_is_checked(
    compiled: Callable[..., Path], strategy: Strategy
) -> None:
    target = described(compiled("peak.c"))
    policy = replace(REWOUND, strategy=strategy, timelines=300, canary=1)
    outcome = explore(target, policy)
    assert outcome.totals.isolation is Isolation.FORK
    assert_same(explore(target, forked(policy)), outcome)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("what", ["thread", "child", "program", "shell"])
def test_threads_and_processes_are_told(
    compiled: Callable[..., Path], what: str, jobs: int
) -> None:
    target = described(compiled("offspring.c", f"-DMAKES={what}"))
    policy = replace(REWOUND, timelines=300, jobs=jobs)
    outcome = explore(target, policy)
    assert outcome.unfit.startswith("the target makes threads or processes (")
    assert outcome.totals.isolation is Isolation.FORK
    assert outcome.totals.verdicts[Verdict.OK] == policy.timelines
    assert_same(explore(target, forked(policy)), outcome)


def decided(outcome: Outcome) -> tuple[object, ...]:
    """What a campaign says of which jobs were rewound, and of what became of them."""
    t = outcome.totals
    told = (t.isolation, t.parted, t.parted_by, t.checked, t.jobs_forked, t.worker_deaths)
    return (outcome.unfit, *told)


@pytest.mark.parametrize("strategy", SEARCHES, ids=lambda strategy: strategy.name.lower())
@pytest.mark.parametrize("what", ["", "thread", "child"], ids=["calls", "thread", "child"])
def test_workers_do_not_change_which_jobs_are_rewound(
    named: Callable[[str], Target], compiled: Callable[..., Path], what: str, strategy: Strategy
) -> None:
    """A campaign that goes over to forking does so at the same job, whoever has which."""
    target = named("stress-kernel")
    if what:
        target = described(compiled("offspring.c", f"-DMAKES={what}", "-DODDS=1000"))
    policy = replace(REWOUND, strategy=strategy, timelines=1_500)
    alone, *others = [explore(target, replace(policy, jobs=jobs)) for jobs in (1, 2, 2, 3)]
    # Depth-first, few part: those that split off them are forked anyway.
    goes_over = bool(what) or strategy is not Strategy.DEPTH_FIRST
    assert (alone.totals.isolation is Isolation.FORK) is goes_over
    assert (alone.totals.jobs_forked if what else alone.totals.parted) > 0
    for other in others:
        assert decided(other) == decided(alone)
        assert_same(alone, other)


def test_a_sanitizer_is_told(compiled: Callable[..., Path]) -> None:
    target = described(compiled("coin.c", "-fsanitize=address"))
    policy = replace(REWOUND, timelines=200)
    outcome = explore(target, policy)
    assert outcome.unfit == "a sanitizer keeps memory of its own"
    assert outcome.totals.isolation is Isolation.FORK
    assert_same(explore(target, forked(policy)), outcome)
