"""Makes a recipe small, as Hypothesis makes the choices behind a failing test small.

Every pass proposes candidates; those that still show the bug, and are simpler, are taken. Simpler
means written down before following seeds; of what follows seeds, few segments; then fewer draws
that are not plain, fewer draws, fewer items, smaller answers (shortlex; MacIver and Donaldson,
"Test-case reduction via test-case generation", 2020). Passes are repeated until none finds
anything: the result is irreducible by any of them.

A recipe out of a search follows seeds: `luck.py` cuts it and writes it down. What is written down,
`edits.py` makes less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fuzzverse.edits import Edits
from fuzzverse.luck import Luck
from fuzzverse.model import Recipe
from fuzzverse.shapes import Shape, alone
from fuzzverse.simplest import Judge, Simplest
from fuzzverse.trace import Draw
from fuzzverse.trials import Stopped

ROUNDS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What came of it; `draws_before` is how many draws the recipe as given has before the bug.
    `stopped` says why passes were left out; "": none was, the recipe is irreducible by them."""

    shape: Shape
    draws_before: int
    stopped: str


class NotReproducedError(Exception):
    """The recipe to start from does not show the bug."""


class Shrinker:
    """Shrinks one recipe.

    Args:
        judge: says what shows the bug.
        trace: the draws of a recipe's timeline.
        took: is told of every simpler recipe.
    """

    def __init__(
        self,
        judge: Judge,
        trace: Callable[[Recipe], Sequence[Draw]],
        took: Callable[[Shape], None] = lambda shape: None,
    ) -> None:
        self._judge = judge
        self._trace = trace
        self._took = took

    def run(self, recipe: Recipe) -> Shrunk:
        """Shrinks until nothing helps or the judge says stop.

        Raises:
            NotReproducedError: the recipe does not show the bug.
        """
        (draws,) = self._judge.draws([alone(recipe)])
        if draws is None:
            raise NotReproducedError
        simplest = Simplest(self._judge, Shape.of(recipe, draws), self._took)
        trace = lru_cache(maxsize=1)(self._trace)
        luck = Luck(simplest, trace)
        edits = Edits(simplest, trace)
        try:
            for _ in range(ROUNDS_MAX):
                before = simplest.best.rank
                luck.round()
                edits.round()
                if simplest.best.rank == before:
                    return Shrunk(simplest.best, draws, "")
        except Stopped as stopped:
            return Shrunk(simplest.best, draws, str(stopped))
        return Shrunk(simplest.best, draws, f"{ROUNDS_MAX} rounds")
