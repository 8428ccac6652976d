"""What one timeline costs: under fork isolation, rewound, and beside its physical floor.

Machines are shared and noisy: every figure is the median of several rounds, and within a round
what is compared runs one right after the other. A rewound timeline takes ten microseconds where a
fork takes hundreds, so each is measured for the same time and not over the same number.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from fuzzverse import native
from fuzzverse.errors import EngineError
from fuzzverse.model import Isolation, Policy, Strategy, Target

WORKERS: Final = 2
BARE_TIMEOUT_S: Final = 600
# Timelines before the clock starts: the first ones fault in what all others find there. Where
# they are slow, fewer will do.
WARM_UP: Final = 200
WARM_UP_SLOW: Final = 5
WARM_UP_S: Final = 1.0
WARM_UP_STEP_S: Final = 0.005
BARE_TRIAL: Final = 5


@dataclass(frozen=True, slots=True)
class Shape:
    """What a variant of targets/timeline is made of."""

    state_mb: int
    dirty_pages: int
    is_random: bool


@dataclass(frozen=True, slots=True)
class Isolated:
    """One isolation in one round; microseconds a timeline. `workers_us` is the wall time of both
    workers over the timelines of both, `unpinned_us` that of one, free to move between cores."""

    pinned_us: float
    unpinned_us: float
    workers_us: float

    @property
    def speedup(self) -> float:
        """Timelines/s with two workers over one at its best.

        One worker is often faster pinned: its timelines stay where the caches are warm.
        """
        return min(self.pinned_us, self.unpinned_us) / self.workers_us


@dataclass(frozen=True, slots=True)
class Round:
    """One round. `bare_us`: bare fork, _exit and waitpid of an equal process, pinned."""

    bare_us: float
    fork: Isolated
    rewind: Isolated


@dataclass(frozen=True, slots=True)
class TimelineCost:
    """What one timeline of a target costs, over several rounds of `seconds` a measurement.

    All figures are medians over the rounds, those of ratios within a round.
    """

    target: str
    shape: Shape | None
    seconds: float
    rounds: tuple[Round, ...]

    def _median(self, figure: Callable[[Round], float]) -> float:
        return statistics.median(figure(one) for one in self.rounds)

    @property
    def bare_us(self) -> float:
        """Microseconds of a bare fork."""
        return self._median(lambda one: one.bare_us)

    @property
    def fork_us(self) -> float:
        """Microseconds of a timeline under fork isolation, one after the other."""
        return self._median(lambda one: one.fork.pinned_us)

    @property
    def rewind_us(self) -> float:
        """Microseconds of a rewound timeline, one after the other."""
        return self._median(lambda one: one.rewind.pinned_us)

    @property
    def fork_over_bare(self) -> float:
        """The time of fork isolation divided by that of bare fork."""
        return self._median(lambda one: one.fork.pinned_us / one.bare_us)

    @property
    def rewind_gain(self) -> float:
        """Rewound timelines/s divided by bare forks/s."""
        return self._median(lambda one: one.bare_us / one.rewind.pinned_us)

    @property
    def fork_workers_us(self) -> float:
        """Microseconds of wall time a timeline, two workers that fork."""
        return self._median(lambda one: one.fork.workers_us)

    @property
    def rewind_workers_us(self) -> float:
        """Microseconds of wall time a timeline, two workers that rewind."""
        return self._median(lambda one: one.rewind.workers_us)

    @property
    def fork_speedup(self) -> float:
        """Timelines/s of two workers that fork over one."""
        return self._median(lambda one: one.fork.speedup)

    @property
    def rewind_speedup(self) -> float:
        """Timelines/s of two workers that rewind over one."""
        return self._median(lambda one: one.rewind.speedup)


def shape_of(defines: Sequence[str]) -> Shape | None:
    """What the defines of a variant say; None when they say nothing of a state's size."""
    values = dict(define.partition("=")[::2] for define in defines)
    state, dirty = values.get("STATE_MB", ""), values.get("DIRTY_PAGES", "0")
    if not (state.isdecimal() and dirty.isdecimal()):
        return None
    return Shape(int(state), int(dirty), "RANDOM_PAGES" in values)


def measure_rounds(target: Target, seconds: float, rounds: int) -> Iterator[Round]:
    """Rounds as they end. In each, pinned to one core: bare fork, fork isolation, rewinding; then,
    unpinned, one and two workers of both isolations. Raises EngineError when the target fails, or
    cannot be rewound."""
    with pinned():
        bare_count = _count(_bare_us(target, BARE_TRIAL), seconds)
    for _ in range(rounds):
        yield _round(target, bare_count, seconds)


def _count(microseconds: float, seconds: float) -> int:
    """How often something of this length fits into a measurement, with a least number."""
    return max(BARE_TRIAL, round(seconds * 1e6 / max(microseconds, 1.0)))


def _round(target: Target, bare_count: int, seconds: float) -> Round:
    with pinned():
        bare_us = _bare_us(target, bare_count)
        fork_us = timeline_us(target, Isolation.FORK, seconds, jobs=1)
        rewind_us = timeline_us(target, Isolation.REWIND, seconds, jobs=1)

    def isolated(isolation: Isolation, pinned_us: float) -> Isolated:
        return Isolated(
            pinned_us=pinned_us,
            unpinned_us=timeline_us(target, isolation, seconds, jobs=1),
            workers_us=timeline_us(target, isolation, seconds, jobs=WORKERS),
        )

    return Round(
        bare_us=bare_us,
        fork=isolated(Isolation.FORK, fork_us),
        rewind=isolated(Isolation.REWIND, rewind_us),
    )


@contextmanager
def pinned() -> Iterator[None]:
    """Everything started inside runs on one core: the floor and what stands on it alike."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _bare_us(target: Target, count: int) -> float:
    command = [str(target.path), "--fuzzverse-bare", str(count)]
    # In a session of its own, so that Ctrl-C lets the round end.
    done = subprocess.run(
        command, capture_output=True, timeout=BARE_TIMEOUT_S, check=False, start_new_session=True
    )
    if done.returncode != 0:
        raise EngineError(f"{target.path}: --fuzzverse-bare ended with {done.returncode}")
    return float(done.stdout)


def timeline_us(target: Target, isolation: Isolation, seconds: float, jobs: int) -> float:
    """Root timelines for so many seconds, without canaries, from after a warm-up."""
    policy = Policy(strategy=Strategy.RANDOM, jobs=jobs, isolation=isolation, canary=0)
    with native.Campaign(target, policy) as campaign:
        _warm_up(campaign)
        before, start = campaign.totals().timelines, time.monotonic()
        _step_until(campaign, start + seconds)
        timelines = campaign.totals().timelines - before
        spent_us = (time.monotonic() - start) * 1e6
        _check(target, campaign, isolation)
    return spent_us / max(1, timelines)


def _warm_up(campaign: native.Campaign) -> None:
    start, ended = time.monotonic(), 0
    while ended < WARM_UP and (ended < WARM_UP_SLOW or time.monotonic() - start < WARM_UP_S):
        campaign.step(WARM_UP_STEP_S)
        ended = campaign.totals().timelines


def _step_until(campaign: native.Campaign, end: float) -> None:
    while (left := end - time.monotonic()) > 0:
        campaign.step(left)


def _check(target: Target, campaign: native.Campaign, isolation: Isolation) -> None:
    """What was measured is what it is called."""
    totals = campaign.totals()
    if isolation is Isolation.REWIND and (
        totals.isolation is not Isolation.REWIND or totals.jobs_forked or campaign.unfit()
    ):
        why = campaign.unfit() or f"{totals.jobs_forked} jobs began again under fork"
        raise EngineError(f"{target.name} cannot be rewound: {why}")
