from __future__ import annotations

import pytest

from fuzzverse.cli.fuzzing import DEADLINE_MS_MAX, MEMORY_MB_MAX, policy_of
from fuzzverse.libfuzzer import Flags
from fuzzverse.model import INPUT_SIZE_MAX


@pytest.mark.parametrize(("runs", "timelines"), [(-1, None), (0, 5), (1, 1), (70, 70)])
def test_runs_are_a_budget_of_timelines(runs: int, timelines: int | None) -> None:
    assert policy_of(Flags(runs=runs), 5).timelines == timelines


def test_without_inputs_there_is_an_empty_one() -> None:
    assert policy_of(Flags(runs=0), 0).timelines == 1


def test_flags_become_a_policy() -> None:
    flags = Flags(seed=3, timeout=2, rss_limit_mb=100, max_len=9, fork=4, ignore_crashes=1)
    policy = policy_of(flags, 0)
    assert (policy.campaign_seed, policy.deadline_ms, policy.memory_mb) == (3, 2_000, 100)
    assert (policy.length_max, policy.jobs, policy.stop_on_bug) == (9, 4, False)
    assert policy.suits_target


def test_no_limit_is_the_widest_there_is() -> None:
    policy = policy_of(Flags(rss_limit_mb=0, timeout=0, max_len=1 << 40), 0)
    assert policy.memory_mb == MEMORY_MB_MAX
    assert (policy.deadline_ms, policy.length_max) == (DEADLINE_MS_MAX, INPUT_SIZE_MAX)
    assert policy_of(Flags(), 0).length_max is None
