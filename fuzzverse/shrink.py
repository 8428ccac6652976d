"""Makes a recipe small, as Hypothesis makes the choices behind a failing test small.

Every pass proposes candidates; those that still show the bug, and are simpler, are taken. Simpler
means fewer draws that are not plain, then fewer draws, then fewer segments, then smaller answers
(shortlex; MacIver and Donaldson, "Test-case reduction via test-case generation", 2020). Passes are
repeated until none finds anything: the result is irreducible by any of them.

A recipe out of a search follows seeds. It is cut first: spans of draws are deleted or made plain,
large ones before small ones (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing
input", 2002). When few draws are left that are not plain, they are written down one by one, and
from then on no luck is in the recipe: `0@plain -> 12=3` says that draw 12 is 3 and all others are
as simple as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

from fuzzverse.model import SEGMENT, Recipe, SegmentKind
from fuzzverse.shapes import SEGMENTS_MAX, Candidate, Shape, Span, alone, explicit
from fuzzverse.trace import Draw
from fuzzverse.trials import Stopped

SPANS_OF_MANY: Final = (16, 8, 4, 3, 2, 1)  # where many edits make each size dear
EXPLICIT_MAX: Final = 1_000  # draws written down one by one
SPAN_SMALL: Final = 16  # spans up to this long are tried at every draw
REROLL_POINTS: Final = 16  # draws from which on other luck is tried
REROLL_SEEDS: Final = 16
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
# Simpler recipes may have more draws: so many times, and so many more. Past that, time probably
# stands still, as where all delays are plain.
GROWTH: Final = 2
GROWTH_DRAWS: Final = 200
ROUNDS_MAX: Final = 1_000


class Judge(Protocol):
    """Says of candidates whether they show the bug; a `trials.Oracle` is one."""

    def within(self, draws_max: int) -> None:
        """From now on, timelines that draw more often need not be said to show it."""

    def draws(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """Of each, how many draws there were before the bug; None: it does not show it."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What came of it; `draws_before` is how many draws the recipe as given has before the bug.
    `stopped` says why passes were left out; "": none was, the recipe is irreducible by them."""

    shape: Shape
    draws_before: int
    stopped: str


class NotReproducedError(Exception):
    """The recipe to start from does not show the bug."""


class Shrinker:
    """Shrinks one recipe.

    Args:
        judge: says what shows the bug.
        trace: the draws of a recipe's timeline.
        took: is told of every simpler recipe.
    """

    def __init__(
        self,
        judge: Judge,
        trace: Callable[[Recipe], Sequence[Draw]],
        took: Callable[[Shape], None] = lambda shape: None,
    ) -> None:
        self._judge = judge
        self._trace = trace
        self._took = took
        self._best: Shape | None = None
        self._is_begun = False

    @property
    def best(self) -> Shape:
        """The simplest so far."""
        assert self._best is not None
        return self._best

    def run(self, recipe: Recipe) -> Shrunk:
        """Shrinks until nothing helps or the judge says stop.

        Raises:
            NotReproducedError: the recipe does not show the bug.
        """
        (draws,) = self._judge.draws([alone(recipe)])
        if draws is None:
            raise NotReproducedError
        self._keep(Shape.of(recipe, draws))
        try:
            for _ in range(ROUNDS_MAX):
                before = self.best.key
                self._round()
                if self.best.key == before:
                    return Shrunk(self.best, draws, "")
        except Stopped as stopped:
            return Shrunk(self.best, draws, str(stopped))
        return Shrunk(self.best, draws, f"{ROUNDS_MAX} rounds")

    def _round(self) -> None:
        if not self.best.is_explicit:
            self._write_down()
        if not self.best.is_explicit:
            self._drop_tape()
            self._reroll()
            self._cut(is_filled=False)
            self._write_down()
        if not self.best.is_explicit:
            self._cut(is_filled=True)
            self._drop_stretches()
            self._write_down()
        if self.best.is_explicit and not self._is_begun:
            self._is_begun = True
            self._say_last_alone()
        # Cheap passes first, and again for as long as they help.
        is_long = len(self.best.edits) > PAIRS_MAX
        shifting = (self._unsay_shifting, self._pull_forward)
        for passes in (
            (self._unsay_alike, self._unsay),
            shifting if is_long else shifting[::-1],
            (self._unsay_pairs, self._swap_pairs),
            (self._say_last_alone,),
        ):
            said = self.best.key[0]
            for one in passes:
                one()
            if self.best.key[0] < said:
                return
        self._lower()
        self._lower_root()

    def _keep(self, shape: Shape) -> None:
        self._best = shape
        self._took(shape)
        self._judge.within(GROWTH * shape.draws + GROWTH_DRAWS)

    # ---- taking -------------------------------------------------------------------------------

    def _good(self, candidates: Sequence[Candidate | None]) -> list[bool]:
        """Which of them show the bug and are simpler than the best."""
        tried = [candidate for candidate in candidates if candidate is not None]
        answers = iter(self._judge.draws(tried))
        return [
            candidate is not None and self._is_simpler(candidate, next(answers))
            for candidate in candidates
        ]

    def _is_simpler(self, candidate: Candidate, draws: int | None) -> bool:
        return draws is not None and Shape.of(candidate.recipe, draws).key < self.best.key

    def _take(self, candidate: Candidate | None) -> bool:
        """Takes a candidate if it is good."""
        if candidate is None:
            return False
        (draws,) = self._judge.draws([candidate])
        if not self._is_simpler(candidate, draws):
            return False
        assert draws is not None
        self._keep(Shape.of(candidate.recipe, draws))
        return True

    def _take_first(self, candidates: Sequence[Candidate | None]) -> bool:
        """Takes the first good one."""
        for candidate, is_good in zip(candidates, self._good(candidates), strict=True):
            if is_good:
                return self._take(candidate)
        return False

    def _take_spans(self, spans: Sequence[Span]) -> int:
        """Takes as many of these spans, which do not overlap, as go together; in order of draws.

        Each is tried alone first; then all that are good at once, and where that is too much,
        halves of them.
        """
        base = self.best
        good = self._good([base.without(*span) for span in spans])
        chosen = [span for span, is_good in zip(spans, good, strict=True) if is_good]
        return self._take_together(chosen) if chosen else 0

    def _take_together(self, spans: Sequence[Span]) -> int:
        recipe = self.best.spliced(spans)
        if recipe is not None and self._take(self.best.candidate(recipe, spans[0][0])):
            return len(spans)
        if len(spans) == 1:
            return 0
        middle = len(spans) // 2
        # The later half first: the earlier keeps its numbers.
        later = self._take_together(spans[middle:])
        return later + self._take_together(spans[:middle])

    # ---- passes for recipes that follow seeds -------------------------------------------------

    def _drop_tape(self) -> None:
        best = self.best.recipe
        if best.tape is not None:
            self._take(alone(Recipe(best.root, best.path)))

    def _reroll(self) -> None:
        """Lets other luck in from some draws on, as long as it is over sooner."""
        draws_before = self.best.draws + 1
        while self.best.draws < draws_before:
            shape = self.best
            draws_before = shape.draws
            step = max(1, shape.draws // REROLL_POINTS)
            tried = []
            for draw in range(step, shape.draws, step):
                prefix, count = shape.prefix(draw)
                if len(prefix) >= SEGMENTS_MAX * SEGMENT.size:
                    break
                for seed in range(REROLL_SEEDS):
                    tail = SEGMENT.pack(count, seed, SegmentKind.RESEED, 0)
                    tried.append(
                        Candidate(shape.recipe.root, shape.recipe.tape, prefix, count, tail)
                    )
            found = zip(self._judge.draws(tried), range(len(tried)), strict=True)
            sooner = sorted((draws, i) for draws, i in found if draws is not None)
            if sooner:
                self._take(tried[sooner[0][1]])

    def _cut(self, *, is_filled: bool) -> None:
        """Deletes spans of draws, or makes them plain: halves, quarters, down to single draws.

        Short ones are only made plain, until few draws are left that are not: what is written down
        is deleted sooner.
        """
        size = max(1, self.best.draws // 2)
        while is_filled or size > SPAN_SMALL:
            if is_filled and len(self.best.items) > SEGMENTS_MAX - SPAN_SMALL:
                return  # what is cut up further could not be written
            phases = range(size) if size <= SPAN_SMALL else (0, size // 2)
            for phase in phases:
                self._take_spans(list(self._spans(size, phase, is_filled)))
            if size == 1 or (is_filled and self._few()):
                return
            size = size - 1 if size <= SPAN_SMALL else min(size, self.best.draws) // 2

    def _spans(self, size: int, phase: int, is_filled: bool) -> Iterable[Span]:
        draws = self.best.draws
        for first in range(phase, draws, size):
            behind = min(first + size, draws)
            yield (first, behind, behind - first if is_filled else 0)

    def _few(self) -> bool:
        return self.best.key[0] <= EXPLICIT_MAX // 2

    def _drop_stretches(self) -> None:
        """Lets each stretch go on where the next would begin."""
        for number in range(len(self.best.stretches) - 1, 0, -1):
            shape = self.best
            if number < len(shape.stretches):
                self._take(shape.joined(number))

    def _write_down(self) -> None:
        """Says every draw that is not plain, if they are few: no seed is left."""
        recipe = self.best.recipe
        draws = self._trace(recipe)[: self.best.draws]
        said = [(draw.number, draw.value) for draw in draws if not draw.is_plain]
        if len(said) > EXPLICIT_MAX:
            return
        for tape in dict.fromkeys((None, recipe.tape)):
            if self._take(alone(explicit(recipe.root, tape, said))):
                return

    def _say_last_alone(self) -> None:
        """Says the last few edits alone, at whatever draw they do it; of few edits, any other."""
        for kept in LAST_KEPT:
            shape = self.best
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
                if self._take_first(tried[first : first + LAST_AT_ONCE]):
                    return

    def _alone(self, said: Sequence[tuple[int, int]]) -> Candidate:
        recipe = self.best.recipe
        return alone(explicit(recipe.root, recipe.tape, said))

    # ---- passes for edits ---------------------------------------------------------------------

    def _unsay(self) -> None:
        """Makes edits plain: many at once, then fewer, then one by one."""
        size = max(1, len(self.best.edits) // 2)
        while True:
            edits = [self.best.at[i] for i in self.best.edits]
            groups = [edits[i : i + size] for i in range(0, len(edits), size)]
            spans = [(group[0], group[-1] + 1, group[-1] + 1 - group[0]) for group in groups]
            taken = self._take_spans(spans)
            if size > 1:
                size = size // 2
            elif not taken:
                return

    def _unsay_alike(self) -> None:
        """Makes all edits of the same question, asked at the same place, plain at once."""
        while len(self.best.edits) > 1:
            shape = self.best
            draws = self._trace(shape.recipe)
            groups: dict[tuple[str, tuple[int, ...]], list[int]] = {}
            for item in shape.edits:
                if shape.at[item] < len(draws):
                    draw = draws[shape.at[item]]
                    groups.setdefault((draw.label, draw.places), []).append(item)
            several = sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)
            if not self._take_first([shape.unsaid(group) for group in several]):
                return

    def _unsay_shifting(self) -> None:
        """Makes edits plain, one or several, where that makes for a few draws more or less: those
        that follow are to go on meaning what they did."""
        for size in SHIFTED:
            for by in (by for most in range(1, SHIFT_MAX + 1) for by in (most, -most)):
                self._take_spans(list(self._shifted(size, by)))

    def _shifted(self, size: int, by: int) -> Iterable[Span]:
        """Of every so many edits in a row, all their draws, as so many more or less plain ones."""
        edits = [self.best.at[item] for item in self.best.edits]
        behind_last = 0
        for group in (edits[i : i + size] for i in range(0, len(edits), size)):
            first, behind = group[0], group[-1] + 1
            fill = behind - first + by
            if fill < 0:
                behind, fill = behind - fill, 0
            if behind_last <= first and behind <= self.best.draws:
                yield (first, behind, fill)
                behind_last = behind

    def _pull_forward(self) -> None:
        """Deletes draws in front of edits, and behind the last: the rest comes sooner."""
        size = max(1, self.best.draws // 2)
        while size > SPAN_SMALL:
            self._pull(size)
            size //= 2
        is_long = len(self.best.edits) > PAIRS_MAX
        for small in SPANS_OF_MANY if is_long else range(SPAN_SMALL, 0, -1):
            while self._pull(small):
                pass

    def _pull(self, size: int) -> int:
        """Deletes spans of one size that end where an edit is, or begin behind it."""
        shape = self.best
        ends = {shape.at[i] for i in self.best.edits}
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
            some = self._take_spans(spans)
            taken += some
            waiting = [] if some else later
        return taken

    def _lower(self) -> None:
        """Lowers what is said, each as far as it goes; the last draws first. Of many edits, each a
        little: as far as it goes is dear, and hardly makes any of them plain."""
        if len(self.best.edits) > LOWER_EACH_MAX:
            self._lower_many()
            return
        while True:
            shape = self.best
            tried = [(i, shape.said(i, v)) for i in shape.edits for v in self._lower_values(i)]
            good = self._good([candidate for _, candidate in tried])
            found = {item for (item, _), is_good in zip(tried, good, strict=True) if is_good}
            if not found:
                return
            for item in sorted(found, reverse=True):
                if item < len(self.best.items):
                    self._lower_one(item)

    def _lower_many(self) -> None:
        """Lowers all edits that can be, together, to a few values, until none can."""
        before = None
        while self.best.key != before:
            before = self.best.key
            for shift in (64, 1):  # to 0, and to half
                shape = self.best
                said = [(i, shape.items[i].seed) for i in shape.edits]
                tried = [(i, v >> shift) for i, v in said if v > 0 and not shape.is_nudge(i)]
                good = self._good([shape.said(*one) for one in tried])
                chosen = [one for one, is_good in zip(tried, good, strict=True) if is_good]
                self._lower_together(chosen)

    def _lower_together(self, values: Sequence[tuple[int, int]]) -> None:
        """Lowers all of these items, or halves of them where that is too much."""
        values = [(item, value) for item, value in values if item < len(self.best.items)]
        if not values or self._take(self.best.lowered(values)) or len(values) == 1:
            return
        middle = len(values) // 2
        self._lower_together(values[middle:])
        self._lower_together(values[:middle])

    def _lower_values(self, item: int) -> list[int]:
        """Some values below what an item says, the least first."""
        found = self.best.items[item]
        if found.kind != SegmentKind.ANSWER:
            return []
        value = found.seed
        return sorted(v for v in {0, 1, 2, value // 4, value // 2, value - 1} if 0 <= v < value)

    def _lower_one(self, item: int) -> None:
        """Halves are tried first; where only a little less will do, the most that will."""
        while values := self._lower_values(item):
            shape = self.best
            value = shape.items[item].seed
            if not self._take_first([shape.said(item, v) for v in values]):
                return
            if item >= len(self.best.items) or self.best.items[item].kind != SegmentKind.ANSWER:
                return
            if self.best.items[item].seed == value - 1 > 2:
                shape = self.best
                least = [value - (value >> k) for k in range(2, value.bit_length())]
                self._take_first([shape.said(item, v) for v in least if v < value - 1])

    def _unsay_pairs(self) -> None:
        """Makes any two edits plain at once; of many, two that are near each other."""
        for reach in range(1, NEAR_MAX + 1) if len(self.best.edits) > PAIRS_MAX else ():
            shape = self.best
            edits = shape.edits
            pairs = list(zip(edits, edits[reach:], strict=False))
            good = self._good([shape.unsaid(pair) for pair in pairs])
            # From the last on: those before keep their numbers.
            for pair in reversed([p for p, is_good in zip(pairs, good, strict=True) if is_good]):
                if pair[1] < len(self.best.items):
                    self._take(self.best.unsaid(pair))
        while 2 <= len(edits := self.best.edits) <= PAIRS_MAX:
            shape = self.best
            tried = []
            for n, i in enumerate(edits):
                tried += [shape.unsaid((i, j)) for j in edits[n + 1 :]]
            if not self._take_first(tried):
                return

    def _swap_pairs(self) -> None:
        """Says one draw in place of two neighbours."""
        number = 0
        while 2 <= len(edits := self.best.edits) <= SWAPS_MAX and number < len(edits) - 1:
            some = list(pairwise(edits))[number : number + SWAPS_AT_ONCE]
            tried = [candidate for pair in some for candidate in self._swapped(*pair)]
            number = max(0, number - 1) if self._take_first(tried) else number + SWAPS_AT_ONCE

    def _swapped(self, first: int, second: int) -> Iterable[Candidate]:
        """With one draw near two edits said in their place."""
        shape = self.best
        base = Shape.of(shape.unsaid((first, second)).recipe, shape.draws)
        said = {base.at[edit] for edit in base.edits}
        start = max(0, shape.at[first] - SWAP_REACH)
        for draw in range(start, min(shape.at[second] + SWAP_REACH, shape.draws)):
            if draw not in said:
                yield from (base.with_answer(draw, value) for value in (0, 1))

    def _lower_root(self) -> None:
        """Small roots: of a recipe without luck they decide only which faults there may be."""
        recipe = self.best.recipe
        if not self.best.is_explicit or recipe.tape is not None:
            return
        roots = range(min(ROOTS, recipe.root))
        candidates = [alone(Recipe(root, recipe.path)) for root in roots]
        for candidate, draws in zip(candidates, self._judge.draws(candidates), strict=True):
            if draws is not None and draws <= self.best.draws:
                self._keep(Shape.of(candidate.recipe, draws))
                return
