"""How soon searches find a bug that is known to be there: strategies side by side, seed by seed.

Every contender gets the same seeds and limits. Runs alternate between contenders within a seed, so
that a noisy machine hits all alike. No committed starting inputs are used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fuzzverse import native
from fuzzverse.bench.processes import spent
from fuzzverse.bench.statistics import Amount
from fuzzverse.engine import insist_on_rewinding
from fuzzverse.model import STRATEGIES, IsolationChoice, Policy, Strategy, Target, TimelineRecord

STEP_S: Final = 0.1

Interrupted = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run ends that finds nothing; `jobs` is how many cores each contender gets.

    A limit in timelines holds for strategies alone: executions of a rival are cheaper or dearer.
    With `takes_any_bug` the first bug of whatever kind is what was wanted. `isolation` is that of
    strategies' timelines.
    """

    seconds: float
    timelines: int | None
    jobs: int
    takes_any_bug: bool = False
    isolation: IsolationChoice = IsolationChoice.AUTO


@dataclass(frozen=True, slots=True)
class Run:
    """One contender on one seed.

    `bug` is the message of the bug that ended the run, "" without one; `found` says whether it is
    the wanted one. `timelines`, `draws` and `seconds` are those up to the bug or, without one, all
    that were spent; seconds include `opening_s`, which is what starting the workers took. `rate`
    is timelines a second, over the whole run and without the opening. Processor time is that of
    the controller (this process) and of its children, in seconds. Rivals count executions as
    timelines; what they do not tell is None. `unfit` says why timelines that were to be rewound
    were forked instead, "" when they were not.
    """

    strategy: str
    seed: int
    found: bool
    bug: str
    timelines: int
    draws: int | None
    seconds: float
    opening_s: float
    rate: float
    controller_cpu_s: float | None
    children_cpu_s: float
    unfit: str = ""

    def amount(self, value: float) -> Amount:
        """A figure of this run, censored unless the bug was found."""
        return Amount(value, censored=not self.found)

    @property
    def controller_share(self) -> float | None:
        """The controller's share of all processor time, 0..1; None when there is none to tell."""
        if self.controller_cpu_s is None or self.controller_cpu_s + self.children_cpu_s <= 0:
            return None
        return self.controller_cpu_s / (self.controller_cpu_s + self.children_cpu_s)


@dataclass(frozen=True, slots=True)
class Contest:
    """All runs on one target. `bug` is a part of the wanted bug's message, "" when any will do."""

    target: str
    bug: str
    limits: Limits
    contenders: tuple[str, ...]
    runs: tuple[Run, ...]

    def runs_of(self, contender: str) -> tuple[Run, ...]:
        """The runs of one contender, by seed."""
        return tuple(run for run in self.runs if run.strategy == contender)


class Contender(Protocol):
    """Something that searches: a strategy of fuzzverse, or a rival."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def run(self, seed: int, interrupted: Interrupted) -> Run | None:
        """Searches once; None when the user ended it, for such a run tells nothing."""


def compete(
    contenders: Sequence[Contender], seeds: Sequence[int], interrupted: Interrupted
) -> Iterator[Run]:
    """Every contender on the first seed, then every one on the next, as they end."""
    for seed in seeds:
        for contender in contenders:
            run = None if interrupted() else contender.run(seed, interrupted)
            if run is None:
                return
            yield run


def strategy_names() -> dict[str, Strategy]:
    """The strategies of simulations as users write them, the most advanced first."""
    return {name: one for name, one in STRATEGIES.items() if one is not Strategy.MUTATION}


@dataclass(frozen=True, slots=True)
class StrategyContender:
    """A strategy of fuzzverse, run as `fuzzverse run` does, in this process.

    A campaign seed is the seed of a run; the first bug ends it (`stop_on_bug`).
    """

    name: str
    strategy: Strategy
    target: Target
    bug: str
    limits: Limits
    clock: Callable[[], float] = time.monotonic

    def run(self, seed: int, interrupted: Interrupted) -> Run | None:
        """One campaign; EngineError when the machinery fails, or timelines must be rewound and
        cannot be."""
        policy = Policy(
            strategy=self.strategy,
            campaign_seed=seed,
            jobs=self.limits.jobs,
            timelines=self.limits.timelines,
            isolation=self.limits.isolation.isolation,
            must_rewind=self.limits.isolation is IsolationChoice.REWIND,
            stop_on_bug=True,
        )
        before, start = spent(), self.clock()
        with native.Campaign(self.target, policy) as campaign:
            opened = self.clock()
            bug, found_at = self._search(campaign, policy, start, interrupted)
            ended = self.clock()
            totals, unfit, cpu = campaign.totals(), campaign.unfit(), spent().since(before)
        if bug is None and interrupted():
            return None
        return Run(
            strategy=self.name,
            seed=seed,
            found=bug is not None and self.bug in bug.message,
            bug="" if bug is None else bug.message or bug.identity,
            timelines=totals.timelines if bug is None else bug.ordinal + 1,
            draws=totals.draws,
            seconds=found_at - start,
            opening_s=opened - start,
            rate=totals.timelines / max(ended - opened, 1e-6),
            controller_cpu_s=cpu.own_s,
            children_cpu_s=cpu.below_s,
            unfit=unfit,
        )

    def _search(
        self, campaign: native.Campaign, policy: Policy, start: float, interrupted: Interrupted
    ) -> tuple[TimelineRecord | None, float]:
        """The first bug and when it came, or None and the end; the campaign winds down after it."""
        bug, found_at, finished = None, start, False
        while not finished:
            left = self.limits.seconds - (self.clock() - start)
            if bug is None and (left <= 0 or interrupted()):
                break
            progress = campaign.step(STEP_S if bug else min(STEP_S, left))
            finished = progress.finished
            insist_on_rewinding(campaign, policy)
            if bug is None:
                bug = next((one for one in progress.timelines if one.verdict.is_bug), None)
                found_at = self.clock()
        return bug, found_at
