from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.bench.simulation import (
    FIGURES,
    KINDS,
    Contrast,
    SimulationCost,
    Workload,
    cost_ns,
    operations_of,
)
from fuzzverse.errors import EngineError
from fuzzverse.model import Target

US = st.floats(0, 1e9)


def test_what_one_operation_costs_is_the_difference(target: Target) -> None:
    contrast = Contrast(many=Workload(target, 1_100), few=Workload(target, 100))
    assert cost_ns(contrast, few_us=50.0, many_us=150.0) == pytest.approx(100.0)


@given(few=US, many=US)
def test_noise_never_makes_time(few: float, many: float) -> None:
    target = Target.__new__(Target)
    contrast = Contrast(many=Workload(target, 2), few=Workload(target, 1))
    assert cost_ns(contrast, few_us=few, many_us=many) >= 0


def test_every_kind_is_told_and_ratios_are_within_a_round() -> None:
    first = dict.fromkeys(KINDS, 100.0) | {"preempted": 150.0}
    second = {kind: 3 * cost for kind, cost in first.items()}
    cost = SimulationCost(1.0, (first, second))
    told = {figure.key: cost.median(figure) for figure in FIGURES}
    assert told["instrumented"] == 1.5
    assert told["switch_ns"] == 200.0
    assert told["linear_ms"] == pytest.approx(200e-6)


def test_a_variant_says_how_many_operations_it_does() -> None:
    assert operations_of(("BENCH_WALK", "OPERATIONS=800")) == 800
    for defines in ((), ("OPERATIONS",), ("OPERATIONS=x",)):
        with pytest.raises(EngineError, match="OPERATIONS=N"):
            operations_of(defines)
