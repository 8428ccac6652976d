"""What the simulation kit costs: real time, of which a simulation sees nothing.

Each kind of operation has two variants of targets/simbench, one that does many of them in a
timeline and one that does few. What a timeline of the one takes longer, divided by how many
operations it does more, is what one costs. Both run one right after the other, and every figure is
a median over rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse.bench.timeline import pinned, timeline_us
from fuzzverse.errors import EngineError
from fuzzverse.model import Isolation, Target

KINDS: Final = ("switches", "walk", "messages", "plain", "preempted", "shared", "linear", "refuted")
_DEFINE: Final = "OPERATIONS="


@dataclass(frozen=True, slots=True)
class Workload:
    """One variant of targets/simbench, and how many operations a timeline of it does."""

    target: Target
    operations: int


@dataclass(frozen=True, slots=True)
class Contrast:
    """A kind of operation: many of them in a timeline, and few."""

    many: Workload
    few: Workload


# Nanoseconds an operation, by kind.
Round = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """What is told of the rounds, in `scale` ("ns", "ms", or "x", a ratio), and the most that it
    may be; None: nothing is asked of it."""

    key: str
    words: str
    scale: str
    asked: float | None
    of: Callable[[Round], float]


FIGURES: Final = (
    Figure("switch_ns", "a task switch, round robin", "ns", 100, lambda one: one["switches"]),
    Figure("walk_ns", "a task switch, random walk", "ns", 100, lambda one: one["walk"]),
    Figure("message_ns", "a message, send to handler", "ns", 1_000, lambda one: one["messages"]),
    Figure("index_ns", "an index operation, plain", "ns", None, lambda one: one["plain"]),
    Figure(
        "instrumented", "the same, instrumented", "x", 10, lambda o: o["preempted"] / o["plain"]
    ),
    Figure(
        "preempted", "the same, all of it shared", "x", 10, lambda o: o["shared"] / o["plain"]
    ),
    Figure(
        "linear_ms",
        "a check of 1,000 operations by 5 clients",
        "ms",
        50,
        lambda one: one["linear"] / 1e6,
    ),
    Figure(
        "refuted_ms",
        "a check of such that do not fit",
        "ms",
        50,
        lambda one: one["refuted"] / 1e6,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SimulationCost:
    """All rounds; `seconds` is the length of one measurement."""

    seconds: float
    rounds: tuple[Round, ...]

    def values(self, figure: Figure) -> list[float]:
        """One figure in every round."""
        return [figure.of(one) for one in self.rounds]

    def median(self, figure: Figure) -> float:
        """Over the rounds; of ratios within a round."""
        return statistics.median(self.values(figure))


def operations_of(defines: Sequence[str]) -> int:
    """What the defines of a variant say; EngineError when they say nothing."""
    for define in defines:
        number = define.removeprefix(_DEFINE)
        if number != define and number.isdecimal():
            return int(number)
    raise EngineError(f"the variant defines no {_DEFINE}N: {' '.join(defines)}")


def measure_rounds(
    contrasts: Mapping[str, Contrast], seconds: float, rounds: int
) -> Iterator[Round]:
    """Rounds as they end, pinned to one core. Raises EngineError when a target fails."""
    for _ in range(rounds):
        with pinned():
            yield {kind: _cost_ns(one, seconds) for kind, one in contrasts.items()}


def _cost_ns(contrast: Contrast, seconds: float) -> float:
    few, many = (
        timeline_us(one.target, Isolation.REWIND, seconds, jobs=1)
        for one in (contrast.few, contrast.many)
    )
    return cost_ns(contrast, few_us=few, many_us=many)


def cost_ns(contrast: Contrast, *, few_us: float, many_us: float) -> float:
    """Nanoseconds an operation, from microseconds a timeline; noise never makes it negative."""
    operations = contrast.many.operations - contrast.few.operations
    return max(0.0, (many_us - few_us) * 1_000 / operations)
