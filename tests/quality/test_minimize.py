"""How small bugs get, and how soon: planted bugs of targets whose minimum is known, or nearly."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from support.campaigns import explore

from fuzzverse import native
from fuzzverse.buckets import Buckets
from fuzzverse.explain import Explainer
from fuzzverse.model import Policy, Recipe, Replay, Strategy, Target, TimelineRecord
from fuzzverse.shapes import alone
from fuzzverse.shrink import Shrinker, Shrunk
from fuzzverse.symbolise import Places
from fuzzverse.trace import Draw, trace
from fuzzverse.trials import Budget, Oracle

JOBS = 2
SECONDS_MAX = 60.0
TRIALS_PER_SECOND_MIN = 10_000
# Draws said and draws at most, of the bug that campaign seed 1 finds.
SIZES = {
    "dungeon": (60, 140),
    "gates": (8, 8),
    "gates-late": (8, 200),
    "maze": (450, 620),
    "races-tickets": (1, 40),
    "races-aba": (4, 60),
    "races-deadlock": (2, 30),
}


def found(target: Target) -> TimelineRecord:
    policy = Policy(timelines=60_000, jobs=JOBS, stop_on_bug=True)
    bugs = explore(target, policy).bugs
    assert bugs
    return bugs[0]


class Asking:
    """A campaign of trials on one bug."""

    def __init__(self, target: Target, record: TimelineRecord) -> None:
        self.target = target
        policy = Policy(strategy=Strategy.TRIALS, jobs=JOBS, canary=0)
        self.campaign = native.Campaign(target, policy, [record.recipe])
        budget = Budget(300_000, None, time.monotonic, lambda: False)
        buckets = Buckets(target, Places(None, target))
        bucket = buckets.bucket_of(record)
        self.oracle = Oracle(buckets, bucket, self.campaign, budget, JOBS)

    def trace(self, recipe: Recipe) -> list[Draw]:
        return trace(native, self.target, recipe, 10_000, 2_048)[1]

    def replay(self, recipe: Recipe) -> Replay:
        with open(os.devnull, "wb") as nowhere:
            return native.replay(self.target, recipe, log_fd=nowhere.fileno())

    def shrunk(self, recipe: Recipe) -> Shrunk:
        return Shrinker(self.oracle, self.trace).run(recipe)


@pytest.mark.parametrize("name", SIZES)
def test_planted_bugs_get_small(named: Callable[[str], Target], name: str) -> None:
    target = named(name)
    record = found(target)
    asking = Asking(target, record)
    with asking.campaign:
        start = time.monotonic()
        shrunk = asking.shrunk(record.recipe)
        assert time.monotonic() - start < SECONDS_MAX
        said, draws = SIZES[name]
        assert shrunk.stopped == ""
        assert shrunk.shape.segment_count == 1
        assert len(shrunk.shape.edits) <= said
        assert shrunk.shape.draws <= draws
        for _ in range(100):
            assert asking.oracle.is_same(asking.replay(shrunk.shape.recipe))
        drawn = asking.trace(shrunk.shape.recipe)
        told = Explainer(asking.oracle, shrunk.shape, drawn, asking.replay).run()
        assert told.decision is not None
        assert told.decision.avoiding > 0
        assert told.decision.behind.failing > told.decision.before.failing
        assert told.telling


def test_trials_are_fast(named: Callable[[str], Target]) -> None:
    target = named("dungeon")
    record = found(target)
    asking = Asking(target, record)
    with asking.campaign:
        shape = asking.shrunk(record.recipe).shape
        futures = [
            candidate
            for draw in range(shape.draws)
            for candidate in Explainer(asking.oracle, shape, [], asking.replay, 200).futures_from(
                draw
            )
        ]
        before, start = asking.oracle.trials, time.monotonic()
        answers = asking.oracle.draws([alone(shape.recipe), *futures])
        seconds = time.monotonic() - start
    assert answers[0] == shape.draws
    assert (asking.oracle.trials - before) / seconds > TRIALS_PER_SECOND_MIN
