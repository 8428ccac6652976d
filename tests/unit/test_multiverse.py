from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.chronicle import Way
from fuzzverse.multiverse import CHILDREN_MAX, Branch, grow

STEPS = st.lists(st.sampled_from(["1@1", "11@1", "1@11", "2=0"]), max_size=6)
WAYS = st.lists(st.tuples(st.sampled_from(["1", "11", "2"]), STEPS), max_size=40)


def way(root: str, recipe: str, timeline: int = 0, bucket: str = "") -> Way:
    return Way(root, recipe, timeline, 10, bucket)


def test_what_recipes_share_is_one_branch() -> None:
    tree = grow(
        [way("7", "1@1 -> 2@2 -> 3@3", 5), way("7", "1@1 -> 2@2 -> 4@4", 6), way("8", "", 1)]
    )
    assert tree[0] == Branch(-1, "", 0, 3, 0, 1)
    assert Branch(0, "7", 2, 2, 0, 5) in tree
    assert Branch(0, "8", 0, 1, 1, 1) in tree
    shared = tree.index(Branch(0, "7", 2, 2, 0, 5))
    assert Branch(shared, "3@3", 1, 1, 1, 5) in tree
    assert Branch(shared, "4@4", 1, 1, 1, 6) in tree


def test_a_way_that_ends_where_others_go_on() -> None:
    tree = grow([way("7", "1@1"), way("7", "1@1 -> 2@2"), way("7", "1@1")])
    assert [(branch.begins, branch.weight, branch.ends) for branch in tree] == [
        ("", 3, 0),
        ("7", 3, 2),
        ("2@2", 1, 1),
    ]


def test_numbers_that_begin_alike_are_different_steps() -> None:
    tree = grow([way("1", "15@1"), way("1", "151@1"), way("15", "")])
    assert sorted(branch.begins for branch in tree) == ["", "1", "15", "151@1", "15@1"]


def test_ways_to_bugs_are_marked_and_stay_when_small_ones_are_merged() -> None:
    crowd = [way(str(root), "", root) for root in range(10, 2_000)]
    tree = grow([*crowd, way("5", "1@1 -> 2@2", 3_000, "boom")], nodes_max=100)
    assert [branch.begins for branch in tree if branch.buckets] == ["", "5"]
    (rest,) = [branch for branch in tree if branch.merged]
    assert rest.weight == rest.merged
    assert tree[0].weight == len(crowd) + 1
    assert len(tree) <= min(100, CHILDREN_MAX) + 2


def test_many_bugs_leave_room_for_others() -> None:
    bugs = [way(str(root), "1@1", root, f"bug-{root}") for root in range(10, 400)]
    deep = [way("5", f"1@1 -> {n}@2", n) for n in range(300)]
    tree = grow([*bugs, *deep])
    assert [branch.weight for branch in tree if branch.begins == "5"] == [300]
    assert sum(bool(branch.buckets) for branch in tree) == 1 + CHILDREN_MAX - 1 + 1


def test_no_ways_are_a_stem_alone() -> None:
    assert grow([]) == (Branch(-1, "", 0, 0, 0, 0),)


@given(WAYS, st.integers(1, 30))
def test_every_timeline_is_counted_once(ways: list[tuple[str, list[str]]], nodes_max: int) -> None:
    tree = grow([way(root, " -> ".join(steps)) for root, steps in ways], nodes_max)
    assert tree[0].weight == len(ways)
    for index, branch in enumerate(tree):
        assert branch.parent < index
        below = sum(other.weight for other in tree if other.parent == index)
        assert branch.merged or branch.weight == branch.ends + below
