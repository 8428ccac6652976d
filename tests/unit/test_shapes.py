from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.draws import Source, sources

from fuzzverse.model import Recipe, Segment, SegmentKind
from fuzzverse.shapes import Shape, alone, explicit

DRAWS = 40
PLAIN = Source(SegmentKind.PLAIN, 0, 0, None)


def wild(one_in: int) -> int:
    return one_in << 20


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    kind = draw(st.sampled_from(SegmentKind))
    seed = 0 if kind is SegmentKind.PLAIN else draw(st.integers(1, 9))
    needs = {SegmentKind.RESEED: st.integers(0, 5), SegmentKind.WILD: st.integers(2, 9).map(wild)}
    return Segment(draw(st.integers(0, 9)), seed, kind, draw(needs.get(kind, st.just(0))))


def in_order(wild: list[Segment]) -> Recipe:
    """An edit in front of one that came before it would never be reached."""
    kept: list[Segment] = []
    last = 0
    for segment in wild:
        last = max(last, segment.count)
        kept.append(Segment(last, segment.seed, segment.kind, segment.offset))
        if segment.kind not in (SegmentKind.ANSWER, SegmentKind.NUDGE):
            last = 0
    return Recipe.of(5, *kept)


recipes = st.lists(segments(), max_size=12).map(in_order)


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    at = draw(st.integers(0, 9))
    while at < DRAWS and len(found) < 4:
        behind = min(DRAWS, at + draw(st.integers(1, 9)))
        found.append((at, behind, draw(st.sampled_from([0, behind - at]))))
        at = behind + draw(st.integers(0, 9))
    return found or [(0, 1, 0)]


@given(recipes)
def test_a_shape_leaves_out_only_what_has_no_effect(recipe: Recipe) -> None:
    shape = Shape.of(recipe, DRAWS)
    assert sources(shape.recipe, DRAWS) == sources(recipe, DRAWS)
    assert Shape.of(shape.recipe, DRAWS) == shape
    assert shape.recipe.segment_count <= recipe.segment_count


@given(recipes)
def test_sizes_are_those_of_the_draws(recipe: Recipe) -> None:
    shape = Shape.of(recipe, DRAWS)
    found = sources(recipe, DRAWS)
    assert shape.lucky == sum(one.kind is not SegmentKind.PLAIN for one in found)
    assert len(shape.edits) == sum(one.edit is not None for one in found)
    assert shape.is_explicit == all(one.kind is SegmentKind.PLAIN for one in found)
    assert shape.segment_count >= 1
    assert shape.seeded <= shape.segment_count


@given(recipes, spans())
def test_splicing_replaces_spans_and_nothing_else(
    recipe: Recipe, cut: list[tuple[int, int, int]]
) -> None:
    shape = Shape.of(recipe, DRAWS)
    spliced = shape.spliced(cut)
    assert spliced is not None
    before = sources(recipe, DRAWS)
    expected, at = [], 0
    for first, behind, fill in cut:
        expected += before[at:first] + [PLAIN] * fill
        at = behind
    expected += before[at:]
    assert sources(spliced, len(expected)) == expected
    candidate = shape.candidate(spliced, cut[0][0])
    assert candidate.recipe == spliced
    assert shape.recipe.path.startswith(candidate.prefix)


def test_luck_that_is_too_far_on_is_not_taken_up() -> None:
    for kind, offset in ((SegmentKind.WILD, (1 << 20) - 6), (SegmentKind.RESEED, (1 << 32) - 6)):
        shape = Shape.of(Recipe.of(5, Segment(4, 7, kind, offset)), DRAWS)
        assert shape.without(5, 9, 0) is not None
        assert shape.without(5, 10, 0) is None
        assert shape.without(30, DRAWS, 0) is not None


def test_a_tape_is_not_taken_up_in_its_middle() -> None:
    shape = Shape.of(Recipe.of(5, Segment(9, 7), tape=b"\x01\x02"), DRAWS)
    assert shape.without(2, 4, 0) is None
    other = shape.without(2, 9, 0)
    assert other is not None
    assert other.tape == b"\x01\x02"


@given(recipes, st.integers(0, DRAWS - 1), st.integers(0, 9))
def test_saying_a_draw(recipe: Recipe, draw: int, value: int) -> None:
    shape = Shape.of(recipe, DRAWS)
    answer = (SegmentKind.ANSWER, value)
    before = sources(recipe, DRAWS)
    edits = {shape.at[i]: i for i in shape.edits}
    if draw in edits:
        changed = shape.said(edits[draw], value)
        bare = sources(shape.unsaid([edits[draw]]).recipe, DRAWS)
        assert bare[draw].edit is None
        assert bare[:draw] + bare[draw + 1 :] == before[:draw] + before[draw + 1 :]
    else:
        changed = shape.with_answer(draw, value)
    after = sources(changed.recipe, DRAWS)
    assert after[draw] == before[draw]._replace(edit=answer)
    assert after[:draw] + after[draw + 1 :] == before[:draw] + before[draw + 1 :]
    assert shape.recipe.path.startswith(changed.prefix)


def test_joining_lets_the_stretch_before_go_on() -> None:
    recipe = Recipe.of(5, Segment(4, 7), Segment(6, 3, SegmentKind.ANSWER), Segment(9, 8))
    joined = Shape.of(recipe, DRAWS).joined(1)
    assert joined.recipe == Recipe.of(
        5, Segment(10, 3, SegmentKind.ANSWER), Segment(13, 8, SegmentKind.RESEED)
    )


def test_few_said_draws_are_simpler_than_any_luck() -> None:
    lucky = Shape.of(Recipe.of(5), 9)
    said = Shape.of(explicit(5, None, [(2, 7), (8, 1)]), 9)
    fewer = Shape.of(explicit(5, None, [(2, 7)]), 9)
    assert fewer.key < said.key < lucky.key
    assert alone(said.recipe).recipe == said.recipe
    assert said.is_explicit
    assert (said.segment_count, said.seeded) == (1, 0)


@given(recipes, st.data())
def test_stretches_may_follow_another_seed(recipe: Recipe, data: st.DataObject) -> None:
    shape = Shape.of(recipe, DRAWS)
    first = data.draw(st.integers(0, len(shape.stretches) - 1))
    behind = data.draw(st.integers(first + 1, len(shape.stretches)))
    start, end = shape.stretches[first].at, shape.ends()[behind - 1]
    before = sources(shape.recipe, DRAWS)
    after = sources(shape.reseeded(first, behind, 77).recipe, DRAWS)
    assert after[:start] == before[:start]
    assert after[end:] == before[end:]
    seeded = [Source(SegmentKind.RESEED, 77, i, None) for i in range(end - start)]
    assert after[start:end] == seeded


@given(recipes, st.data())
def test_a_stretch_may_be_said_within_the_one_before(recipe: Recipe, data: st.DataObject) -> None:
    shape = Shape.of(recipe, DRAWS)
    if len(shape.stretches) == 1:
        return
    number = data.draw(st.integers(1, len(shape.stretches) - 1))
    start, end = shape.stretches[number].at, shape.ends()[number]
    answers = [(draw, 3) for draw in range(start, end)]
    before = sources(shape.recipe, DRAWS)
    after = sources(shape.absorbed(number, answers).recipe, DRAWS)
    assert after[:start] == before[:start]
    assert after[end:] == before[end:]
    assert all(source.edit == (SegmentKind.ANSWER, 3) for source in after[start:end])
