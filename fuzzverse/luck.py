"""Passes that make recipes simpler which follow seeds, and write them down when they can.

A recipe out of a search follows seeds. It is cut: spans of draws are deleted or made plain, large
ones before small ones (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input",
2002). When few draws are left that are not plain, they are written down one by one, and from then
on no luck is in the recipe: `0@plain -> 12=3` says that draw 12 is 3 and all others are as simple
as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from fuzzverse.model import SEGMENT, Recipe, SegmentKind
from fuzzverse.shapes import SEGMENTS_MAX, Candidate, Span, alone, explicit
from fuzzverse.simplest import SPAN_SMALL, Simplest
from fuzzverse.trace import Draw

EXPLICIT_MAX: Final = 1_000  # draws written down one by one
REROLL_POINTS: Final = 16  # draws from which on other luck is tried
REROLL_SEEDS: Final = 16


class Luck:
    """Cuts what follows seeds, until it can be written down.

    Args:
        simplest: the recipe.
        trace: the draws of a recipe's timeline.
    """

    def __init__(self, simplest: Simplest, trace: Callable[[Recipe], Sequence[Draw]]) -> None:
        self._simplest = simplest
        self._trace = trace

    def round(self) -> None:
        """Every pass once, until no luck is left."""
        if not self._simplest.best.is_explicit:
            self._write_down()
        if not self._simplest.best.is_explicit:
            self._drop_tape()
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
        """Lets other luck in from some draws on, as long as it is over sooner."""
        draws_before = self._simplest.best.draws + 1
        while self._simplest.best.draws < draws_before:
            shape = self._simplest.best
            draws_before = shape.draws
            step = max(1, shape.draws // REROLL_POINTS)
            tried = []
            for draw in range(step, shape.draws, step):
                prefix, count = shape.prefix(draw)
                if len(prefix) >= SEGMENTS_MAX * SEGMENT.size:
                    break
                for seed in range(REROLL_SEEDS):
                    tail = SEGMENT.pack(count, seed, SegmentKind.RESEED, 0)
                    tried.append(
                        Candidate(shape.recipe.root, shape.recipe.tape, prefix, count, tail)
                    )
            found = zip(self._simplest.draws(tried), range(len(tried)), strict=True)
            sooner = sorted((draws, i) for draws, i in found if draws is not None)
            if sooner:
                self._simplest.take(tried[sooner[0][1]])

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

    def _write_down(self) -> None:
        """Says every draw that is not plain, if they are few: no seed is left."""
        recipe = self._simplest.best.recipe
        draws = self._trace(recipe)[: self._simplest.best.draws]
        said = [(draw.number, draw.value) for draw in draws if not draw.is_plain]
        if len(said) > EXPLICIT_MAX:
            return
        for tape in dict.fromkeys((None, recipe.tape)):
            if self._simplest.take(alone(explicit(recipe.root, tape, said))):
                return
