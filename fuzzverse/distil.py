"""Which of many inputs are enough: a small set that has every feature that all of them have.

Source: the candidates are AFL's favoured inputs (Zalewski, "Technical details for american fuzzy
lop": for each tuple the smallest input that has it); of these a greedy set cover is taken (Chvatal,
"A greedy heuristic for the set-covering problem", 1979), and what is superfluous then is left out.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The inputs that are enough, by index, smallest first; `features` of all there were."""

    indices: tuple[int, ...]
    features: int


class Distiller:
    """Takes inputs one by one and keeps only candidates: those that are the smallest, then the
    fastest, of all that have some feature. So memory is bounded by features, not by inputs, and
    what is chosen does not depend on the order in which inputs come, if no two cost the same.
    """

    def __init__(self) -> None:
        self._best = np.full(1 << 12, -1, dtype=np.int64)  # the candidate of each feature
        self._candidates: dict[int, Features] = {}
        self._costs: dict[int, tuple[int, int, int]] = {}
        self._holds: dict[int, int] = {}

    def add(self, index: int, size: int, work: int, features: Features) -> None:
        """Takes input `index`, of `size` bytes; `work` orders inputs of one size."""
        mine = np.unique(features)
        if len(mine) == 0:
            return
        self._make_room(int(mine[-1]) + 1)
        cost = (size, work, index)
        holders = self._best[mine]
        beaten = [one for one in np.unique(holders) if one >= 0 and self._costs[int(one)] > cost]
        won = mine[np.isin(holders, [-1, *beaten])]
        if len(won) == 0:
            return
        for one, count in zip(*np.unique(self._best[won], return_counts=True), strict=True):
            if one >= 0:
                self._lose(int(one), int(count))
        self._best[won] = index
        self._candidates[index], self._costs[index] = mine, cost
        self._holds[index] = len(won)

    def chosen(self) -> Chosen:
        """The inputs that are enough, of those that have come so far."""
        uncovered = self._best >= 0
        total = int(uncovered.sum())
        queue = [(self._rank(i, len(f)), i) for i, f in self._candidates.items()]
        heapq.heapify(queue)
        kept: list[int] = []
        while total > 0 and queue:
            _, index = heapq.heappop(queue)
            mine = self._candidates[index]
            gain = int(uncovered[mine].sum())
            if gain == 0:
                continue
            rank = self._rank(index, gain)
            if queue and rank > queue[0][0]:  # gains only shrink: an old rank may be too good
                heapq.heappush(queue, (rank, index))
                continue
            kept.append(index)
            uncovered[mine] = False
        return Chosen(self._needed(kept), total)

    def _needed(self, kept: list[int]) -> tuple[int, ...]:
        """Without those all of whose features others of them have, dearest first."""
        owners = np.zeros(len(self._best), dtype=np.int64)
        for index in kept:
            owners[self._candidates[index]] += 1
        needed = []
        for index in sorted(kept, key=self._costs.__getitem__, reverse=True):
            mine = self._candidates[index]
            if (owners[mine] > 1).all():
                owners[mine] -= 1
            else:
                needed.append(index)
        return tuple(reversed(needed))

    def _rank(self, index: int, gain: int) -> tuple[float, tuple[int, int, int]]:
        cost = self._costs[index]
        return (cost[0] + 1) / gain, cost

    def _lose(self, index: int, count: int) -> None:
        self._holds[index] -= count
        if self._holds[index] == 0:
            del self._holds[index], self._candidates[index], self._costs[index]

    def _make_room(self, size: int) -> None:
        if size > len(self._best):
            more = np.full(max(size, 2 * len(self._best)) - len(self._best), -1, dtype=np.int64)
            self._best = np.concatenate((self._best, more))
