"""The core by itself: seeds, recipes and maps through Python, with Hypothesis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse import native
from fuzzverse.errors import InputError
from fuzzverse.model import Recipe, Segment, SegmentKind

U64 = st.integers(0, 2**64 - 1)
OFFSETS = st.integers(0, 2**32 - 1)
STEPS = st.integers(-(2**63 - 1), 2**63 - 1).filter(bool).map(lambda step: step % 2**64)
SEGMENTS = st.lists(
    st.builds(Segment, U64, U64, st.just(SegmentKind.RESEED), OFFSETS)
    | st.builds(Segment, U64, U64, st.just(SegmentKind.ANSWER))
    | st.builds(Segment, U64, STEPS, st.just(SegmentKind.NUDGE)),
    max_size=40,
).map(tuple)
RECIPES = st.builds(lambda root, segments: Recipe.of(root, *segments), U64, SEGMENTS)
MAPS = st.binary(min_size=0, max_size=300)


@given(RECIPES)
def test_recipe_text_round_trip(recipe: Recipe) -> None:
    assert native.recipe_parse(recipe.root, native.recipe_text(recipe)) == recipe


def test_recipe_text_says_what_segments_do() -> None:
    segments = (
        Segment(80, 7, offset=37),
        Segment(12, 5, SegmentKind.ANSWER),
        Segment(12, 1, SegmentKind.NUDGE),
        Segment(13, 2**64 - 1, SegmentKind.NUDGE),
    )
    recipe = Recipe.of(1, *segments)
    assert recipe.segments == segments
    assert native.recipe_text(recipe) == "80@7+37 -> 12=5 -> 12+1 -> 13-1"


@given(RECIPES)
def test_input_round_trip(recipe: Recipe) -> None:
    assert native.input_parse(native.input_bytes(recipe)) == recipe


@given(st.binary(max_size=200), SEGMENTS)
def test_tape_round_trip(tape: bytes, segments: tuple[Segment, ...]) -> None:
    recipe = Recipe.of(
        native.input_parse(native.INPUT_HEADER + b"tape \n").root, *segments, tape=tape
    )
    parsed = native.input_parse(native.input_bytes(recipe))
    assert (parsed.tape, parsed.segments) == (tape, segments)


@given(st.text(max_size=30))
def test_only_recipes_parse(text: str) -> None:
    try:
        recipe = native.recipe_parse(1, text)
    except InputError:
        return
    assert native.recipe_text(recipe) == text


@given(MAPS, MAPS)
def test_merge_is_union(left: bytes, right: bytes) -> None:
    n = min(len(left), len(right))
    explored = np.frombuffer(left[:n], dtype=np.uint8).copy()
    slot = np.frombuffer(right[:n], dtype=np.uint8)
    union = explored | slot
    fresh = int(np.bitwise_count(slot & ~explored).sum()) if n else 0
    before = explored.copy()
    assert native.map_fresh(explored, slot) == fresh
    assert (explored == before).all()
    assert native.map_merge(explored, slot) == fresh
    assert (explored == union).all()
    assert native.map_merge(explored, slot) == 0


@given(MAPS)
def test_classes_are_one_hot_and_ordered(counters: bytes) -> None:
    array = np.frombuffer(counters, dtype=np.uint8)
    classes = native.map_classify(array)
    assert ((classes == 0) == (array == 0)).all()
    assert (classes & (classes - (classes > 0)) == 0).all()
    order = np.argsort(array, kind="stable")
    assert (np.diff(classes[order].astype(int)) >= 0).all()


def test_child_seeds_differ_by_name_index_and_parent() -> None:
    seeds = {native.child_seed(p, n, i) for p in (1, 42) for n in ("a", "b") for i in (0, 1)}
    assert len(seeds) == 8
    assert native.child_seed(42, "test", 0) == 0x8CF42CDC852F3267


def test_root_seeds_are_spread() -> None:
    assert len({native.root_seed(1, i) for i in range(1000)}) == 1000


def test_a_root_seed_out_of_range_is_refused() -> None:
    with pytest.raises(InputError):
        native.recipe_parse(2**64, "")
