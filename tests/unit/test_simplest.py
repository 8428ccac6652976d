from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.draws import Simulation

from fuzzverse.model import Recipe, Segment, SegmentKind
from fuzzverse.shapes import Shape, alone, explicit
from fuzzverse.simplest import Simplest
from fuzzverse.trials import Stopped

DRAWS = 40


def always(drawn: Sequence[int]) -> int | None:
    return DRAWS


def simplest(recipe: Recipe, took: list[Shape]) -> Simplest:
    return Simplest(Simulation(always, DRAWS), Shape.of(recipe, DRAWS), took.append)


def in_segments(count: int) -> Recipe:
    """So many stretches, every second one plain."""
    kinds = [SegmentKind.PLAIN if i % 2 else SegmentKind.RESEED for i in range(1, count)]
    return Recipe.of(1, *(Segment(2, 0 if kind else i, kind) for i, kind in enumerate(kinds, 1)))


def test_few_segments_rank_before_few_draws_of_luck() -> None:
    took: list[Shape] = []
    one = simplest(Recipe.of(1), took)
    assert not one.take(alone(in_segments(7)))
    assert one.take(alone(in_segments(5)))
    assert [shape.segment_count for shape in took] == [1, 5]


def test_what_is_written_down_ranks_first() -> None:
    one = simplest(Recipe.of(1), [])
    said = explicit(1, None, [(i, 1) for i in range(DRAWS)])
    assert one.take(alone(said))
    assert not one.take(alone(Recipe.of(1, Segment(1, 0, SegmentKind.PLAIN))))


def test_a_venture_into_many_segments_is_forgotten() -> None:
    took: list[Shape] = []
    one = simplest(Recipe.of(1), took)
    ways: list[bool] = []
    one.venture(lambda: ways.append(one.take(alone(in_segments(9)))), 1_000)
    assert ways == [True]
    assert one.best.recipe == Recipe.of(1)
    assert all(shape.recipe == Recipe.of(1) for shape in took)


def test_a_venture_that_ends_written_down_is_taken() -> None:
    took: list[Shape] = []
    one = simplest(Recipe.of(1), took)

    def there() -> None:
        assert one.take(alone(in_segments(9)))
        assert one.take(alone(explicit(1, None, [(3, 1)])))

    one.venture(there, 1_000)
    assert one.best.is_explicit
    assert took[-1] == one.best
    assert not any(shape.segment_count > 1 for shape in took)


def test_a_venture_ends_when_its_draws_are_spent() -> None:
    one = simplest(Recipe.of(1), [])
    tried = 0

    def forever() -> None:
        nonlocal tried
        while True:
            one.take(alone(Recipe.of(2)))
            tried += 1

    one.venture(forever, 5 * DRAWS)
    assert tried == 6
    assert one.best.recipe == Recipe.of(1)
    assert one.take(alone(in_segments(3)))


def test_being_stopped_on_a_venture_keeps_what_ranks_first() -> None:
    one = simplest(Recipe.of(1), [])

    def stopped() -> None:
        assert one.take(alone(in_segments(9)))
        raise Stopped("interrupted")

    with pytest.raises(Stopped):
        one.venture(stopped, 1_000)
    assert one.best.recipe == Recipe.of(1)


def test_the_simplest_of_several_is_taken_and_the_first_of_equals() -> None:
    one = simplest(Recipe.of(9), [])
    assert not one.take_simplest([])
    assert not one.take_simplest([alone(in_segments(9))])
    tails = [Recipe.of(9, Segment(at, seed, SegmentKind.PLAIN)) for at, seed in ((20, 0), (10, 0))]
    assert one.take_simplest([alone(tail) for tail in tails])
    assert one.best.recipe == tails[1]


def test_groups_go_that_go_together() -> None:
    def one_of_two(drawn: Sequence[int]) -> int | None:
        return DRAWS if drawn[5] > 0 or drawn[6] > 0 else None

    said = [(i, 2) for i in range(4, 10)]
    simulation = Simulation(one_of_two, DRAWS)
    shape = Shape.of(explicit(1, None, said), DRAWS)
    one = Simplest(simulation, shape, lambda shape: None)
    assert one.take_unsaid([(4, 5), (6, 8), (7, 9)])
    assert [one.best.at[i] for i in one.best.edits] in ([5, 4], [4, 5], [6, 8])
    assert not one.take_unsaid([(4, 5, 6, 7, 8, 9)])
