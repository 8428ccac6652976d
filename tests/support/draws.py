"""What a recipe makes of each draw, in Python: a model of the runtime's draws for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fuzzverse.model import Progress, Recipe, SegmentKind, Trial, TrialOrder, Verdict
from fuzzverse.shapes import Candidate
from fuzzverse.trace import Draw

EDITS = (SegmentKind.ANSWER, SegmentKind.NUDGE)


class Source(NamedTuple):
    """Where a draw's value comes from: draw `number` of `seed` (both 0 for plain), and its edit."""

    kind: SegmentKind
    seed: int
    number: int
    edit: tuple[SegmentKind, int] | None


def sources(recipe: Recipe, draws: int) -> list[Source]:
    """The source of each of the first draws of a recipe."""
    segments = list(recipe.segments)
    found: list[Source] = []
    kind, seed, offset, count = SegmentKind.RESEED, recipe.root, 0, 0
    for _ in range(draws):
        edit = None
        while segments and segments[0].count == count:
            segment = segments.pop(0)
            if segment.kind in EDITS:
                edit = (segment.kind, segment.seed)
            else:
                kind, seed, offset, count = segment.kind, segment.seed, segment.offset, 0
        is_plain = kind is SegmentKind.PLAIN
        index = 0 if is_plain else count + offset
        found.append(Source(kind, 0 if is_plain else seed, index, edit))
        count += 1
    return found


def values(recipe: Recipe, draws: int, bound: int) -> list[int]:
    """The values of the first draws, all below `bound`."""
    found = []
    for source in sources(recipe, draws):
        value = hash((source.seed, source.number, 7)) % bound if source.seed else 0
        if source.kind is SegmentKind.PLAIN:
            value = 0
        if source.edit is not None:
            kind, said = source.edit
            is_answer = kind is SegmentKind.ANSWER
            value = min(said, bound - 1) if is_answer else (value + said) % bound
        found.append(value)
    return found


Bug = Callable[[Sequence[int]], int | None]


class Simulation:
    """A judge, a tracer and a trier for a bug that is a function of drawn values below `bound`: how
    many of them it takes, None where they do not show it."""

    def __init__(self, bug: Bug, draws: int, bound: int = 8) -> None:
        self._bug = bug
        self._draws = draws
        self._bound = bound
        self.asked = 0
        self.order: list[Recipe] = []
        self._waiting: list[Sequence[TrialOrder]] = []
        self._job = 0

    def shows(self, recipe: Recipe) -> int | None:
        """How many draws there were before the bug."""
        return self._bug(values(recipe, self._draws, self._bound))

    def draws(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """As a judge."""
        self.asked += len(candidates)
        self.order += [candidate.recipe for candidate in candidates]
        return [self.shows(candidate.recipe) for candidate in candidates]

    def trace(self, recipe: Recipe) -> list[Draw]:
        """The draws up to the bug."""
        n = self.shows(recipe)
        drawn = values(recipe, self._draws, self._bound)[:n]
        return [Draw(i, "below", v, self._bound, None, ()) for i, v in enumerate(drawn)]

    def within(self, draws_max: int) -> None:
        """As a judge: all of its timelines end."""

    def add_trials(self, orders: Sequence[TrialOrder], draws_max: int | None) -> None:
        """As a trier."""
        self._waiting.append(orders)

    def step(self, timeout_s: float) -> Progress:
        """One job a step."""
        trials = []
        if self._waiting:
            for number, order in enumerate(self._waiting.pop(0)):
                for child, tail in enumerate(order.tails):
                    self.asked += 1
                    recipe = Recipe(order.root, order.path + tail)
                    trials.append(self.trial(number, child, self.shows(recipe)))
            self._job += 1
        return Progress((), (), not self._waiting, tuple(trials))

    def trial(self, order: int, child: int, draws: int | None) -> Trial:
        """How a timeline ended that shows the bug after so many draws."""
        return Trial(
            job=self._job,
            order=order,
            child=child,
            verdict=Verdict.OK if draws is None else Verdict.ASSERTION,
            signal=0,
            exit_code=0 if draws is None else 77,
            mark=None,
            message="" if draws is None else "three of sixty",
            identity="" if draws is None else "fv_bug three of sixty",
            draws=self._draws if draws is None else draws,
        )
