"""Runs of a bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fuzzverse.bench.search import Run


@pytest.fixture
def make_run() -> Callable[..., Run]:
    base = Run(
        strategy="random",
        seed=1,
        found=True,
        bug="the exit of floor 8 is reached",
        timelines=1_000,
        draws=50_000,
        seconds=2.0,
        opening_s=0.1,
        rate=500.0,
        controller_cpu_s=0.1,
        children_cpu_s=0.9,
    )
    return lambda **changes: replace(base, **changes)
