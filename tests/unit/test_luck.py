from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from support.draws import Bug, Simulation, values

from fuzzverse import luck
from fuzzverse.luck import Luck
from fuzzverse.model import Recipe, Segment
from fuzzverse.shapes import STRETCHES_FEW, Shape
from fuzzverse.simplest import Simplest

DRAWS = 200
EIGHT = Recipe.of(1, *(Segment(count, 2 + i) for i, count in enumerate((60, 50, 3, 40, 2, 20, 4))))


def of(recipe: Recipe, bug: Bug) -> tuple[Luck, Simplest, Simulation]:
    simulation = Simulation(bug, DRAWS)
    draws = simulation.shows(recipe)
    assert draws is not None
    simplest = Simplest(simulation, Shape.of(recipe, draws), lambda shape: None)
    return Luck(simplest, simulation.trace), simplest, simulation


def same_as(recipe: Recipe) -> Callable[[Sequence[int]], int | None]:
    """Every draw matters."""
    wanted = values(recipe, DRAWS, 8)
    return lambda drawn: DRAWS if list(drawn) == wanted else None


@pytest.fixture(autouse=True)
def few_are_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(luck, "EXPLICIT_MAX", 20)


def test_of_draws_that_all_matter_short_stretches_are_said() -> None:
    passes, simplest, _ = of(EIGHT, same_as(EIGHT))
    passes.round()
    assert simplest.best.segment_count == STRETCHES_FEW
    assert len(simplest.best.edits) == 3 + 2 + 4
    assert values(simplest.best.recipe, DRAWS, 8) == values(EIGHT, DRAWS, 8)


def test_long_stretches_are_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(luck, "SHORT_MAX", 2)
    passes, simplest, _ = of(EIGHT, same_as(EIGHT))
    passes.round()
    assert simplest.best.segment_count == 7
    assert len(simplest.best.edits) == 2


def test_what_only_needs_time_to_pass_follows_one_seed() -> None:
    def enough(drawn: Sequence[int]) -> int | None:
        total = 0
        for i, value in enumerate(drawn):
            total += value
            if total >= 400:
                return i + 1
        return None

    passes, simplest, simulation = of(EIGHT, enough)
    passes.round()
    assert simplest.best.segment_count <= STRETCHES_FEW
    assert simplest.best.draws <= simulation.shows(EIGHT)  # type: ignore[operator]


def test_stretches_that_do_not_matter_go() -> None:
    wanted = values(EIGHT, DRAWS, 8)

    def last(drawn: Sequence[int]) -> int | None:
        """The last forty draws, wherever they are."""
        for at in range(len(drawn) - 40 + 1):
            if list(drawn[at : at + 40]) == wanted[-40:]:
                return at + 40
        return None

    passes, simplest, _ = of(EIGHT, last)
    passes.round()
    assert simplest.best.draws < DRAWS // 2
    assert simplest.best.segment_count <= STRETCHES_FEW


def test_what_a_venture_does_not_write_down_is_not_cut_up_again() -> None:
    passes, simplest, simulation = of(EIGHT, same_as(EIGHT))
    passes.round()
    kept, first = simplest.best, simulation.asked
    passes.round()
    assert simplest.best == kept
    assert simulation.asked - first < first // 2


def test_few_draws_of_many_are_written_down_at_last() -> None:
    wanted = values(EIGHT, DRAWS, 8)
    spots = range(5, DRAWS, 19)

    def some(drawn: Sequence[int]) -> int | None:
        return DRAWS if all(drawn[i] == wanted[i] for i in spots) else None

    passes, simplest, _ = of(EIGHT, some)
    passes.round()
    assert simplest.best.is_explicit
