"""What an input of an engine costs, from being offered to its answer, beside its physical floor.

All of it shares one core: engine, worker and controller. The floor is two processes that do nothing
but wake each other, because an engine in a process of its own cannot do with less. Each figure is
the median of several rounds, and within a round floor and bridge run one right after the other.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse import native
from fuzzverse.bench.timeline import pinned
from fuzzverse.engines.campaign import EngineCampaign
from fuzzverse.engines.process import EngineProcess
from fuzzverse.engines.wheel import Wheel
from fuzzverse.errors import EngineError
from fuzzverse.model import Engine, Policy, Strategy, Target

HANDOVERS: Final = 100_000
WARM_UP: Final = 2_000
WARM_UP_S: Final = 30.0
STEP_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class BridgeRound:
    """Microseconds: a round trip between two idle processes, an input, and the processor time that
    it took, which whoever else wants the core does not lengthen."""

    floor_us: float
    input_us: float
    processor_us: float

    @property
    def of_floor(self) -> float:
        """Inputs/s over round trips/s; 1 is what cannot be beaten."""
        return self.floor_us / self.input_us


@dataclass(frozen=True, slots=True)
class BridgeCost:
    """An engine on a target, over several rounds of `seconds`; figures are medians."""

    target: str
    engine: str
    seconds: float
    rounds: tuple[BridgeRound, ...]

    @property
    def floor_us(self) -> float:
        """Microseconds of a round trip."""
        return statistics.median(one.floor_us for one in self.rounds)

    @property
    def input_us(self) -> float:
        """Microseconds of an input."""
        return statistics.median(one.input_us for one in self.rounds)

    @property
    def processor_us(self) -> float:
        """Microseconds of the core an input, of engine, worker and controller together."""
        return statistics.median(one.processor_us for one in self.rounds)

    @property
    def inputs_per_second(self) -> float:
        """How many of them are a second's work."""
        return 1e6 / self.input_us

    @property
    def of_floor(self) -> float:
        """Inputs/s over round trips/s, within a round."""
        return statistics.median(one.of_floor for one in self.rounds)


def measure_bridge(
    target: Target, wheel: Wheel, seconds: float, rounds: int
) -> Iterator[BridgeRound]:
    """Rounds as they end, pinned to one core. Raises EngineError when target or engine fail, or the
    target cannot be rewound."""
    for number in range(rounds):
        with pinned():
            floor_us = native.handover_us(HANDOVERS)
            yield BridgeRound(floor_us, *input_us(target, wheel, seconds, 1 + number))


def input_us(target: Target, wheel: Wheel, seconds: float, seed: int) -> tuple[float, float]:
    """Microseconds an input, and of the processor, over so many seconds from after a warm-up, with
    the canaries that any campaign has."""
    policy = Policy(
        strategy=Strategy.DEPTH_FIRST, engine=Engine.ATHERIS, window=1, campaign_seed=seed
    )
    with tempfile.TemporaryDirectory(prefix="fuzzverse-bridge-") as folder:
        out = Path(folder)
        engine = EngineProcess(wheel, out, seed, (), None)
        with EngineCampaign(target, policy, engine, out / "corpus") as campaign:
            _warm_up(campaign)
            before, start = campaign.totals().timelines, time.monotonic()
            pids = processes(campaign, engine)
            busy = busy_ns(pids)
            while (left := start + seconds - time.monotonic()) > 0:
                campaign.step(left)
            spent = time.monotonic() - start
            busy = busy_ns(pids) - busy
            inputs = max(1, campaign.totals().timelines - before)
            if campaign.unfit():
                raise EngineError(f"{target.name} cannot be rewound: {campaign.unfit()}")
            campaign.stop()
    return spent * 1e6 / inputs, busy / 1e3 / inputs


def processes(campaign: EngineCampaign, engine: EngineProcess) -> tuple[int, ...]:
    """Controller, engine, the zygote and its runner."""
    zygotes = campaign.worker_pids()
    lists = (Path(f"/proc/{pid}/task/{pid}/children").read_text() for pid in zygotes)
    runners = (int(pid) for words in lists for pid in words.split())
    return (os.getpid(), *zygotes, *runners, *engine.pids())


def busy_ns(pids: Sequence[int]) -> int:
    """Nanoseconds of processor time that these have had so far."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # one that has ended
            total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return total


def _warm_up(campaign: EngineCampaign) -> None:
    """Until the engine, a process that first has to load, has been at it for a while."""
    end = time.monotonic() + WARM_UP_S
    while campaign.totals().timelines < WARM_UP and time.monotonic() < end:
        campaign.step(STEP_S)
