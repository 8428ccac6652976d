from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from fuzzverse.bench.search import (
    Contest,
    Interrupted,
    Limits,
    Run,
    compete,
    strategy_names,
)
from fuzzverse.bench.statistics import Amount
from fuzzverse.model import Strategy

LIMITS = Limits(seconds=60, timelines=1_000, jobs=2)


@dataclass
class Told:
    """A contender that ends at once, or gives up when the user asks."""

    name: str
    make_run: Callable[..., Run]
    seen: list[int] = field(default_factory=list)

    def run(self, seed: int, interrupted: Interrupted) -> Run | None:
        self.seen.append(seed)
        return None if interrupted() else self.make_run(strategy=self.name, seed=seed)


def test_contenders_alternate_seed_by_seed(make_run: Callable[..., Run]) -> None:
    both = [Told("random", make_run), Told("frontier", make_run)]
    runs = list(compete(both, range(5, 7), lambda: False))
    order = [(run.seed, run.strategy) for run in runs]
    assert order == [(5, "random"), (5, "frontier"), (6, "random"), (6, "frontier")]


def test_an_interruption_keeps_what_ended_before_it(make_run: Callable[..., Run]) -> None:
    one, asked = Told("random", make_run), [False]
    runs = compete([one], range(9), lambda: asked[0])
    assert next(runs).seed == 0
    asked[0] = True
    assert list(runs) == []
    assert one.seen == [0]


def test_a_run_cut_short_tells_nothing(make_run: Callable[..., Run]) -> None:
    answers = iter([False, True])
    assert list(compete([Told("random", make_run)], [1, 2], lambda: next(answers))) == []


def test_strategies_are_named_after_the_enum() -> None:
    names = strategy_names()
    assert names["depth-first"] is Strategy.DEPTH_FIRST
    assert list(names.values()) == [Strategy.FRONTIER, Strategy.DEPTH_FIRST, Strategy.RANDOM]


def test_a_run_without_the_bug_is_censored(make_run: Callable[..., Run]) -> None:
    assert make_run().amount(7) == Amount(7)
    assert make_run(found=False).amount(7) == Amount(7, censored=True)


def test_the_controllers_share_is_of_all_processor_time(make_run: Callable[..., Run]) -> None:
    assert make_run().controller_share == pytest.approx(0.1)
    assert make_run(controller_cpu_s=None).controller_share is None
    assert make_run(controller_cpu_s=0.0, children_cpu_s=0.0).controller_share is None


def test_runs_are_told_apart_by_contender(make_run: Callable[..., Run]) -> None:
    runs = (make_run(), make_run(strategy="frontier"))
    contest = Contest("maze", "", LIMITS, ("random", "frontier"), runs)
    assert contest.runs_of("frontier") == runs[1:]
