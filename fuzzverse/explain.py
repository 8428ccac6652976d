"""Why a bug happens: at which draw it was decided, and what failing timelines do that others don't.

From evenly spaced draws before the bug many futures are run, each with luck of its own. How many of
them show the bug is its likelihood there; where that leaps, something was decided. The leap is
halved until it lies between two draws. What tells apart are features of timelines: a mark passed or
failed, an edge reached at least so often, by how likely the bug is with and without (spectra as in
Jones and Harrold, "Empirical evaluation of the Tarantula automatic fault-localization technique",
2005).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

from fuzzverse.model import SEGMENT, Recipe, Replay, SegmentKind
from fuzzverse.shapes import Candidate, Shape
from fuzzverse.trace import Draw

POINTS: Final = 32
FUTURES: Final = 200
SAID_MAX: Final = 24  # said draws whose own leaps are measured, besides the one halved down to
SAID_WEIGHT: Final = 1.5
ANSWERS_MAX: Final = 64  # other answers that the deciding draw is given
SIBLINGS: Final = 64  # failing ones, and as many passing, whose features are compared
TELLING_MAX: Final = 12
_CLASSES: Final = (1, 2, 3, 4, 8, 16, 32, 128)  # least counts of the hit-count classes


class Judge(Protocol):
    """Says of candidates whether they show the bug; a `trials.Oracle` is one."""

    def draws(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """Of each, how many draws there were before the bug; None: it does not show it."""


@dataclass(frozen=True, slots=True)
class Point:
    """Of `futures` that went their own ways from draw `draw` on, `failing` showed the bug."""

    draw: int
    failing: int
    futures: int

    @property
    def likelihood(self) -> float:
        """Of the bug, before the draw is made."""
        return self.failing / self.futures


@dataclass(frozen=True, slots=True)
class Decision:
    """The draw that decided: how likely the bug was before it and behind it, and how many of the
    other answers that were tried, all else being equal, avoid it."""

    draw: Draw
    before: Point
    behind: Point
    others: int
    avoiding: int


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a timeline does: `mark` was passed (or failed, where `is_failure`), or `edge`
    reached `least` times or more."""

    mark: int | None = None
    is_failure: bool = False
    edge: int | None = None
    least: int = 0


@dataclass(frozen=True, slots=True)
class Telling:
    """What tells failing siblings from passing ones; all of `features` say the same of each.

    Of `with_it` siblings that have it, `failing_with` show the bug; of those without, likewise.
    """

    features: tuple[Feature, ...]
    failing_with: int
    with_it: int
    failing_without: int
    without_it: int

    @property
    def likelihood(self) -> float:
        """Of the bug, given the feature."""
        return self.failing_with / max(1, self.with_it)

    @property
    def likelihood_without(self) -> float:
        """Of the bug, where the feature is missing."""
        return self.failing_without / max(1, self.without_it)

    @property
    def score(self) -> float:
        """How well it tells."""
        return abs(self.likelihood - self.likelihood_without)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The curve, by draw; the decision (None: no change of a single draw avoids the bug); and what
    tells, the best first, among `failing` and `passing` siblings."""

    draws: int
    curve: tuple[Point, ...]
    decision: Decision | None
    telling: tuple[Telling, ...]
    failing: int
    passing: int


class Explainer:
    """Explains one recipe.

    Args:
        judge: says what shows the bug.
        shape: of the recipe.
        drawn: what it draws.
        replay: one timeline, with its features.
        futures: how many are run from each draw.
    """

    def __init__(
        self,
        judge: Judge,
        shape: Shape,
        drawn: Sequence[Draw],
        replay: Callable[[Recipe], Replay],
        futures: int = FUTURES,
    ) -> None:
        self._judge = judge
        self._shape = shape
        self._drawn = drawn
        self._replay = replay
        self._futures = futures
        self._points: dict[int, Point] = {}

    def run(self) -> Explanation:
        """Explains it.

        Raises:
            Stopped: what the judge says.
        """
        self._measure(range(0, self._shape.draws, max(1, self._shape.draws // POINTS)))
        decision = self._decision()
        telling, failing, passing = self._telling(decision)
        curve = tuple(self._points[draw] for draw in sorted(self._points))
        return Explanation(self._shape.draws, curve, decision, telling, failing, passing)

    # ---- the curve ----------------------------------------------------------------------------

    def futures_from(self, draw: int) -> list[Candidate]:
        """Timelines that are as the bug's up to a draw, and then each have luck of their own."""
        prefix, count = self._shape.prefix(draw)
        recipe = self._shape.recipe
        return [
            Candidate(recipe.root, recipe.tape, prefix, count, _reseeding(count, seed))
            for seed in _seeds(self._futures)
        ]

    def _measure(self, draws: Iterable[int]) -> None:
        wanted = [draw for draw in draws if draw not in self._points and draw < self._shape.draws]
        tried = [candidate for draw in wanted for candidate in self.futures_from(draw)]
        answers = self._judge.draws(tried)
        for i, draw in enumerate(wanted):
            some = answers[i * self._futures : (i + 1) * self._futures]
            failing = sum(answer is not None for answer in some)
            self._points[draw] = Point(draw, failing, self._futures)
        # Behind the last draw the bug has happened.
        self._points[self._shape.draws] = Point(self._shape.draws, self._futures, self._futures)

    def _leap(self, first: int, behind: int) -> int:
        return self._points[behind].failing - self._points[first].failing

    # ---- the decision -------------------------------------------------------------------------

    def _decision(self) -> Decision | None:
        tried = set()
        for draw in self._candidates():
            if draw in tried:
                continue
            tried.add(draw)
            others, avoiding = self._changes(draw)
            if avoiding:
                return Decision(
                    self._drawn[draw], self._points[draw], self._points[draw + 1], others, avoiding
                )
        return None

    def _candidates(self) -> Iterable[int]:
        """Draws that may have decided, the likeliest first."""
        halved = self._halved()
        said = [self._shape.at[i] for i in self._shape.edits]
        # Where the curve is steep; one leap may hide among many small rises.
        near = sorted(said, key=lambda draw: (-self._slope(draw), -draw))[:SAID_MAX]
        near = list(dict.fromkeys([halved, *near]))
        self._measure(sorted({*near, *(draw + 1 for draw in near)}))
        yield from sorted(near, key=lambda draw: (-self._weight(draw, draw in said), -draw))
        # The leap of other draws is not known; from the last on, the first that matters.
        others = [draw for draw in range(self._shape.draws - 1, -1, -1) if draw not in near]
        for draw in others[: 4 * SAID_MAX]:
            self._measure((draw, draw + 1))
            yield draw

    def _weight(self, draw: int, is_said: bool) -> float:
        """The leap of a draw; more where the recipe has to say the draw for the bug to happen."""
        return self._leap(draw, draw + 1) * (SAID_WEIGHT if is_said else 1.0)

    def _halved(self) -> int:
        """The draw that the largest leap of the curve comes down to."""
        draws = sorted(self._points)
        pairs = list(pairwise(draws))
        first, behind = max(pairs, key=lambda pair: (self._leap(*pair), pair))
        while behind - first > 1:
            middle = (first + behind) // 2
            self._measure((middle,))
            if self._leap(first, middle) > self._leap(middle, behind):
                behind = middle
            else:
                first = middle
        return first

    def _slope(self, draw: int) -> float:
        """How much likelier the bug gets between the known points around a draw."""
        before = max(point for point in self._points if point <= draw)
        behind = min(point for point in self._points if point > draw)
        return self._leap(before, behind) / (behind - before)

    def _changes(self, draw: int) -> tuple[int, int]:
        """How many other answers the draw is given, and how many of them avoid the bug."""
        answers = other_answers(self._drawn[draw])
        items = {self._shape.at[i]: i for i in self._shape.edits}
        said = self._shape.said
        tried = [
            said(items[draw], answer) if draw in items else self._shape.with_answer(draw, answer)
            for answer in answers
        ]
        found = self._judge.draws(tried)
        return len(answers), sum(answer is None for answer in found)

    # ---- what tells ---------------------------------------------------------------------------

    def _telling(self, decision: Decision | None) -> tuple[tuple[Telling, ...], int, int]:
        """Siblings part at the deciding draw, or behind it where all before it are alike."""
        middle = min(
            (point for point in self._points.values() if point.draw < self._shape.draws),
            key=lambda point: (abs(2 * point.failing - point.futures), point.draw),
        )
        parting = [middle.draw]
        if decision is not None:
            parting = [decision.before.draw, decision.behind.draw, middle.draw]
        failing: list[Recipe] = [self._shape.recipe]
        passing: list[Recipe] = []
        for draw in dict.fromkeys(parting):
            if draw >= self._shape.draws:
                continue
            futures = self.futures_from(draw)
            for future, answer in zip(futures, self._judge.draws(futures), strict=True):
                side = passing if answer is None else failing
                if len(side) < SIBLINGS:
                    side.append(future.recipe)
        seen = [(features_of(self._replay(recipe)), True) for recipe in failing]
        seen += [(features_of(self._replay(recipe)), False) for recipe in passing]
        return telling(seen), len(failing), len(passing)


def other_answers(draw: Draw) -> list[int]:
    """Answers that are another one for the target, at most ANSWERS_MAX of them."""
    if draw.said is not None:
        # Of a chance nobody knows where yes ends: the extremes say yes and no.
        return [draw.bound - 1 if draw.said else 0]
    largest = draw.bound - 1 if draw.bound else (1 << 64) - 1
    if largest < ANSWERS_MAX:
        return [value for value in range(largest + 1) if value != draw.value]
    near = {draw.value - 1, draw.value + 1, 0, 1, largest, largest // 2}
    return sorted(value for value in near if 0 <= value <= largest and value != draw.value)


def features_of(replay: Replay) -> frozenset[Feature]:
    """All that a timeline did."""
    found = {Feature(mark=i) for i, passes in enumerate(replay.passes) if passes}
    found |= {Feature(mark=i, is_failure=True) for i, n in enumerate(replay.failures) if n}
    for edge, bit in enumerate(replay.edges):
        if bit:
            found |= {Feature(edge=edge, least=n) for n in _CLASSES[: bit.bit_length()]}
    return frozenset(found)


def telling(seen: Sequence[tuple[frozenset[Feature], bool]]) -> tuple[Telling, ...]:
    """What tells timelines that fail (True) from those that do not, the best first.

    Features that the same timelines have are one; of an edge's counts the least is named.
    """
    failures = sum(is_failing for _, is_failing in seen)
    having: dict[Feature, int] = {}
    for number, (features, _) in enumerate(seen):
        for feature in features:
            having[feature] = having.get(feature, 0) | 1 << number
    failing = sum(1 << number for number, (_, is_failing) in enumerate(seen) if is_failing)
    alike: dict[int, list[Feature]] = {}
    for feature in sorted(having, key=_order):
        group = alike.setdefault(having[feature], [])
        if feature.edge is None or all(other.edge != feature.edge for other in group):
            group.append(feature)
    found = []
    for who, group in alike.items():
        with_it, failing_with = who.bit_count(), (who & failing).bit_count()
        one = Telling(
            tuple(group),
            failing_with,
            with_it,
            failures - failing_with,
            len(seen) - with_it,
        )
        if with_it < len(seen) and one.score > 0:
            found.append(one)
    found.sort(key=lambda one: (-one.score, -one.likelihood, _order(one.features[0])))
    return tuple(_varied(found)[:TELLING_MAX])


def _varied(found: Sequence[Telling]) -> list[Telling]:
    """Without what says the same of the same edges as better ones do, but of other counts."""
    said: set[tuple[bool, int | None, bool, int | None]] = set()
    kept = []
    for one in found:
        is_bad = one.likelihood > one.likelihood_without
        subjects = {(is_bad, f.mark, f.is_failure, f.edge) for f in one.features}
        if not subjects <= said:
            kept.append(one)
        said |= subjects
    return kept


def _order(feature: Feature) -> tuple[bool, int, bool, int]:
    """Marks first: they have words."""
    number = feature.mark if feature.mark is not None else feature.edge or 0
    return (feature.mark is None, number, feature.is_failure, feature.least)


def _seeds(n: int) -> list[int]:
    return [
        int.from_bytes(hashlib.blake2b(b"future %d" % i, digest_size=8).digest(), "little")
        for i in range(n)
    ]


def _reseeding(count: int, seed: int) -> bytes:
    return SEGMENT.pack(count, seed, SegmentKind.RESEED, 0)
