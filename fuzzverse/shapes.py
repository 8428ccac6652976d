"""Recipes as things that can be cut: which draws follow what, and what is left without some of them.

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

SIZE: Final = SEGMENT.size
SEGMENTS_MAX: Final = 1_000
FORKS: Final = 32  # splitpoints that the candidates made from one shape share
_ITEM: Final = np.dtype([("count", "<u8"), ("rest", "V16")])
_OFFSET_MAX: Final = (1 << 32) - 1
_EDITS: Final = (SegmentKind.ANSWER, SegmentKind.NUDGE)


class Candidate(NamedTuple):
    """A recipe to try: `count` draws into the last segment of `prefix` it begins to differ from the
    shape that it was made from."""

    root: int
    tape: bytes | None
    prefix: bytes
    count: int
    tail: bytes

    @property
    def recipe(self) -> Recipe:
        """The whole of it."""
        return Recipe(self.root, self.prefix + self.tail, self.tape)


class Stretch(NamedTuple):
    """What drives draws from `at` on: draw `offset` of `seed` and what follows, or plain draws."""

    at: int
    kind: SegmentKind
    seed: int
    offset: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A recipe that shows the bug at its draw number `draws`, ready to be cut.

    Make it with `of`. `at` has the draw of each item, `stretches` the index of the stretch that is
    under way in front of each item and behind the last.
    """

    recipe: Recipe
    draws: int
    segments: tuple[Segment, ...]
    at: tuple[int, ...]
    stretches: tuple[Stretch, ...]
    under_way: tuple[int, ...]
    _forks: dict[int, tuple[int, bytes, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: Recipe, draws: int) -> Self:
        """The shape of a recipe that shows the bug at its draw number `draws`.

        Items that had no effect before are left out: those behind, edits that a later one of the
        same draw replaces, and beginnings without a draw.
        """
        at, segments = _tidied(recipe, draws)
        stretches = [Stretch(0, SegmentKind.RESEED, recipe.root, 0)]
        under_way = []
        base, tidy = 0, []
        for place, segment in zip(at, segments, strict=True):
            under_way.append(len(stretches) - 1)
            tidy.append(Segment(place - base, segment.seed, segment.kind, segment.offset))
            if segment.kind not in _EDITS:
                base = place
                stretches.append(Stretch(place, segment.kind, segment.seed, segment.offset))
        under_way.append(len(stretches) - 1)
        tidied = Recipe.of(recipe.root, *tidy, tape=recipe.tape)
        return cls(tidied, draws, tuple(tidy), tuple(at), tuple(stretches), tuple(under_way))

    @property
    def edits(self) -> int:
        """How many draws are said one by one."""
        return sum(segment.kind in _EDITS for segment in self.segments)

    @property
    def lucky(self) -> int:
        """How many draws follow a seed or a tape: nobody knows which of them matter."""
        ends = [stretch.at for stretch in self.stretches[1:]] + [self.draws]
        return sum(
            end - stretch.at
            for stretch, end in zip(self.stretches, ends, strict=True)
            if stretch.kind is not SegmentKind.PLAIN
        )

    @property
    def seeded(self) -> int:
        """How many stretches follow a seed or a tape."""
        ends = [stretch.at for stretch in self.stretches[1:]] + [self.draws]
        return sum(
            stretch.kind is not SegmentKind.PLAIN and end > stretch.at
            for stretch, end in zip(self.stretches, ends, strict=True)
        )

    @property
    def is_explicit(self) -> bool:
        """Whether every draw is plain or said: no luck is left."""
        return self.lucky == 0

    @property
    def key(self) -> tuple[int, int, int, tuple[int, ...]]:
        """Smaller is simpler: draws that are not plain, draws, segments, then what is said."""
        said = tuple(s.seed for s in self.segments if s.kind in _EDITS)
        return (self.lucky + self.edits, self.draws, len(self.segments), said)

    # ---- candidates ---------------------------------------------------------------------------

    def candidate(self, recipe: Recipe, differs_at: int) -> Candidate:
        """A recipe that begins to differ from this one at a draw."""
        if recipe.root != self.recipe.root or recipe.tape != self.recipe.tape:
            return Candidate(recipe.root, recipe.tape, b"", 0, recipe.path)
        size, prefix, count = self._fork(differs_at)
        return Candidate(recipe.root, recipe.tape, prefix, count, recipe.path[size:])

    def without(self, first: int, behind: int, fill: int) -> Candidate | None:
        """The same with `fill` plain draws in place of draws `first` to `behind` - 1.

        None: what drives the draws behind cannot be taken up in its middle.
        """
        recipe = self.spliced(first, behind, fill)
        return None if recipe is None else self.candidate(recipe, first)

    def said(self, item: int, value: int) -> Candidate:
        """The same with another answer for the edit number `item` among the segments."""
        path, place = self.recipe.path, item * SIZE
        packed = SEGMENT.pack(self.segments[item].count, value, SegmentKind.ANSWER, 0)
        recipe = Recipe(
            self.recipe.root, path[:place] + packed + path[place + SIZE :], self.recipe.tape
        )
        return self.candidate(recipe, self.at[item])

    def with_answer(self, draw: int, value: int) -> Candidate:
        """The same with one more draw said."""
        i = bisect_left(self.at, draw)
        packed = SEGMENT.pack(draw - self._base(i), value, SegmentKind.ANSWER, 0)
        path = self.recipe.path
        recipe = Recipe(
            self.recipe.root, path[: i * SIZE] + packed + path[i * SIZE :], self.recipe.tape
        )
        return self.candidate(recipe, draw)

    def spliced(self, first: int, behind: int, fill: int) -> Recipe | None:
        """See `without`."""
        path = self.recipe.path
        i, j = bisect_left(self.at, first), bisect_left(self.at, behind)
        base, current = self._base(i), self.stretches[self.under_way[i]].kind
        parts = [path[: i * SIZE]]
        if fill > 0 and current is not SegmentKind.PLAIN:
            parts.append(SEGMENT.pack(first - base, 0, SegmentKind.PLAIN, 0))
            base, current = first, SegmentKind.PLAIN
        here = first + fill
        if behind < self.draws and not self._begins_at(j, behind):
            stretch = self.stretches[self.under_way[j]]
            if stretch.kind is not SegmentKind.PLAIN or current is not SegmentKind.PLAIN:
                resumed = self._resumed(stretch, here - base, behind)
                if resumed is None:
                    return None
                parts.append(resumed)
                base = here
        parts.append(self._moved(j, (here - base) - (behind - self._base(j))))
        whole = b"".join(parts)
        if len(whole) > SEGMENTS_MAX * SIZE:
            return None
        return Recipe(self.recipe.root, whole, self.recipe.tape)

    def prefix(self, draw: int) -> tuple[bytes, int]:
        """The segments in front of a draw, and how far into the last stretch it lies."""
        i = bisect_left(self.at, draw)
        return self.recipe.path[: i * SIZE], draw - self._base(i)

    def _base(self, item: int) -> int:
        return self.stretches[self.under_way[item]].at

    def _begins_at(self, item: int, draw: int) -> bool:
        if item >= len(self.segments) or self.at[item] != draw:
            return False
        return self.segments[item].kind not in _EDITS

    def _moved(self, item: int, by: int) -> bytes:
        """The items from this one on, so many draws later in the stretch that they lie in."""
        path = self.recipe.path
        if by == 0 or item == len(self.segments):
            return path[item * SIZE :]
        # Behind the next beginning nothing changes.
        behind = min(len(self.segments), bisect_right(self.under_way, self.under_way[item]))
        moved = np.frombuffer(path, _ITEM, behind - item, item * SIZE).copy()
        moved["count"] += np.uint64(by % (1 << 64))
        return moved.tobytes() + path[behind * SIZE :]

    def _resumed(self, stretch: Stretch, count: int, draw: int) -> bytes | None:
        if stretch.kind is SegmentKind.PLAIN:
            return SEGMENT.pack(count, 0, SegmentKind.PLAIN, 0)
        offset = stretch.offset + draw - stretch.at
        is_taped = self.recipe.tape is not None and stretch is self.stretches[0]
        if stretch.kind is SegmentKind.WILD or is_taped or offset > _OFFSET_MAX:
            return None
        return SEGMENT.pack(count, stretch.seed, SegmentKind.RESEED, offset)

    def _fork(self, draw: int) -> tuple[int, bytes, int]:
        """Where to part from this shape's own timeline: at `draw` or a little before."""
        step = max(1, self.draws // FORKS)
        cell = draw // step
        if cell not in self._forks:
            prefix, count = self.prefix(cell * step)
            self._forks[cell] = (len(prefix), prefix, count)
        return self._forks[cell]


def explicit(root: int, tape: bytes | None, answers: Sequence[tuple[int, int]]) -> Recipe:
    """All draws plain but those of `answers`: pairs of draw and value, in order."""
    said = (Segment(draw, value, SegmentKind.ANSWER) for draw, value in answers)
    return Recipe.of(root, Segment(0, 0, SegmentKind.PLAIN), *said, tape=tape)


def _tidied(recipe: Recipe, draws: int) -> tuple[list[int], list[Segment]]:
    """The items that have an effect before draw `draws`, and their draws."""
    at: list[int] = []
    kept: list[Segment] = []
    base = 0
    for segment in recipe.segments:
        place = base + segment.count
        is_edit = segment.kind in _EDITS
        if not is_edit:
            base = place
        if place >= draws:
            break
        same = [kept.pop() for _ in range(len(at) - bisect_left(at, place))]
        del at[len(kept) :]
        # Of each the last has an effect; the edit of a draw stays behind its beginning.
        beginning = next((s for s in same if s.kind not in _EDITS), None)
        edit = next((s for s in same if s.kind in _EDITS), None)
        beginning, edit = (beginning, segment) if is_edit else (segment, edit)
        if beginning is not None and beginning.kind is SegmentKind.PLAIN and _is_plain(kept):
            beginning = None
        for item in (beginning, edit):
            if item is not None:
                at.append(place)
                kept.append(item)
    return at, kept


def _is_plain(items: Sequence[Segment]) -> bool:
    """Whether what is under way behind these is plain."""
    for segment in reversed(items):
        if segment.kind not in _EDITS:
            return segment.kind is SegmentKind.PLAIN
    return False
