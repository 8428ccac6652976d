from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.draws import Bug, Simulation, values

from fuzzverse import luck
from fuzzverse.model import Recipe, Segment, SegmentKind
from fuzzverse.shapes import Candidate, Shape
from fuzzverse.shrink import NotReproducedError, Shrinker
from fuzzverse.trials import Stopped

DRAWS = 60
TAPE = Recipe.of(5, Segment(20, 9), tape=b"\x07\x07\x07")


def three_of_sixty(drawn: Sequence[int]) -> int | None:
    """Draws 10, 30 and 50 have to be large enough."""
    return 51 if drawn[10] >= 3 and drawn[30] >= 5 and drawn[50] >= 1 else None


def sum_of_a_walk(drawn: Sequence[int]) -> int | None:
    """Steps to one side or the other; the bug is twelve steps to the right."""
    at = 0
    for i, value in enumerate(drawn):
        at += (value > 3) - (value in (1, 2))
        if at == 12:
            return i + 1
    return None


def start(bug: Bug, draws: int, tries: int = 20_000) -> Recipe:
    """The first root that shows it."""
    return next(r for r in map(Recipe.of, range(1, tries)) if bug(values(r, draws, 8)) is not None)


def shrunk(recipe: Recipe, bug: Bug, draws: int = DRAWS) -> tuple[Shape, Simulation]:
    simulation = Simulation(bug, draws)
    result = Shrinker(simulation, simulation.trace).run(recipe)
    assert result.stopped == ""
    assert simulation.shows(result.shape.recipe) == result.shape.draws
    return result.shape, simulation


def said(shape: Shape) -> list[tuple[int, int]]:
    assert shape.is_explicit
    return [(shape.items[i].at, shape.items[i].seed) for i in shape.edits]


def test_three_of_sixty_draws_are_left_at_their_least() -> None:
    shape, _ = shrunk(start(three_of_sixty, DRAWS), three_of_sixty)
    assert said(shape) == [(10, 3), (30, 5), (50, 1)]
    assert (shape.segment_count, shape.recipe.root) == (1, 0)


def test_loops_are_cut_out_of_a_walk() -> None:
    shape, _ = shrunk(start(sum_of_a_walk, 200), sum_of_a_walk, 200)
    assert said(shape) == [(i, 4) for i in range(12)]


def test_a_walk_too_long_to_be_written_down_is_cut_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(luck, "EXPLICIT_MAX", 20)
    recipe = start(sum_of_a_walk, 200)
    assert sum(value > 0 for value in values(recipe, 200, 8)) > 40
    shape, _ = shrunk(recipe, sum_of_a_walk, 200)
    assert said(shape) == [(i, 4) for i in range(12)]


def test_what_needs_luck_all_along_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many draws to write down: two seeds, and a stretch between them that may be plain."""
    monkeypatch.setattr(luck, "EXPLICIT_MAX", 20)
    recipe = Recipe.of(1, Segment(30, 2), Segment(10, 3))
    wanted = values(recipe, 70, 8)

    def all_along(drawn: Sequence[int]) -> int | None:
        is_same = drawn[:30] == wanted[:30] and drawn[40:] == wanted[40:]
        return 70 if is_same else None

    shape, simulation = shrunk(recipe, all_along, 70)
    assert not shape.is_explicit
    assert values(shape.recipe, 70, 8)[30:40] == [0] * 10
    assert simulation.shows(shape.recipe) == 70


def test_two_that_only_go_together_go_together() -> None:
    def both_or_none(drawn: Sequence[int]) -> int | None:
        return 40 if (drawn[5] > 0) == (drawn[25] > 0) and drawn[39] == 7 else None

    shape, _ = shrunk(start(both_or_none, DRAWS), both_or_none)
    assert said(shape) == [(39, 7)]


def test_one_draw_takes_the_place_of_two() -> None:
    def two_or_one(drawn: Sequence[int]) -> int | None:
        return 20 if (drawn[10] == 6 and drawn[14] == 6) or drawn[12] == 1 else None

    recipe = Recipe.of(
        1,
        Segment(0, 0, SegmentKind.PLAIN),
        Segment(10, 6, SegmentKind.ANSWER),
        Segment(14, 6, SegmentKind.ANSWER),
    )
    shape, _ = shrunk(recipe, two_or_one)
    assert said(shape) == [(12, 1)]


def test_the_same_every_time() -> None:
    recipe = start(sum_of_a_walk, 200)
    first, second = (shrunk(recipe, sum_of_a_walk, 200)[1].order for _ in range(2))
    assert first == second


def test_a_tape_goes_when_it_is_not_needed() -> None:
    shape, _ = shrunk(TAPE, lambda drawn: 30, DRAWS)
    assert shape.recipe.tape is None
    assert said(shape) == []


def test_what_does_not_show_the_bug_is_told() -> None:
    simulation = Simulation(lambda drawn: None, DRAWS)
    with pytest.raises(NotReproducedError):
        Shrinker(simulation, simulation.trace).run(Recipe.of(1))


class Impatient(Simulation):
    """Has enough after a while."""

    patience = 0

    def draws(self, candidates: Sequence[Candidate]) -> list[int | None]:
        if self.asked + len(candidates) > self.patience:
            raise Stopped("interrupted")
        return super().draws(candidates)


def test_stopping_keeps_the_best_so_far() -> None:
    recipe = start(three_of_sixty, DRAWS)
    simulation = Impatient(three_of_sixty, DRAWS)
    sizes = []
    for simulation.patience in (2, 40, 80, 10_000):
        simulation.asked = 0
        took: list[Shape] = []
        result = Shrinker(simulation, simulation.trace, took.append).run(recipe)
        assert result.stopped == ("" if simulation.patience == 10_000 else "interrupted")
        assert took[-1] == result.shape
        assert [shape.key for shape in took] == sorted((s.key for s in took), reverse=True)
        sizes.append(len(result.shape.edits))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 3
