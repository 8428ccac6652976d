"""Whole campaigns under fork isolation and rewound: the same campaign, bit for bit, at what speed.

Both get the same policy, seed and number of timelines, one right after the other. They must come
out the same; where they do not, a speed would mean nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse import native
from fuzzverse.bench.processes import spent
from fuzzverse.bench.search import Interrupted
from fuzzverse.bench.statistics import Amount, Spread, spread
from fuzzverse.errors import EngineError
from fuzzverse.model import Isolation, Policy, Strategy, Target, Totals

STEP_S: Final = 0.1
# What campaigns of one policy agree on, whatever keeps their timelines apart.
_AGREED: Final = ("timelines", "roots", "splitpoints", "draws", "verdicts", "features", "digest")


@dataclass(frozen=True, slots=True)
class Setting:
    """What both campaigns of a pair get; one timeline in `canary` is checked (0: none)."""

    strategy: Strategy
    timelines: int
    jobs: int
    canary: int

    def policy(self, seed: int, isolation: Isolation) -> Policy:
        """The policy of one campaign."""
        return Policy(
            strategy=self.strategy,
            campaign_seed=seed,
            jobs=self.jobs,
            timelines=self.timelines,
            isolation=isolation,
            canary=self.canary,
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """One campaign. `seconds` are those from when the workers had started to the end,
    `controller_share` the part of all processor time (0..1) that the controller took."""

    totals: Totals
    unfit: str
    seconds: float
    opening_s: float
    controller_share: float

    @property
    def timeline_us(self) -> float:
        """Microseconds of wall time a timeline."""
        return self.seconds * 1e6 / max(1, self.totals.timelines)

    @property
    def rate(self) -> float:
        """Timelines a second."""
        return 1e6 / max(1e-6, self.timeline_us)


@dataclass(frozen=True, slots=True)
class Pair:
    """The campaign of one seed, both ways."""

    seed: int
    fork: Trial
    rewind: Trial

    @property
    def gain(self) -> float:
        """Timelines/s rewound over forked."""
        return self.fork.timeline_us / max(1e-6, self.rewind.timeline_us)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All pairs on one target."""

    target: str
    setting: Setting
    pairs: tuple[Pair, ...]

    def spread(self, figure: Callable[[Pair], float]) -> Spread:
        """Median and quartiles over the pairs."""
        return spread([Amount(figure(pair)) for pair in self.pairs])


def compare(
    target: str, setting: Setting, seeds: Sequence[int], run: Callable[[Policy], Trial | None]
) -> Iterator[Pair]:
    """A pair a seed, as they end; the end when `run` has none. Raises EngineError where the two
    campaigns of a pair do not come out the same."""
    for seed in seeds:
        fork = run(setting.policy(seed, Isolation.FORK))
        rewind = run(setting.policy(seed, Isolation.REWIND)) if fork else None
        if fork is None or rewind is None:
            return
        differences = _differences(fork.totals, rewind.totals)
        if differences:
            raise EngineError(
                f"{target}, campaign seed {seed}: the rewound campaign is not the forked one: "
                f"{differences}"
            )
        yield Pair(seed, fork, rewind)


def run_campaign(target: Target, policy: Policy, interrupted: Interrupted) -> Trial | None:
    """One campaign; None when the user ended it."""
    before, start = spent(), time.monotonic()
    with native.Campaign(target, policy) as campaign:
        opened = time.monotonic()
        while not campaign.step(STEP_S).finished:
            if interrupted():
                return None
        ended = time.monotonic()
        return Trial(
            totals=campaign.totals(),
            unfit=campaign.unfit(),
            seconds=ended - opened,
            opening_s=opened - start,
            controller_share=spent().since(before).own_share,
        )


def _differences(fork: Totals, rewind: Totals) -> str:
    """What does not agree, forked first; empty where all does."""
    both = ((name, getattr(fork, name), getattr(rewind, name)) for name in _AGREED)
    return ", ".join(f"{name} {one} and {other}" for name, one, other in both if one != other)
