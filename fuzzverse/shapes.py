"""Recipes as things that can be cut: which draws follow what, and what is left without some.

A recipe's segments are read as items at draws counted from the root: *beginnings* (a seed from one
of its draws on, or plain draws) and *edits* of single draws. Draws between two beginnings are a
stretch. Cutting and smoothing leave every draw behind the cut with the value that it had.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

import numpy as np

from fuzzverse.model import SEGMENT, Recipe, Segment, SegmentKind

SEGMENTS_MAX: Final = 1_024
STRETCHES_FEW: Final = 5  # of a recipe with luck that is still told at a glance
FORKS: Final = 32  # splitpoints that the candidates made from one shape share
_SIZE: Final = SEGMENT.size
_ITEM: Final = np.dtype([("count", "<u8"), ("rest", "V16")])
_OFFSET_MAX: Final = (1 << 32) - 1
_WILD_OFFSET_MAX: Final = (1 << 20) - 1
# Numbers, because looking at members of an enum is what most of the time went into.
_RESEED: Final = int(SegmentKind.RESEED)
_ANSWER: Final = int(SegmentKind.ANSWER)
_NUDGE: Final = int(SegmentKind.NUDGE)
_WILD: Final = int(SegmentKind.WILD)
_PLAIN: Final = int(SegmentKind.PLAIN)

Span = tuple[int, int, int]  # draws first to behind - 1, and how many plain draws in their place

Key = tuple[int, int, int, int, tuple[int, ...]]


class Candidate(NamedTuple):
    """A recipe to try: `parts_at` draws into the last segment of `prefix` it may part from the
    timeline of the shape that it was made from."""

    root: int
    tape: bytes | None
    prefix: bytes
    parts_at: int
    tail: bytes

    @property
    def recipe(self) -> Recipe:
        """The whole of it."""
        return Recipe(self.root, self.prefix + self.tail, self.tape)


def alone(recipe: Recipe) -> Candidate:
    """A recipe that shares nothing."""
    return Candidate(recipe.root, recipe.tape, b"", 0, recipe.path)


class Item(NamedTuple):
    """A segment whose draw `at` is counted from the root; the rest as in `model.Segment`."""

    at: int
    seed: int
    kind: int
    offset: int

    @property
    def is_edit(self) -> bool:
        """Whether it changes one draw, and begins no stretch."""
        return self.kind in (_ANSWER, _NUDGE)


@dataclass(frozen=True, slots=True)
class Shape:
    """A recipe that shows the bug at its draw number `draws`, ready to be cut.

    Make it with `of`. `at` has the draw of each item; `stretches` the beginnings, the root's first;
    `under_way` which of them is under way in front of each item, and behind the last.
    """

    recipe: Recipe
    draws: int
    items: tuple[Item, ...]
    at: tuple[int, ...]
    stretches: tuple[Item, ...]
    under_way: tuple[int, ...]
    _forks: dict[int, tuple[bytes, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: Recipe, draws: int) -> Self:
        """The shape of a recipe that shows the bug at its draw number `draws`.

        Items without an effect before that are left out: those behind, edits that a later one of
        the same draw replaces, and beginnings without a draw.
        """
        items = _tidied(recipe, draws)
        stretches = [Item(0, recipe.root, _RESEED, 0)]
        under_way = []
        base, packed = 0, []
        for item in items:
            at, seed, kind, offset = item
            under_way.append(len(stretches) - 1)
            packed.append(SEGMENT.pack(at - base, seed, kind, offset))
            if kind not in (_ANSWER, _NUDGE):
                base = at
                stretches.append(item)
        under_way.append(len(stretches) - 1)
        tidied = Recipe(recipe.root, b"".join(packed), recipe.tape)
        places = tuple(item[0] for item in items)
        return cls(tidied, draws, tuple(items), places, tuple(stretches), tuple(under_way))

    @property
    def edits(self) -> list[int]:
        """Which items say one draw."""
        return [i for i, item in enumerate(self.items) if item.is_edit]

    @property
    def lucky(self) -> int:
        """How many draws follow a seed or a tape: nobody knows which of them matter."""
        return sum(
            behind - stretch.at
            for stretch, behind in zip(self.stretches, self.ends(), strict=True)
            if stretch.kind != _PLAIN
        )

    @property
    def seeded(self) -> int:
        """How many stretches follow a seed or a tape."""
        return sum(
            stretch.kind != _PLAIN and behind > stretch.at
            for stretch, behind in zip(self.stretches, self.ends(), strict=True)
        )

    @property
    def segment_count(self) -> int:
        """How many stretches there are, of luck or plain."""
        return sum(
            behind > stretch.at for stretch, behind in zip(self.stretches, self.ends(), strict=True)
        )

    @property
    def is_explicit(self) -> bool:
        """Whether every draw is plain or said: no luck is left."""
        return self.lucky == 0

    @property
    def key(self) -> Key:
        """Smaller is simpler: draws that are not plain, those of luck, draws, segments, answers."""
        said = tuple(self.items[i].seed for i in self.edits)
        lucky = self.lucky
        return (lucky + len(said), lucky, self.draws, len(self.items), said)

    @property
    def rank(self) -> tuple[bool, int, Key]:
        """Smaller is simpler, of what a user is shown: luck comes behind all that is written down.
        Of recipes with luck, those of few segments come first; up to STRETCHES_FEW are as good as
        one. Then as `key`."""
        stretches = 0 if self.is_explicit else max(self.segment_count, STRETCHES_FEW)
        return (not self.is_explicit, stretches, self.key)

    # ---- candidates ------------------------------------------------------------------------------

    def candidate(self, recipe: Recipe, differs_at: int) -> Candidate:
        """A recipe of the same root that begins to differ from this one at a draw."""
        prefix, count = self._fork(differs_at)
        return Candidate(recipe.root, recipe.tape, prefix, count, recipe.path[len(prefix) :])

    def without(self, first: int, behind: int, fill: int) -> Candidate | None:
        """The same with `fill` plain draws in place of draws `first` to `behind` - 1.

        None: what drives the draws behind cannot be taken up in its middle.
        """
        recipe = self.spliced([(first, behind, fill)])
        return None if recipe is None else self.candidate(recipe, first)

    def said(self, item: int, value: int) -> Candidate:
        """The same with another answer at the draw that an item says."""
        (count, *_) = SEGMENT.unpack_from(self.recipe.path, item * _SIZE)
        return self._with(item, item + 1, SEGMENT.pack(count, value, _ANSWER, 0))

    def is_nudge(self, item: int) -> bool:
        """Whether an item changes a draw by so much, rather than saying it."""
        return self.items[item].kind == _NUDGE

    def lowered(self, values: Sequence[tuple[int, int]]) -> Candidate:
        """The same with other answers at the draws that these items, in order, say."""
        path = bytearray(self.recipe.path)
        for item, value in values:
            (count, *_) = SEGMENT.unpack_from(path, item * _SIZE)
            SEGMENT.pack_into(path, item * _SIZE, count, value, _ANSWER, 0)
        recipe = Recipe(self.recipe.root, bytes(path), self.recipe.tape)
        return self.candidate(recipe, self.at[values[0][0]])

    def with_answer(self, draw: int, value: int) -> Candidate:
        """The same with one more draw said, which no item says yet."""
        item = bisect_right(self.at, draw)
        return self._with(item, item, SEGMENT.pack(draw - self._base(item), value, _ANSWER, 0))

    def unsaid(self, items: Sequence[int]) -> Candidate:
        """The same without these edits, in order."""
        kept, at = [], 0
        for item in items:
            kept.append(self.recipe.path[at * _SIZE : item * _SIZE])
            at = item + 1
        path = b"".join(kept) + self.recipe.path[at * _SIZE :]
        recipe = Recipe(self.recipe.root, path, self.recipe.tape)
        return self.candidate(recipe, self.at[items[0]])

    def joined(self, number: int) -> Candidate:
        """The same without the beginning of a stretch, which is not the root's: the one before goes
        on."""
        item = self._beginning(number)
        path, by = self.recipe.path, self.stretches[number].at - self._base(item)
        path = path[: item * _SIZE] + self._moved(item + 1, len(self.items), by)
        return self.candidate(Recipe(self.recipe.root, path, self.recipe.tape), self.at[item])

    def reseeded(self, first: int, behind: int, seed: int) -> Candidate:
        """The same with another seed in place of stretches `first` to `behind` - 1 and their edits;
        as many draws."""
        start = self.stretches[first].at
        base = self.stretches[first - 1].at if first > 0 else 0
        seeded = SEGMENT.pack(start - base, seed, _RESEED, 0)
        return self._instead(first, behind, seeded, start)

    def absorbed(self, number: int, answers: Sequence[tuple[int, int]]) -> Candidate:
        """The same without the beginning of a stretch, which is not the root's: the one before goes
        on, but for what is said of its draws: pairs of draw and value, in order."""
        base = self.stretches[number - 1].at
        said = (SEGMENT.pack(draw - base, value, _ANSWER, 0) for draw, value in answers)
        return self._instead(number, number + 1, b"".join(said), base)

    def _instead(self, first: int, behind: int, packed: bytes, base: int) -> Candidate:
        """The same with something in place of some stretches, after which the draws of what is
        under way are counted from `base`."""
        item = self._beginning(first) if first > 0 else 0
        parts = [self.recipe.path[: item * _SIZE], packed]
        if behind < len(self.stretches):
            at, *rest = self.stretches[behind]
            parts.append(SEGMENT.pack(at - base, *rest))
            parts.append(self.recipe.path[(self._beginning(behind) + 1) * _SIZE :])
        recipe = Recipe(self.recipe.root, b"".join(parts), self.recipe.tape)
        return self.candidate(recipe, self.stretches[first].at)

    def spliced(self, spans: Sequence[Span]) -> Recipe | None:
        """As `without`, for spans that are in order and do not overlap."""
        parts: list[bytes] = []
        at, by = 0, 0  # the next item to copy, and how far it moves in its stretch
        base, kind = 0, self.stretches[0].kind  # of what is under way, where it is put together
        shift = 0
        for first, behind, fill in spans:
            i, j = bisect_left(self.at, first), bisect_left(self.at, behind)
            parts.append(self._moved(at, i, by))
            if i > at and self.under_way[i] != self.under_way[at]:
                stretch = self.stretches[self.under_way[i]]
                base, kind = stretch.at + shift, stretch.kind
            if fill > 0 and kind != _PLAIN:
                parts.append(SEGMENT.pack(first + shift - base, 0, _PLAIN, 0))
                base, kind = first + shift, _PLAIN
            shift += fill - (behind - first)
            here = behind + shift
            stretch = self.stretches[self.under_way[j]]
            is_needed = behind < self.draws and not self._begins_at(j, behind)
            if is_needed and (stretch.kind != _PLAIN or kind != _PLAIN):
                resumed = self._resumed(stretch, here - base, behind)
                if resumed is None:
                    return None
                parts.append(resumed)
                base, kind = here, stretch.kind
            at, by = j, (here - base) - (behind - stretch.at)
        parts.append(self._moved(at, len(self.items), by))
        path = b"".join(parts)
        if len(path) > SEGMENTS_MAX * _SIZE:
            return None
        return Recipe(self.recipe.root, path, self.recipe.tape)

    def prefix(self, draw: int) -> tuple[bytes, int]:
        """The segments in front of a draw, and how far into the last stretch it lies."""
        item = bisect_left(self.at, draw)
        return self.recipe.path[: item * _SIZE], draw - self._base(item)

    def ends(self) -> list[int]:
        """Of each stretch, the draw behind it."""
        return [stretch.at for stretch in self.stretches[1:]] + [self.draws]

    def _beginning(self, number: int) -> int:
        """The item that begins a stretch, which is not the root's."""
        return self.under_way.index(number) - 1

    def _base(self, item: int) -> int:
        return self.stretches[self.under_way[item]].at

    def _begins_at(self, item: int, draw: int) -> bool:
        return item < len(self.items) and self.at[item] == draw and not self.items[item].is_edit

    def _with(self, first: int, behind: int, packed: bytes) -> Candidate:
        """The same with something else in place of some items."""
        path = self.recipe.path
        path = path[: first * _SIZE] + packed + path[behind * _SIZE :]
        at = self.at[first] if first < len(self.at) else self.draws - 1
        before = self.at[first - 1] + 1 if first > 0 else 0
        recipe = Recipe(self.recipe.root, path, self.recipe.tape)
        return self.candidate(recipe, min(at, before) if behind == first else at)

    def _moved(self, item: int, end: int, by: int) -> bytes:
        """Items up to `end`, so many draws later in the stretch that the first lies in."""
        path = self.recipe.path
        if by == 0 or item == end:
            return path[item * _SIZE : end * _SIZE]
        # Behind the next beginning nothing changes.
        behind = min(end, bisect_right(self.under_way, self.under_way[item]))
        moved = np.frombuffer(path, _ITEM, behind - item, item * _SIZE).copy()
        moved["count"] += np.uint64(by % (1 << 64))
        return moved.tobytes() + path[behind * _SIZE : end * _SIZE]

    def _resumed(self, stretch: Item, count: int, draw: int) -> bytes | None:
        if stretch.kind == _PLAIN:
            return SEGMENT.pack(count, 0, _PLAIN, 0)
        most = _WILD_OFFSET_MAX if stretch.kind == _WILD else _OFFSET_MAX
        skipped = draw - stretch.at
        is_taped = self.recipe.tape is not None and stretch is self.stretches[0]
        if is_taped or skipped > most - (stretch.offset & most):
            return None
        return SEGMENT.pack(count, stretch.seed, stretch.kind, stretch.offset + skipped)

    def _fork(self, draw: int) -> tuple[bytes, int]:
        """Where to part from this shape's own timeline: at `draw` or a little before."""
        step = max(1, self.draws // FORKS)
        cell = min(draw, self.draws - 1) // step
        if cell not in self._forks:
            self._forks[cell] = self.prefix(cell * step)
        return self._forks[cell]


def explicit(root: int, tape: bytes | None, answers: Sequence[tuple[int, int]]) -> Recipe:
    """All draws plain but those of `answers`: pairs of draw and value, in order."""
    said = (Segment(draw, value, SegmentKind.ANSWER) for draw, value in answers)
    return Recipe.of(root, Segment(0, 0, SegmentKind.PLAIN), *said, tape=tape)


def _tidied(recipe: Recipe, draws: int) -> list[Item]:
    """The items that have an effect before draw `draws`."""
    kept: list[Item] = []
    base, is_plain, last = 0, False, -1
    for count, seed, kind, offset in SEGMENT.iter_unpack(recipe.path):
        at = base + count
        if at >= draws:
            break
        is_edit = kind in (_ANSWER, _NUDGE)
        item = Item(at, seed, kind, offset)
        if not is_edit:
            base = at
        if at == last:
            is_plain = _put(kept, item)
        elif is_edit or kind != _PLAIN or not is_plain:
            kept.append(item)
            if not is_edit:
                is_plain = kind == _PLAIN
        last = at
    return kept


def _put(kept: list[Item], item: Item) -> bool:
    """Of the beginnings and edits of one draw each time the last has an effect; the edit stays
    behind the beginning. Returns whether what is under way then is plain."""
    at = item.at
    same = [item]
    while kept and kept[-1].at == at:
        same.append(kept.pop())
    before = next((one.kind == _PLAIN for one in reversed(kept) if not one.is_edit), False)
    begin = next((one for one in same if not one.is_edit), None)
    edit = next((one for one in same if one.is_edit), None)
    if begin is not None and not (before and begin.kind == _PLAIN):
        kept.append(begin)
    if edit is not None:
        kept.append(edit)
    return before if begin is None else begin.kind == _PLAIN
