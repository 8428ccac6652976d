"""The multiverse as a tree: where the timelines of a campaign that are worth telling parted.

Recipes that begin alike share what they begin with. They are sorted, and what each has in common
with the next one makes the tree, as a suffix array makes a suffix tree: no step is looked at twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

NODES_MAX: Final = 4_000
CHILDREN_MAX: Final = 80
_ARROW: Final = " -> "


class Way(Protocol):
    """How a timeline came about; `chronicle.Way` is one."""

    @property
    def root(self) -> str:
        """The root seed."""

    @property
    def recipe(self) -> str:
        """The segments as text."""

    @property
    def timeline(self) -> int:
        """Its ordinal."""

    @property
    def bucket(self) -> str:
        """Of the bug that it is; "": none."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What some timelines have in common since they parted from others.

    `parent` is an index into the tree, less than the branch's own (-1: the stem of all). `begins`
    is the first of its `segments` segments (0: it is a root, or the sum of `merged` small
    branches), `weight` counts the timelines on it and `ends` those that are no one else's
    beginning, `first` is the ordinal of the earliest; `buckets` are those of the bugs on it.
    """

    parent: int
    begins: str
    segments: int
    weight: int
    ends: int
    first: int
    buckets: tuple[str, ...] = ()
    merged: int = 0


@dataclass(slots=True)
class _Node:
    """A branch under construction: its text is `text[start:end]`."""

    text: str
    start: int
    end: int
    children: list[_Node] = field(default_factory=list)
    weight: int = 0
    ends: int = 0
    first: int = 1 << 64
    buckets: set[str] = field(default_factory=set)


def grow(ways: Sequence[Way], nodes_max: int = NODES_MAX) -> tuple[Branch, ...]:
    """The tree of some timelines, the stem first, each branch behind its parent.

    About `nodes_max` branches, at most twice as many: ways to bugs, then those with most
    timelines. What is left of a branch's children is one that sums them up.
    """
    stem = _trie(ways)
    _sum(stem)
    return _choose(stem, nodes_max)


def _trie(ways: Sequence[Way]) -> _Node:
    texts = sorted(
        ((f"{way.root}{_ARROW}{way.recipe}{_ARROW if way.recipe else ''}", way) for way in ways),
        key=lambda pair: pair[0],
    )
    stem = _Node("", 0, 0)
    path = [stem]
    before = ""
    for text, way in texts:
        common = _common(before, text)
        while path[-1].start >= common and len(path) > 1:
            path.pop()
        if path[-1].end > common:
            _part(path[-1], common)
        if common < len(text):
            path[-1].children.append(_Node(text, common, len(text)))
            path.append(path[-1].children[-1])
        end = path[-1]
        end.ends += 1
        end.first = min(end.first, way.timeline)
        if way.bucket:
            end.buckets.add(way.bucket)
        before = text
    return stem


def _common(one: str, other: str) -> int:
    """How long both are the same, up to the end of a step."""
    low, high = 0, min(len(one), len(other))
    if one[:high] != other[:high]:
        while high - low > 1:
            middle = (low + high) // 2
            if one[low:middle] == other[low:middle]:
                low = middle
            else:
                high = middle
        high = low
    at = one.rfind(_ARROW, 0, high)
    return at + len(_ARROW) if at >= 0 else 0


def _part(node: _Node, at: int) -> None:
    """Cuts a branch in two; what it had so far is now its child's."""
    rest = _Node(node.text, at, node.end, node.children, 0, node.ends, node.first, node.buckets)
    node.end, node.children = at, [rest]
    node.ends, node.first, node.buckets = 0, 1 << 64, set()


def _sum(stem: _Node) -> None:
    """Weights, first timelines and bugs, from the leaves up."""
    order = [stem]
    for node in order:
        order += node.children
    for node in reversed(order):
        node.weight = node.ends + sum(child.weight for child in node.children)
        node.first = min([node.first, *(child.first for child in node.children)])
        node.buckets = node.buckets.union(*(child.buckets for child in node.children))


def _choose(stem: _Node, nodes_max: int) -> tuple[Branch, ...]:
    branches = [_branch(stem, -1)]
    waiting = [(0, 0, 0, stem, 0)]
    count = 1
    while waiting:
        *_, node, index = heapq.heappop(waiting)
        children = _in_order(node.children)
        room = max(0, min(CHILDREN_MAX, nodes_max - len(branches)))
        for child in children[:room]:
            branches.append(_branch(child, index))
            count += 1
            entry = (not child.buckets, -child.weight, count, child, len(branches) - 1)
            heapq.heappush(waiting, entry)
        if children[room:]:
            branches.append(_merged(children[room:], index))
    return tuple(branches)


def _in_order(children: Sequence[_Node]) -> list[_Node]:
    """The heaviest first, but in front of them the heaviest ways to bugs, CHILDREN_MAX / 2 at
    most."""
    heaviest = sorted(children, key=lambda child: -child.weight)
    first = [child for child in heaviest if child.buckets][: CHILDREN_MAX // 2]
    chosen = set(map(id, first))
    return first + [child for child in heaviest if id(child) not in chosen]


def _branch(node: _Node, parent: int) -> Branch:
    steps = node.text[node.start : node.end].split(_ARROW)[:-1]
    is_root = node.start == 0
    return Branch(
        parent=parent,
        begins=steps[0] if steps else "",
        segments=max(0, len(steps) - is_root),
        weight=node.weight,
        ends=node.ends,
        first=node.first if node.weight else 0,
        buckets=tuple(sorted(node.buckets)),
    )


def _merged(nodes: Sequence[_Node], parent: int) -> Branch:
    buckets = set().union(*(node.buckets for node in nodes))
    return Branch(
        parent=parent,
        begins="",
        segments=0,
        weight=sum(node.weight for node in nodes),
        ends=0,
        first=min(node.first for node in nodes),
        buckets=tuple(sorted(buckets)),
        merged=len(nodes),
    )
