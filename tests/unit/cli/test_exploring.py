from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.cli.exploring import settled
from fuzzverse.errors import UsageError
from fuzzverse.model import Policy, Strategy, Target

SIMULATION = Target(Path("it"), "it", 1, "", 10, (10,), (), "", True)
HARNESS = replace(SIMULATION, is_harness=True)
OPEN = Policy(suits_target=True)


def test_the_strategy_suits_the_target_where_nobody_says() -> None:
    assert settled(OPEN, HARNESS) == Policy(strategy=Strategy.MUTATION)
    assert settled(OPEN, SIMULATION) == Policy(strategy=Strategy.FRONTIER)


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.DEPTH_FIRST, Strategy.FRONTIER])
def test_what_the_user_says_stands(strategy: Strategy) -> None:
    policy = Policy(strategy=strategy, roots=5)
    assert settled(policy, HARNESS) == settled(policy, SIMULATION) == policy


def test_mutation_needs_bytes() -> None:
    with pytest.raises(UsageError, match="is for harnesses, and it is a simulation"):
        settled(Policy(strategy=Strategy.MUTATION), SIMULATION)


@pytest.mark.parametrize("policy", [replace(OPEN, roots=5), replace(OPEN, until_stable=5)])
def test_mutation_has_no_root_seeds_to_count(policy: Policy) -> None:
    assert settled(policy, SIMULATION).strategy is Strategy.FRONTIER
    with pytest.raises(UsageError, match="--roots and --until-stable count root seeds"):
        settled(policy, HARNESS)
