"""Merging corpora: what one directory lacks that others have, in few and small inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fuzzverse.distil import Distiller, Features
from fuzzverse.journal import Journal
from fuzzverse.model import Counted, Verdict

# Runs inputs, given by name, in their order, and yields what each has.
Run = Callable[[Sequence[str]], Iterator[tuple[str, Counted]]]


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it. `kept` are names of inputs to be added, smallest first; `bad` those that
    end badly, and how; `is_whole` is False when it was interrupted: then nothing is kept."""

    kept: tuple[str, ...]
    bad: tuple[tuple[str, Verdict], ...]
    inputs: int
    reused: int
    features_before: int
    features_after: int
    is_whole: bool


def merge(
    there: Sequence[str],
    offered: Mapping[str, int],
    run: Run,
    journal: Journal,
) -> Merged:
    """Chooses among `offered` inputs what adds features to those that are `there`.

    Args:
        there: names of inputs that stay.
        offered: names of inputs to choose from, with their sizes.
        run: runs what the journal does not know yet.
        journal: remembers what has been run.
    """
    seen = _Seen(there, offered)
    reused = 0
    # What stays first: what it has counts for nothing afterwards, and nothing else is remembered.
    for part in (sorted(there), sorted(offered, key=lambda name: (offered[name], name))):
        wanted = frozenset(part)
        for name, counted in journal.read():
            reused += name in wanted and seen.take(name, counted)
        for name, counted in run([name for name in part if name not in seen.names]):
            journal.add(name, counted)
            journal.flush()
            seen.take(name, counted)
    names = {*there, *offered}
    return seen.merged(len(names), reused, is_whole=seen.names >= names)


class _Seen:
    """What has been seen of inputs; features that are there count for nothing."""

    def __init__(self, there: Sequence[str], offered: Mapping[str, int]) -> None:
        self.names: set[str] = set()
        self._there = frozenset(there)
        self._order = sorted(offered, key=lambda name: (offered[name], name))
        self._index = {name: i for i, name in enumerate(self._order)}
        self._offered = offered
        self._covered = np.zeros(1 << 12, dtype=bool)
        self._distiller = Distiller()
        self._bad: list[tuple[str, Verdict]] = []

    def take(self, name: str, counted: Counted) -> bool:
        """False: it has been taken already."""
        if name in self.names:
            return False
        self.names.add(name)
        if counted.verdict is not Verdict.OK:
            self._bad.append((name, counted.verdict))
        if name in self._there:
            self._cover(counted)
        elif counted.verdict is Verdict.OK:
            fresh = self._fresh(counted.features)
            self._distiller.add(self._index[name], self._offered[name], counted.work, fresh)
        return True

    def _cover(self, counted: Counted) -> None:
        if len(counted.features) == 0:
            return
        size = int(counted.features.max()) + 1
        if size > len(self._covered):
            more = np.zeros(max(size, 2 * len(self._covered)) - len(self._covered), dtype=bool)
            self._covered = np.concatenate((self._covered, more))
        self._covered[counted.features] = True

    def _fresh(self, features: Features) -> Features:
        is_known = features < len(self._covered)
        is_known[is_known] = self._covered[features[is_known]]
        return features[~is_known]

    def merged(self, inputs: int, reused: int, *, is_whole: bool) -> Merged:
        before = int(self._covered.sum())
        chosen = self._distiller.chosen()
        kept = tuple(self._order[i] for i in chosen.indices) if is_whole else ()
        after = before + chosen.features
        return Merged(kept, tuple(sorted(self._bad)), inputs, reused, before, after, is_whole)
