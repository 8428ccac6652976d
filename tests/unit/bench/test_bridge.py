from __future__ import annotations

import os

import pytest

from fuzzverse import native
from fuzzverse.bench.bridge import BridgeCost, BridgeRound, busy_ns


def test_figures_are_medians_and_ratios_are_within_rounds() -> None:
    rounds = (BridgeRound(4, 10, 9), BridgeRound(5, 20, 12), BridgeRound(6, 12, 11))
    cost = BridgeCost("empty", "atheris 3.0.0", 1.0, rounds)
    assert (cost.floor_us, cost.input_us, cost.processor_us) == (5, 12, 11)
    assert cost.inputs_per_second == pytest.approx(1e6 / 12)
    assert cost.of_floor == pytest.approx(0.4)


def test_a_round_trip_takes_time() -> None:
    assert 0 < native.handover_us(1_000) < 10_000


def test_processor_time_only_grows_and_the_dead_have_none() -> None:
    before = busy_ns((os.getpid(), 1 << 30))
    sum(range(1_000_000))
    assert busy_ns((os.getpid(), 1 << 30)) > before
