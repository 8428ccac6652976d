"""Passes that make recipes simpler which follow seeds, and write them down when they can.

A recipe out of a search follows seeds. When few of its draws are not plain, they are written down
one by one, and from then on no luck is in the recipe: `0@plain -> 12=3` says that draw 12 is 3 and
all others are as simple as can be. One of many draws is first made one of few segments. Then spans
of draws are deleted or made plain, large ones before small ones (Zeller and Hildebrandt,
"Simplifying and isolating failure-inducing input", 2002). That cuts it up, but may leave few enough
draws to be written down; where it does not, the recipe of few segments is what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from fuzzverse.model import SEGMENT, Recipe, SegmentKind
from fuzzverse.shapes import SEGMENTS_MAX, STRETCHES_FEW, Candidate, Span, alone, explicit
from fuzzverse.simplest import SPAN_SMALL, Simplest
from fuzzverse.trace import Draw

EXPLICIT_MAX: Final = 1_000  # draws written down one by one
REROLL_POINTS: Final = 16  # draws from which on other luck is tried
REROLL_SEEDS: Final = 16
SHORT_MAX: Final = 512  # draws of a stretch that are said one by one
COARSE: Final = (2, 4, 8, 16, 32, 64)  # parts that a recipe is cut into where it keeps its luck
VENTURE_DRAWS: Final = 1 << 26  # that it may cost to find out that too many draws matter


class Luck:
    """Cuts what follows seeds, until it can be written down.

    Args:
        simplest: the recipe.
        trace: the draws of a recipe's timeline.
    """

    def __init__(self, simplest: Simplest, trace: Callable[[Recipe], Sequence[Draw]]) -> None:
        self._simplest = simplest
        self._trace = trace
        self._is_ventured = False

    def round(self) -> None:
        """Every pass once, until no luck is left."""
        for one in (self._write_down, self._make_few_segments, self._write_down, self._venture):
            if not self._simplest.best.is_explicit:
                one()
        if not self._simplest.best.is_explicit:
            self._say_short_stretches()

    def _make_few_segments(self) -> None:
        self._drop_tape()
        self._reroll()
        self._replace_stretches()
        self._cut_coarsely()

    def _venture(self) -> None:
        """Cuts what keeps its luck into many segments, once, in case that lets it be written
        down."""
        if not self._is_ventured:
            self._is_ventured = True
            self._simplest.venture(self._cut_to_be_written, VENTURE_DRAWS)

    def _cut_to_be_written(self) -> None:
        """Cuts a recipe up, until few enough draws follow a seed."""
        self._reroll()
        self._cut(is_filled=False)
        self._write_down()
        if not self._simplest.best.is_explicit:
            self._cut(is_filled=True)
            self._drop_stretches()
            self._write_down()

    def _drop_tape(self) -> None:
        best = self._simplest.best.recipe
        if best.tape is not None:
            self._simplest.take(alone(Recipe(best.root, best.path)))

    def _reroll(self) -> None:
        """Lets other luck in from some draw on, or from the first."""
        while self._simplest.take_simplest(list(self._rerolled())):
            pass

    def _rerolled(self) -> Iterable[Candidate]:
        shape = self._simplest.best
        yield from (alone(Recipe(seed, b"")) for seed in range(REROLL_SEEDS))
        step = max(1, shape.draws // REROLL_POINTS)
        for draw in range(step, shape.draws, step):
            prefix, count = shape.prefix(draw)
            if len(prefix) >= SEGMENTS_MAX * SEGMENT.size:
                return
            for seed in range(REROLL_SEEDS):
                tail = SEGMENT.pack(count, seed, SegmentKind.RESEED, 0)
                yield Candidate(shape.recipe.root, shape.recipe.tape, prefix, count, tail)

    def _replace_stretches(self) -> None:
        """Deletes stretches, makes them plain, or lets one small seed drive several: many in a row
        at once, then fewer; the last first, so that those before keep their numbers."""
        size = len(self._simplest.best.stretches)
        while size > 0:
            for first in range(len(self._simplest.best.stretches) - size, -1, -size):
                if first + size <= len(self._simplest.best.stretches):
                    self._simplest.take_first(self._without_stretches(first, first + size))
            size //= 2

    def _without_stretches(self, first: int, behind: int) -> list[Candidate | None]:
        shape = self._simplest.best
        start, end = shape.stretches[first].at, shape.ends()[behind - 1]
        if start == end:
            return []
        found = [shape.without(start, end, 0), shape.without(start, end, end - start)]
        if behind - first > 1:
            found += [shape.reseeded(first, behind, seed) for seed in range(REROLL_SEEDS)]
        return found

    def _cut_coarsely(self) -> None:
        """Deletes large spans, or makes them plain, as far as that leaves few segments."""
        for is_filled in (False, True):
            for parts in COARSE:
                size = max(1, self._simplest.best.draws // parts)
                for phase in dict.fromkeys((0, size // 2)):
                    self._simplest.take_spans(list(self._spans(size, phase, is_filled)))

    def _cut(self, *, is_filled: bool) -> None:
        """Deletes spans of draws, or makes them plain: halves, quarters, down to single draws.

        Short ones are only made plain, until few draws are left that are not: what is written down
        is deleted sooner.
        """
        size = max(1, self._simplest.best.draws // 2)
        while is_filled or size > SPAN_SMALL:
            if is_filled and len(self._simplest.best.items) > SEGMENTS_MAX - SPAN_SMALL:
                return  # what is cut up further could not be written
            phases = range(size) if size <= SPAN_SMALL else (0, size // 2)
            for phase in phases:
                self._simplest.take_spans(list(self._spans(size, phase, is_filled)))
            if size == 1 or (is_filled and self._few()):
                return
            size = size - 1 if size <= SPAN_SMALL else min(size, self._simplest.best.draws) // 2

    def _spans(self, size: int, phase: int, is_filled: bool) -> Iterable[Span]:
        draws = self._simplest.best.draws
        for first in range(phase, draws, size):
            behind = min(first + size, draws)
            yield (first, behind, behind - first if is_filled else 0)

    def _few(self) -> bool:
        return self._simplest.best.key[0] <= EXPLICIT_MAX // 2

    def _drop_stretches(self) -> None:
        """Lets each stretch go on where the next would begin."""
        for number in range(len(self._simplest.best.stretches) - 1, 0, -1):
            shape = self._simplest.best
            if number < len(shape.stretches):
                self._simplest.take(shape.joined(number))

    def _say_short_stretches(self) -> None:
        """Says every draw of short stretches, the shortest first, until few stretches are left: the
        one before goes on around them."""
        while self._simplest.best.segment_count > STRETCHES_FEW:
            shape = self._simplest.best
            ends, drawn = shape.ends(), self._drawn()
            lengths = [end - one.at for one, end in zip(shape.stretches, ends, strict=True)]
            number = min(range(1, len(lengths)), key=lambda i: (lengths[i], -i))
            if lengths[number] > SHORT_MAX or len(shape.items) + lengths[number] > SEGMENTS_MAX:
                return
            said = [(draw.number, draw.value) for draw in drawn[ends[number - 1] : ends[number]]]
            if not self._simplest.take(shape.absorbed(number, said)):
                return

    def _said(self) -> list[tuple[int, int]]:
        """Draw and value of all that are not plain."""
        return [(draw.number, draw.value) for draw in self._drawn() if not draw.is_plain]

    def _drawn(self) -> Sequence[Draw]:
        return self._trace(self._simplest.best.recipe)[: self._simplest.best.draws]

    def _write_down(self) -> None:
        """Says every draw that is not plain, if they are few: no seed is left."""
        recipe = self._simplest.best.recipe
        said = self._said()
        if len(said) > EXPLICIT_MAX:
            return
        for tape in dict.fromkeys((None, recipe.tape)):
            if self._simplest.take(alone(explicit(recipe.root, tape, said))):
                return
