from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.distil import Distiller

INPUTS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 5), st.sets(st.integers(0, 40), max_size=12)),
    max_size=30,
)


def distilled(inputs: list[tuple[int, int, set[int]]], order: list[int]) -> tuple[int, ...]:
    distiller = Distiller()
    for i in order:
        size, work, features = inputs[i]
        distiller.add(i, size, work, np.array(sorted(features), dtype=np.uint32))
    chosen = distiller.chosen()
    assert chosen.features == len(set().union(*(one[2] for one in inputs)))
    return chosen.indices


@given(INPUTS)
def test_every_feature_is_kept_and_nothing_is_superfluous(
    inputs: list[tuple[int, int, set[int]]],
) -> None:
    kept = distilled(inputs, list(range(len(inputs))))
    everything = set().union(*(one[2] for one in inputs))
    assert set().union(*(inputs[i][2] for i in kept)) == everything
    for i in kept:
        assert set().union(*(inputs[k][2] for k in kept if k != i)) != everything
    sizes = [inputs[i][:2] for i in kept]
    assert sizes == sorted(sizes)


@given(INPUTS, st.randoms(use_true_random=False))
def test_the_order_in_which_inputs_come_does_not_matter(
    inputs: list[tuple[int, int, set[int]]], random: Random
) -> None:
    order = list(range(len(inputs)))
    straight = distilled(inputs, order)
    random.shuffle(order)
    assert distilled(inputs, order) == straight


def test_smallest_then_fastest_is_preferred() -> None:
    same = {1, 2, 3}
    assert distilled([(9, 1, same), (5, 7, same), (5, 3, same)], [0, 1, 2]) == (2,)


def test_many_features_at_once_are_worth_some_bytes() -> None:
    singles = [(10, 0, {i}) for i in range(20)]
    assert distilled([*singles, (9, 0, set(range(20)))], list(range(21))) == (20,)


def test_features_far_apart_have_room() -> None:
    assert distilled([(1, 0, {5_000_000}), (1, 0, {3})], [0, 1]) == (0, 1)
