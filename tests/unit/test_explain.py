from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from support.draws import Simulation, values

from fuzzverse.explain import (
    Decision,
    Explainer,
    Explanation,
    Feature,
    Telling,
    features_of,
    other_answers,
    telling,
)
from fuzzverse.model import Recipe, Replay, Segment, SegmentKind, Verdict
from fuzzverse.shapes import Shape, explicit
from fuzzverse.trace import Draw

DRAWS = 60
MakeReplay = Callable[..., Replay]


def late(drawn: Sequence[int]) -> int | None:
    """Draw 40 decides all but alone."""
    return 55 if drawn[40] == 7 and drawn[50] != 3 else None


def gradual(drawn: Sequence[int]) -> int | None:
    """Whatever is drawn, as long as it is not much: no single draw decides."""
    return DRAWS if sum(drawn) < 2_000 else None


class Explained:
    """A simulation, and replays of it whose marks and edges say what was drawn."""

    def __init__(self, bug: Callable[[Sequence[int]], int | None], make_replay: MakeReplay) -> None:
        self.simulation = Simulation(bug, DRAWS)
        self._make_replay = make_replay
        self.replays = 0

    def replay(self, recipe: Recipe) -> Replay:
        self.replays += 1
        drawn = values(recipe, DRAWS, 8)
        is_bug = self.simulation.shows(recipe) is not None
        return self._make_replay(
            verdict=Verdict.ASSERTION if is_bug else Verdict.OK,
            passes=(1, int(drawn[40] == 7)),
            failures=(0, int(drawn[40] != 7)),
            edges=bytes((1, 1 << (drawn[40] // 2), 0)),
        )

    def run(self, recipe: Recipe) -> Explanation:
        draws = self.simulation.shows(recipe)
        assert draws is not None
        shape = Shape.of(recipe, draws)
        drawn = self.simulation.trace(recipe)
        return Explainer(self.simulation, shape, drawn, self.replay, futures=400).run()


def test_the_draw_that_decides_is_found(make_replay: MakeReplay) -> None:
    explained = Explained(late, make_replay)
    told = explained.run(explicit(9, None, [(40, 7)]))
    decided = told.decision
    assert decided is not None
    assert decided.draw == Draw(40, "below", 7, 8, None, ())
    assert (decided.others, decided.avoiding) == (7, 7)
    assert 0.05 < decided.before.likelihood < 0.2
    assert 0.8 < decided.behind.likelihood < 0.95
    assert told.curve[0].draw == 0
    assert (told.curve[-1].draw, told.curve[-1].likelihood) == (55, 1.0)
    assert [p.draw for p in told.curve] == sorted(p.draw for p in told.curve)


def test_what_failing_siblings_do_is_found(make_replay: MakeReplay) -> None:
    told = Explained(late, make_replay).run(explicit(9, None, [(40, 7)]))
    assert (told.failing, told.passing) == (64, 64)
    first, second = told.telling[:2]
    both = {first.features, second.features}
    assert (Feature(mark=1),) in both
    assert (Feature(mark=1, is_failure=True),) in both
    assert first.likelihood > 0.6
    assert first.likelihood_without < 0.1
    assert all(f.mark != 0 for one in told.telling for f in one.features)


def test_a_recipe_that_follows_seeds_is_explained_too(make_replay: MakeReplay) -> None:
    recipe = next(
        r for r in (Recipe.of(1, Segment(20, s)) for s in range(1, 999))
        if late(values(r, DRAWS, 8)) is not None
    )  # fmt: skip
    told = Explained(late, make_replay).run(recipe)
    assert told.decision is not None
    assert told.decision.draw.number == 40


def test_where_no_draw_decides_none_is_named(make_replay: MakeReplay) -> None:
    told = Explained(gradual, make_replay).run(Recipe.of(1))
    assert told.decision is None
    assert told.passing == 0
    assert told.telling == ()


def test_a_leap_of_a_draw_that_does_not_matter_gives_way(make_replay: MakeReplay) -> None:
    def either(drawn: Sequence[int]) -> int | None:
        """Draws 10 and 20 do the same, so changing the first avoids nothing; draw 30 has to be."""
        return 31 if (drawn[10] == 7 or drawn[20] == 7) and drawn[30] > 1 else None

    told = Explained(either, make_replay).run(explicit(9, None, [(10, 7), (20, 7), (30, 2)]))
    assert isinstance(told.decision, Decision)
    assert told.decision.draw.number == 30


def test_the_same_every_time(make_replay: MakeReplay) -> None:
    recipe = explicit(9, None, [(40, 7)])
    assert Explained(late, make_replay).run(recipe) == Explained(late, make_replay).run(recipe)


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (Draw(0, "move", 2, 4, None, ()), [0, 1, 3]),
        (Draw(0, "chance", 5, 100, True, ()), [99]),
        (Draw(0, "chance", 50, 100, False, ()), [0]),
        (Draw(0, "below", 500, 1_000, None, ()), [0, 1, 499, 501, 999]),
        (Draw(0, "u64", 0, 0, None, ()), [1, 2**63 - 1, 2**64 - 1]),
        (Draw(0, "below", 0, 1, None, ()), []),
    ],
)
def test_other_answers_are_others(draw: Draw, expected: list[int]) -> None:
    assert other_answers(draw) == expected


def test_features_are_marks_and_counts_of_edges(make_replay: MakeReplay) -> None:
    replay = make_replay(passes=(2, 0), failures=(0, 1), edges=bytes((0, 1, 8)))
    assert features_of(replay) == {
        Feature(mark=0),
        Feature(mark=1, is_failure=True),
        Feature(edge=1, least=1),
        *(Feature(edge=2, least=n) for n in (1, 2, 3, 4)),
    }


def test_what_the_same_timelines_do_is_told_once() -> None:
    bad = frozenset({Feature(edge=5, least=1), Feature(edge=5, least=2), Feature(mark=3)})
    often = frozenset({Feature(edge=7, least=1)})
    seen = [(bad | often, True), (bad | often, True), (often, False), (frozenset[Feature](), False)]
    assert telling(seen) == (
        Telling((Feature(mark=3), Feature(edge=5, least=1)), 2, 2, 0, 2),
        Telling((Feature(edge=7, least=1),), 2, 3, 0, 1),
    )


def test_edits_of_a_draw_are_answers() -> None:
    assert explicit(1, None, [(4, 2)]).segments[1].kind is SegmentKind.ANSWER
