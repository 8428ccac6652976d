"""The simplest recipe so far that shows a bug, and what may take its place.

Passes propose candidates; those that still show the bug, and are simpler, are taken. Simpler is as
`Shape.rank` says, except on a venture: that goes by `Shape.key`, through recipes of many segments,
and counts only if it comes to something simpler for all that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from fuzzverse.shapes import Candidate, Key, Shape, Span

SPAN_SMALL: Final = 16  # spans up to this long are tried at every draw
# Simpler recipes may have more draws: so many times, and so many more. Past that, time probably
# stands still, as where all delays are plain.
GROWTH: Final = 2
GROWTH_DRAWS: Final = 200


class Judge(Protocol):
    """Says of candidates whether they show the bug; a `trials.Oracle` is one."""

    def within(self, draws_max: int) -> None:
        """From now on, timelines that draw more often need not be said to show it."""

    def draws(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """Of each, how many draws there were before the bug; None: it does not show it."""


class _SpentError(Exception):
    """A venture has had all the draws that it may cost."""


class Simplest:
    """Keeps the simplest recipe.

    Args:
        judge: says what shows the bug.
        shape: the recipe to begin with, which does.
        took: is told of every simpler recipe.
    """

    def __init__(self, judge: Judge, shape: Shape, took: Callable[[Shape], None]) -> None:
        self._judge = judge
        self._took = took
        self.best = shape
        self._venture: int | None = None  # draws that are left to the one under way
        self.keep(shape)

    def keep(self, shape: Shape) -> None:
        """Takes a shape that shows the bug."""
        self.best = shape
        if self._venture is None:
            self._took(shape)
        self._judge.within(GROWTH * shape.draws + GROWTH_DRAWS)

    def draws(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """As of the judge."""
        if self._venture is not None:
            if self._venture < 0:
                raise _SpentError
            self._venture -= len(candidates) * self.best.draws
        return self._judge.draws(candidates)

    def venture(self, passes: Callable[[], None], draws_max: int) -> None:
        """Runs passes that go by `Shape.key`; where they end is taken if it ranks before the best.

        They are ended when their candidates, each as long as the best, have drawn so often.
        """
        start = self.best
        self._venture = draws_max
        try:
            passes()
        except _SpentError:
            pass
        finally:
            self._venture = None
            self.keep(min(start, self.best, key=lambda shape: shape.rank))

    def good(self, candidates: Sequence[Candidate | None]) -> list[bool]:
        """Which of them show the bug and are simpler than the best."""
        tried = [candidate for candidate in candidates if candidate is not None]
        answers = iter(self.draws(tried))
        return [
            candidate is not None and self._is_simpler(candidate, next(answers))
            for candidate in candidates
        ]

    def _is_simpler(self, candidate: Candidate, draws: int | None) -> bool:
        if draws is None:
            return False
        return self._order(Shape.of(candidate.recipe, draws)) < self._order(self.best)

    def _order(self, shape: Shape) -> tuple[bool, int, Key]:
        return shape.rank if self._venture is None else (False, 0, shape.key)

    def take(self, candidate: Candidate | None) -> bool:
        """Takes a candidate if it is good."""
        if candidate is None:
            return False
        (draws,) = self.draws([candidate])
        if not self._is_simpler(candidate, draws):
            return False
        assert draws is not None
        self.keep(Shape.of(candidate.recipe, draws))
        return True

    def take_first(self, candidates: Sequence[Candidate | None]) -> bool:
        """Takes the first good one."""
        for candidate, is_good in zip(candidates, self.good(candidates), strict=True):
            if is_good:
                return self.take(candidate)
        return False

    def take_simplest(self, candidates: Sequence[Candidate]) -> bool:
        """Takes the simplest of the good; of equals, the first."""
        found = zip(candidates, self.draws(candidates), strict=True)
        shapes = [Shape.of(one.recipe, draws) for one, draws in found if draws is not None]
        if not shapes:
            return False
        simplest = min(shapes, key=self._order)
        if self._order(simplest) >= self._order(self.best):
            return False
        self.keep(simplest)
        return True

    def take_unsaid(self, groups: Sequence[Sequence[int]]) -> bool:
        """Makes as many of these groups of said draws plain as go together; returns whether any.

        Each is tried alone first; then all that are good at once, and where that is too much,
        halves of them.
        """
        good = self.good([self._unsaid([group]) for group in groups])
        chosen = [group for group, is_good in zip(groups, good, strict=True) if is_good]
        return bool(chosen) and self._take_unsaid(chosen)

    def _take_unsaid(self, groups: Sequence[Sequence[int]]) -> bool:
        if self.take(self._unsaid(groups)):
            return True
        if len(groups) == 1:
            return False
        middle = len(groups) // 2
        is_first_taken = self._take_unsaid(groups[:middle])
        return self._take_unsaid(groups[middle:]) or is_first_taken

    def _unsaid(self, groups: Sequence[Sequence[int]]) -> Candidate | None:
        draws = {draw for group in groups for draw in group}
        items = [item for item in self.best.edits if self.best.at[item] in draws]
        return self.best.unsaid(items) if items else None

    def take_spans(self, spans: Sequence[Span]) -> int:
        """Takes as many of these spans, which do not overlap, as go together; in order of draws.

        Each is tried alone first; then all that are good at once, and where that is too much,
        halves of them.
        """
        base = self.best
        good = self.good([base.without(*span) for span in spans])
        chosen = [span for span, is_good in zip(spans, good, strict=True) if is_good]
        return self._take_together(chosen) if chosen else 0

    def _take_together(self, spans: Sequence[Span]) -> int:
        recipe = self.best.spliced(spans)
        if recipe is not None and self.take(self.best.candidate(recipe, spans[0][0])):
            return len(spans)
        if len(spans) == 1:
            return 0
        middle = len(spans) // 2
        # The later half first: the earlier keeps its numbers.
        later = self._take_together(spans[middle:])
        return later + self._take_together(spans[:middle])
