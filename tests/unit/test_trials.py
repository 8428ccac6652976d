from __future__ import annotations

import pytest
from support.draws import Simulation

from fuzzverse.buckets import Buckets
from fuzzverse.errors import EngineError
from fuzzverse.model import Recipe, Segment, SegmentKind, Target
from fuzzverse.shapes import Candidate, Shape, alone, explicit
from fuzzverse.symbolise import Places
from fuzzverse.trials import ORDERS_MAX, SEGMENTS_MAX, Budget, Oracle, Stopped

DRAWS = 60


def simulation() -> Simulation:
    return Simulation(lambda drawn: 11 if drawn[10] == 3 else None, DRAWS)


def unlimited(trials: int = 10**9) -> Budget:
    return Budget(trials, None, lambda: 0.0, lambda: False)


def buckets_of(target: Target) -> Buckets:
    return Buckets(target, Places(None, target))


def oracle_of(
    target: Target, trier: Simulation, limit: Budget | None = None, jobs: int = 1
) -> Oracle:
    buckets = buckets_of(target)
    bucket = buckets.bucket_of(trier.trial(0, 0, 11))
    return Oracle(buckets, bucket, trier, limit or unlimited(), jobs)


def said(value: int, draw: int = 10) -> Recipe:
    return explicit(1, None, [(draw, value)])


def test_answers_come_in_the_order_of_the_questions(target: Target) -> None:
    trier = simulation()
    oracle = oracle_of(target, trier)
    shape = Shape.of(said(3), 11)
    asked = [shape.said(1, value) for value in range(8)] + [alone(said(3)), alone(said(2))]
    assert oracle.draws(asked) == [None, None, None, 11, None, None, None, None, 11, None]


def test_nothing_is_asked_twice(target: Target) -> None:
    trier = simulation()
    oracle = oracle_of(target, trier)
    shape = Shape.of(explicit(1, None, [(4, 1), (10, 3)]), 11)
    # The same recipe, however it is parted.
    twice = [shape.said(2, 3), alone(shape.recipe), shape.unsaid([1]), alone(said(3))]
    assert oracle.draws(twice) == [11, 11, 11, 11]
    assert (trier.asked, oracle.trials) == (2, 2)
    assert oracle.draws(twice) == [11, 11, 11, 11]
    assert (trier.asked, oracle.remembered) == (2, 6)


def test_a_tape_and_its_root_are_two_recipes(target: Target) -> None:
    trier = simulation()
    oracle = oracle_of(target, trier)
    oracle.draws([alone(Recipe.of(9, tape=b"x")), alone(Recipe.of(9))])
    assert trier.asked == 2


@pytest.mark.parametrize("jobs", [1, 3])
def test_many_candidates_are_spread_over_jobs(target: Target, jobs: int) -> None:
    trier = simulation()
    oracle = oracle_of(target, trier, jobs=jobs)
    places = 3 * ORDERS_MAX
    long = explicit(1, None, [(draw, 1) for draw in range(1_000)])
    candidates: list[Candidate] = [alone(said(value % 8, value // 8)) for value in range(800)]
    candidates += [
        Candidate(1, None, b"", draw, explicit(2, None, [(draw, 1)]).path) for draw in range(places)
    ]
    candidates += [
        alone(Recipe.of(root, *long.segments)) for root in range(3 * SEGMENTS_MAX // 1_000)
    ]
    answers = oracle.draws(candidates)
    assert [i for i, draws in enumerate(answers) if draws is not None] == [83]
    assert oracle.trials == len({(one.root, one.recipe.path) for one in candidates})


def test_a_candidate_too_long_for_any_job_is_an_error(target: Target) -> None:
    segments = [Segment(i, 1, SegmentKind.ANSWER) for i in range(SEGMENTS_MAX + 1)]
    with pytest.raises(EngineError, match="more segments than a job holds"):
        oracle_of(target, simulation()).draws([alone(Recipe.of(1, *segments))])


def test_budgets_end_it(target: Target) -> None:
    now = 5.0
    asked = False
    budget = Budget(3, 7.0, lambda: now, lambda: asked)
    budget.check(2)
    with pytest.raises(Stopped, match="3 trials are spent"):
        budget.check(3)
    now = 7.0
    with pytest.raises(Stopped, match="time is up"):
        budget.check(0)
    asked = True
    with pytest.raises(Stopped, match="interrupted"):
        budget.check(0)
    oracle = oracle_of(target, simulation(), unlimited(4))
    assert oracle.draws([alone(said(value)) for value in range(4)]) == [None, None, None, 11]
    assert oracle.draws([alone(said(3))]) == [11]
    with pytest.raises(Stopped):
        oracle.draws([alone(said(4))])


def test_only_endings_of_the_bucket_count(target: Target) -> None:
    told: list[int] = []
    ending = simulation().trial(0, 0, 11)
    buckets = buckets_of(target)
    bucket = buckets.bucket_of(ending)
    right = Oracle(buckets, bucket, simulation(), unlimited(), moved=told.append)
    assert right.draws([alone(said(3))]) == [11]
    assert told == [1]
    wrong = Oracle(buckets, "another-bug-00000000", simulation(), unlimited())
    assert wrong.draws([alone(said(3))]) == [None]
    assert not wrong.is_same(ending)
