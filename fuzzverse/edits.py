"""Passes that make recipes simpler in which every draw is said or plain.

The cheap ones come first, and again for as long as they help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final

from fuzzverse.model import Recipe, SegmentKind
from fuzzverse.shapes import Candidate, Shape, Span, alone, explicit
from fuzzverse.simplest import SPAN_SMALL, Simplest
from fuzzverse.trace import Draw

SPANS_OF_MANY: Final = (16, 8, 4, 3, 2, 1)  # where many edits make each size dear
LAST_KEPT: Final = (1, 2, 4)  # edits that are tried without all others
LAST_DRAWS: Final = 512  # at which the first of them is tried
LAST_AT_ONCE: Final = 32
FEW_EDITS: Final = 8  # in whose place a single other one is tried
PAIRS_MAX: Final = 64  # edits among which any two are tried
NEAR_MAX: Final = 8  # edits that lie between two of more than that
SWAPS_MAX: Final = 32
SWAPS_AT_ONCE: Final = 4
SWAP_REACH: Final = 8  # draws around two edits where one may take their place
LOWER_EACH_MAX: Final = 64  # edits of which each is lowered as far as it goes
SHIFTED: Final = (1, 2, 4, 8, 16)  # edits in a row
SHIFT_MAX: Final = 4  # draws that an edit may have made for
ROOTS: Final = 16  # small roots that are tried


class Edits:
    """Makes what a recipe says less, and smaller.

    Args:
        simplest: the recipe.
        trace: the draws of a recipe's timeline.
    """

    def __init__(self, simplest: Simplest, trace: Callable[[Recipe], Sequence[Draw]]) -> None:
        self._simplest = simplest
        self._trace = trace
        self._is_begun = False

    def round(self) -> None:
        """Every pass once, up to one that helps."""
        if self._simplest.best.is_explicit and not self._is_begun:
            self._is_begun = True
            self._say_last_alone()
        is_long = len(self._simplest.best.edits) > PAIRS_MAX
        shifting = (self._unsay_shifting, self._pull_forward)
        for passes in (
            (self._unsay_alike, self._unsay),
            shifting if is_long else shifting[::-1],
            (self._unsay_pairs, self._swap_pairs),
            (self._say_last_alone,),
        ):
            said = self._simplest.best.key[0]
            for one in passes:
                one()
            if self._simplest.best.key[0] < said:
                return
        self._lower()
        self._lower_root()

    def _say_last_alone(self) -> None:
        """Says the last few edits alone, at whatever draw they do it; of few edits, any other."""
        for kept in LAST_KEPT:
            shape = self._simplest.best
            if len(shape.edits) <= kept or not shape.is_explicit:
                return
            last = [(shape.at[i], shape.items[i].seed) for i in shape.edits[-kept:]]
            most = min(shape.draws - (last[-1][0] - last[0][0]), LAST_DRAWS)
            tried = [
                self._alone([(draw + at - last[0][0], value) for at, value in last])
                for draw in range(most)
            ]
            if kept == 1 and len(shape.edits) <= FEW_EDITS:
                tried += [self._alone([(draw, value)]) for draw in range(most) for value in (0, 1)]
            for first in range(0, len(tried), LAST_AT_ONCE):
                if self._simplest.take_first(tried[first : first + LAST_AT_ONCE]):
                    return

    def _alone(self, said: Sequence[tuple[int, int]]) -> Candidate:
        recipe = self._simplest.best.recipe
        return alone(explicit(recipe.root, recipe.tape, said))

    def _unsay(self) -> None:
        """Makes edits plain: many at once, then fewer, then one by one."""
        size = max(1, len(self._simplest.best.edits) // 2)
        while True:
            edits = [self._simplest.best.at[i] for i in self._simplest.best.edits]
            groups = [edits[i : i + size] for i in range(0, len(edits), size)]
            spans = [(group[0], group[-1] + 1, group[-1] + 1 - group[0]) for group in groups]
            taken = self._simplest.take_spans(spans)
            if size > 1:
                size = size // 2
            elif not taken:
                return

    def _unsay_alike(self) -> None:
        """Makes all edits of the same question, asked at the same place, plain at once."""
        while len(self._simplest.best.edits) > 1:
            shape = self._simplest.best
            draws = self._trace(shape.recipe)
            groups: dict[tuple[str, tuple[int, ...]], list[int]] = {}
            for item in shape.edits:
                if shape.at[item] < len(draws):
                    draw = draws[shape.at[item]]
                    groups.setdefault((draw.label, draw.places), []).append(draw.number)
            several = sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)
            if not self._simplest.take_unsaid(several):
                return

    def _unsay_shifting(self) -> None:
        """Makes edits plain, one or several, where that makes for a few draws more or less: those
        that follow are to go on meaning what they did."""
        for size in SHIFTED:
            for by in (by for most in range(1, SHIFT_MAX + 1) for by in (most, -most)):
                self._simplest.take_spans(list(self._shifted(size, by)))

    def _shifted(self, size: int, by: int) -> Iterable[Span]:
        """Of every so many edits in a row, all their draws, as so many more or less plain ones."""
        edits = [self._simplest.best.at[item] for item in self._simplest.best.edits]
        behind_last = 0
        for group in (edits[i : i + size] for i in range(0, len(edits), size)):
            first, behind = group[0], group[-1] + 1
            fill = behind - first + by
            if fill < 0:
                behind, fill = behind - fill, 0
            if behind_last <= first and behind <= self._simplest.best.draws:
                yield (first, behind, fill)
                behind_last = behind

    def _pull_forward(self) -> None:
        """Deletes draws in front of edits, and behind the last: the rest comes sooner."""
        size = max(1, self._simplest.best.draws // 2)
        while size > SPAN_SMALL:
            self._pull(size)
            size //= 2
        is_long = len(self._simplest.best.edits) > PAIRS_MAX
        for small in SPANS_OF_MANY if is_long else range(SPAN_SMALL, 0, -1):
            while self._pull(small):
                pass

    def _pull(self, size: int) -> int:
        """Deletes spans of one size that end where an edit is, or begin behind it."""
        shape = self._simplest.best
        ends = {shape.at[i] for i in self._simplest.best.edits}
        ends |= {at + 1 + size for at in ends} | {shape.draws, size}
        spans: list[Span] = []
        taken, behind_last = 0, 0
        waiting = sorted(end for end in ends if size <= end <= shape.draws)
        # Spans that overlap go to another batch.
        while waiting:
            spans, later = [], []
            behind_last = 0
            for end in waiting:
                if end - size < behind_last:
                    later.append(end)
                    continue
                spans.append((end - size, end, 0))
                behind_last = end
            some = self._simplest.take_spans(spans)
            taken += some
            waiting = [] if some else later
        return taken

    def _lower(self) -> None:
        """Lowers what is said, each as far as it goes; the last draws first. Of many edits, each a
        little: as far as it goes is dear, and hardly makes any of them plain."""
        if len(self._simplest.best.edits) > LOWER_EACH_MAX:
            self._lower_many()
            return
        while True:
            shape = self._simplest.best
            tried = [(i, shape.said(i, v)) for i in shape.edits for v in self._lower_values(i)]
            good = self._simplest.good([candidate for _, candidate in tried])
            found = {item for (item, _), is_good in zip(tried, good, strict=True) if is_good}
            if not found:
                return
            for item in sorted(found, reverse=True):
                if item < len(self._simplest.best.items):
                    self._lower_one(item)

    def _lower_many(self) -> None:
        """Lowers all edits that can be, together, to a few values, until none can."""
        before = None
        while self._simplest.best.key != before:
            before = self._simplest.best.key
            for shift in (64, 1):  # to 0, and to half
                shape = self._simplest.best
                said = [(i, shape.items[i].seed) for i in shape.edits]
                tried = [(i, v >> shift) for i, v in said if v > 0 and not shape.is_nudge(i)]
                good = self._simplest.good([shape.said(*one) for one in tried])
                chosen = [one for one, is_good in zip(tried, good, strict=True) if is_good]
                self._lower_together(chosen)

    def _lower_together(self, values: Sequence[tuple[int, int]]) -> None:
        """Lowers all of these items, or halves of them where that is too much."""
        values = [(item, value) for item, value in values if item < len(self._simplest.best.items)]
        if (
            not values
            or self._simplest.take(self._simplest.best.lowered(values))
            or len(values) == 1
        ):
            return
        middle = len(values) // 2
        self._lower_together(values[middle:])
        self._lower_together(values[:middle])

    def _lower_values(self, item: int) -> list[int]:
        """Some values below what an item says, the least first."""
        found = self._simplest.best.items[item]
        if found.kind != SegmentKind.ANSWER:
            return []
        value = found.seed
        return sorted(v for v in {0, 1, 2, value // 4, value // 2, value - 1} if 0 <= v < value)

    def _lower_one(self, item: int) -> None:
        """Halves are tried first; where only a little less will do, the most that will."""
        while values := self._lower_values(item):
            shape = self._simplest.best
            value = shape.items[item].seed
            if not self._simplest.take_first([shape.said(item, v) for v in values]):
                return
            if (
                item >= len(self._simplest.best.items)
                or self._simplest.best.items[item].kind != SegmentKind.ANSWER
            ):
                return
            if self._simplest.best.items[item].seed == value - 1 > 2:
                shape = self._simplest.best
                least = [value - (value >> k) for k in range(2, value.bit_length())]
                self._simplest.take_first([shape.said(item, v) for v in least if v < value - 1])

    def _unsay_pairs(self) -> None:
        """Makes any two edits plain at once; of many, two that are near each other."""
        for reach in range(1, NEAR_MAX + 1) if len(self._simplest.best.edits) > PAIRS_MAX else ():
            shape = self._simplest.best
            edits = shape.edits
            pairs = list(zip(edits, edits[reach:], strict=False))
            good = self._simplest.good([shape.unsaid(pair) for pair in pairs])
            # From the last on: those before keep their numbers.
            for pair in reversed([p for p, is_good in zip(pairs, good, strict=True) if is_good]):
                if pair[1] < len(self._simplest.best.items):
                    self._simplest.take(self._simplest.best.unsaid(pair))
        while 2 <= len(edits := self._simplest.best.edits) <= PAIRS_MAX:
            shape = self._simplest.best
            tried = []
            for n, i in enumerate(edits):
                tried += [shape.unsaid((i, j)) for j in edits[n + 1 :]]
            if not self._simplest.take_first(tried):
                return

    def _swap_pairs(self) -> None:
        """Says one draw in place of two neighbours."""
        number = 0
        while 2 <= len(edits := self._simplest.best.edits) <= SWAPS_MAX and number < len(edits) - 1:
            some = list(pairwise(edits))[number : number + SWAPS_AT_ONCE]
            tried = [candidate for pair in some for candidate in self._swapped(*pair)]
            number = (
                max(0, number - 1) if self._simplest.take_first(tried) else number + SWAPS_AT_ONCE
            )

    def _swapped(self, first: int, second: int) -> Iterable[Candidate]:
        """With one draw near two edits said in their place."""
        shape = self._simplest.best
        base = Shape.of(shape.unsaid((first, second)).recipe, shape.draws)
        said = {base.at[edit] for edit in base.edits}
        start = max(0, shape.at[first] - SWAP_REACH)
        for draw in range(start, min(shape.at[second] + SWAP_REACH, shape.draws)):
            if draw not in said:
                yield from (base.with_answer(draw, value) for value in (0, 1))

    def _lower_root(self) -> None:
        """Small roots: of a recipe without luck they decide only which faults there may be."""
        recipe = self._simplest.best.recipe
        if not self._simplest.best.is_explicit or recipe.tape is not None:
            return
        roots = range(min(ROOTS, recipe.root))
        candidates = [alone(Recipe(root, recipe.path)) for root in roots]
        for candidate, draws in zip(candidates, self._simplest.draws(candidates), strict=True):
            if draws is not None and draws <= self._simplest.best.draws:
                self._simplest.keep(Shape.of(candidate.recipe, draws))
                return
