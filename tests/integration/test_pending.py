"""Signals that wait: the kernel's, so that no copy of memory has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.campaigns import described, explore

from fuzzverse import native
from fuzzverse.model import Isolation, Policy, RewindProbe, Strategy, Target, Verdict

CAN_REWIND = native.probe_rewinding() == RewindProbe(0, 0, 0, 0, 0)
rewinds = pytest.mark.skipif(not CAN_REWIND, reason="this machine cannot rewind: fuzzverse doctor")
SEARCHES = [Strategy.RANDOM, Strategy.DEPTH_FIRST, Strategy.FRONTIER]  # of simulations
POLICY = Policy(timelines=1_000, canary=10, root_energy=40)


@rewinds
@pytest.mark.parametrize("may", ["nothing", "open"])
@pytest.mark.parametrize("strategy", SEARCHES, ids=lambda strategy: strategy.name.lower())
def test_a_timeline_finds_what_it_raised_itself(
    compiled: Callable[..., Path], may: str, strategy: Strategy
) -> None:
    target = described(compiled("pending.c", f"-DMAY={may}"))
    policy = replace(POLICY, strategy=strategy)
    forked = explore(target, replace(policy, isolation=Isolation.FORK))
    assert forked.totals.verdicts[Verdict.OK] == policy.timelines
    for jobs in (1, 2):
        rewound = explore(target, replace(policy, jobs=jobs))
        assert (rewound.unfit, rewound.totals.jobs_forked) == ("", 0)
        assert rewound.totals.checked > 0
        assert (rewound.totals.parted > 0) is (may == "open")
        assert rewound.totals.digest == forked.totals.digest
        assert rewound.records == forked.records


@rewinds
def test_a_signal_that_stays_pending_is_undone(named: Callable[[str], Target]) -> None:
    """leaky-pending leaves one behind its last draw, and looks before its first."""
    target, policy = named("leaky-pending"), Policy(timelines=3_000, canary=10)
    forked = explore(target, replace(policy, isolation=Isolation.FORK))
    for jobs in (1, 2):
        rewound = explore(target, replace(policy, jobs=jobs))
        assert (rewound.unfit, rewound.totals.isolation) == ("", Isolation.REWIND)
        assert rewound.records == forked.records
        assert rewound.totals.digest == forked.totals.digest
