"""Measurements of the engine, each beside its physical floor in the same run.

Machines are shared and noisy: every figure is the median of several rounds, and within a round
what is compared runs one right after the other.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fuzzverse import native
from fuzzverse.errors import EngineError
from fuzzverse.model import Isolation, Policy, Strategy, Target

WORKERS = 2
BARE_TIMEOUT_S = 600
STEP_S = 1.0
# Timelines before the clock starts: the first ones fault in what all others find there.
WARM_UP = 200


@dataclass(frozen=True, slots=True)
class Round:
    """One round; microseconds a timeline. `workers_us` is the wall time over both workers, which
    fork; `rewind_us` is None where timelines cannot be rewound."""

    bare_us: float
    rewind_us: float | None
    fork_us: float
    unpinned_us: float
    workers_us: float


@dataclass(frozen=True, slots=True)
class TimelineCost:
    """What one timeline of a target costs, over several rounds."""

    target: str
    timelines: int
    rounds: tuple[Round, ...]

    @property
    def bare_us(self) -> float:
        """Median microseconds of bare fork, _exit and waitpid of an equal process."""
        return statistics.median(one.bare_us for one in self.rounds)

    @property
    def rewind_us(self) -> float | None:
        """Median microseconds of a rewound timeline; None where none can be."""
        found = [one.rewind_us for one in self.rounds if one.rewind_us is not None]
        return statistics.median(found) if found else None

    @property
    def fork_us(self) -> float:
        """Median microseconds of a timeline under fork isolation, one after the other."""
        return statistics.median(one.fork_us for one in self.rounds)

    @property
    def over_bare(self) -> float:
        """Median over the rounds of fork isolation divided by bare fork."""
        return statistics.median(one.fork_us / one.bare_us for one in self.rounds)

    @property
    def workers_us(self) -> float:
        """Median microseconds of wall time a timeline with two workers."""
        return statistics.median(one.workers_us for one in self.rounds)

    @property
    def speedup(self) -> float:
        """Median over the rounds of timelines/s with two workers over one at its best.

        One worker is faster pinned: its timelines stay where the caches are warm.
        """
        return statistics.median(
            min(one.fork_us, one.unpinned_us) / one.workers_us for one in self.rounds
        )


def measure_timeline(target: Target, timelines: int, rounds: int) -> TimelineCost:
    """Bare fork, one worker that forks, and one that rewinds (all pinned to one core), then one and
    two workers that fork, unpinned."""
    return TimelineCost(
        target.name, timelines, tuple(_round(target, timelines) for _ in range(rounds))
    )


def _round(target: Target, timelines: int) -> Round:
    with _pinned():
        bare_us = _bare_us(target, timelines)
        fork_us = _fork_us(target, timelines, jobs=1)
        rewind_us = _rewind_us(target, timelines)
    return Round(
        bare_us=bare_us,
        rewind_us=rewind_us,
        fork_us=fork_us,
        unpinned_us=_fork_us(target, timelines, jobs=1),
        workers_us=_fork_us(target, timelines * WORKERS, jobs=WORKERS),
    )


@contextmanager
def _pinned() -> Iterator[None]:
    """Everything started inside runs on one core: the floor and what stands on it alike."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _bare_us(target: Target, timelines: int) -> float:
    command = [str(target.path), "--fuzzverse-bare", str(timelines)]
    done = subprocess.run(command, capture_output=True, timeout=BARE_TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise EngineError(f"{target.path}: --fuzzverse-bare ended with {done.returncode}")
    return float(done.stdout)


def _fork_us(target: Target, timelines: int, jobs: int) -> float:
    policy = Policy(
        strategy=Strategy.RANDOM,
        isolation=Isolation.FORK,
        jobs=jobs,
        timelines=timelines + WARM_UP,
    )
    with native.Campaign(target, policy) as campaign:
        return _campaign_us(campaign)


def _rewind_us(target: Target, timelines: int) -> float | None:
    """None when the campaign fell back to fork."""
    policy = Policy(strategy=Strategy.RANDOM, timelines=timelines + WARM_UP, canary=0)
    with native.Campaign(target, policy) as campaign:
        cost = _campaign_us(campaign)
        return None if campaign.unfit() else cost


def _campaign_us(campaign: native.Campaign) -> float:
    """Runs it to its end; microseconds a timeline after the warm-up."""
    while campaign.totals().timelines < WARM_UP:
        campaign.step(0)
    before, start = campaign.totals().timelines, time.monotonic()
    while not campaign.step(STEP_S).finished:
        pass
    seconds = time.monotonic() - start
    return seconds * 1e6 / (campaign.totals().timelines - before)
