"""Asks a target how timelines end: many recipes at once, each only once.

An `Oracle` knows one bug. It hands candidates to workers in jobs that share splitpoints, so that
what they have in common runs once, and remembers every answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fuzzverse.buckets import Buckets, Ending
from fuzzverse.errors import EngineError
from fuzzverse.model import SEGMENT, Progress, Trial, TrialOrder
from fuzzverse.shapes import Candidate

ORDERS_MAX: Final = 64
TAILS_MAX: Final = 256
SEGMENTS_MAX: Final = 8_192
JOBS_AT_ONCE: Final = 32
STEP_S: Final = 0.25
PREFIXES_MAX: Final = 256
SHARED_MIN: Final = 16  # candidates that are worth a job of their own


class Stopped(Exception):
    """No more trials: a budget is spent, or the user has had enough; the words say which."""


class Trier(Protocol):
    """Runs trials; a `native.Campaign` of the strategy TRIALS is one."""

    def add_trials(self, orders: Sequence[TrialOrder], draws_max: int | None) -> None:
        """Adds a job; its timelines end where they would draw more than so often."""

    def step(self, timeout_s: float) -> Progress:
        """Runs for at most so long; finished when no job is left."""


class Limit(Protocol):
    """Says when to stop."""

    def check(self, trials: int) -> None:
        """Raises Stopped."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many trials, so many seconds by the clock, and until somebody asks to stop.

    A budget in trials ends a search at the same place every time; one in seconds does not.
    """

    trials: int
    until: float | None
    clock: Callable[[], float]
    asked: Callable[[], bool]

    def check(self, trials: int) -> None:
        """Raises Stopped when there is no more to spend."""
        if self.asked():
            raise Stopped("interrupted")
        if trials >= self.trials:
            raise Stopped(f"{self.trials:,} trials are spent")
        if self.until is not None and self.clock() >= self.until:
            raise Stopped("time is up")


class Oracle:
    """Whether recipes show one bug, and at which draw.

    Args:
        buckets: tell bugs apart.
        bucket: of the bug.
        trier: runs timelines.
        limit: is asked before and during every batch.
        jobs: how many workers the trier has.
        is_hang: the bug is that timelines do not end, so none is ended.
        moved: is told how many trials there were, often.
    """

    def __init__(
        self,
        buckets: Buckets,
        bucket: str,
        trier: Trier,
        limit: Limit,
        jobs: int = 1,
        *,
        is_hang: bool = False,
        moved: Callable[[int], None] = lambda trials: None,
    ) -> None:
        self._buckets = buckets
        self._bucket = bucket
        self._trier = trier
        self._limit = limit
        self._jobs = jobs
        self._is_hang = is_hang
        self._moved = moved
        self._known: dict[bytes, int | None] = {}
        self._names = _Names()
        self._same: dict[tuple[object, ...], bool] = {}
        self._first_job = 0
        self._draws_max: int | None = None
        self.trials = 0
        self.remembered = 0

    def within(self, draws_max: int) -> None:
        """From now on, timelines that draw more often do not show the bug.

        Where draws are plain, time may stand still, and a timeline draw forever.
        """
        self._draws_max = None if self._is_hang else draws_max

    def draws(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """Of each candidate, how many draws there were before the bug; None: it does not show it.

        Raises:
            Stopped: what the limit says.
            EngineError: the machinery failed.
        """
        names = [self._names.of(candidate) for candidate in candidates]
        fresh: dict[bytes, Candidate] = {}
        for name, candidate in zip(names, candidates, strict=True):
            if name not in self._known:
                fresh.setdefault(name, candidate)
        self.remembered += len(candidates) - len(fresh)
        asked = list(fresh.items())
        while asked:
            self._limit.check(self.trials)
            part = min(len(asked), TAILS_MAX * JOBS_AT_ONCE // 2)
            self._ask(asked[:part])
            asked = asked[part:]
        return [self._known[name] for name in names]

    def _ask(self, asked: Sequence[tuple[bytes, Candidate]]) -> None:
        share = max(SHARED_MIN, -(-len(asked) // (2 * self._jobs)))
        jobs = list(_jobs(asked, min(share, TAILS_MAX)))
        answers: dict[bytes, int | None] = dict.fromkeys((name for name, _ in asked))
        for first in range(0, len(jobs), JOBS_AT_ONCE):
            some = jobs[first : first + JOBS_AT_ONCE]
            for job in some:
                self._trier.add_trials(job.orders, self._draws_max)
            self._await(some, answers)
        self._known.update(answers)

    def _await(self, jobs: Sequence[_Job], answers: dict[bytes, int | None]) -> None:
        progress = None
        while progress is None or not progress.finished:
            progress = self._trier.step(STEP_S)
            for trial in progress.trials:
                name = jobs[trial.job - self._first_job].names[trial.order][trial.child]
                answers[name] = trial.draws if self._shows(trial) else None
            self.trials += len(progress.trials)
            self._moved(self.trials)
            if not progress.finished:
                self._limit.check(self.trials)
        self._first_job += len(jobs)

    def _shows(self, trial: Trial) -> bool:
        if not trial.verdict.is_bug:
            return False
        ending = (trial.verdict, trial.signal, trial.exit_code, trial.mark)
        key = (*ending, trial.identity, trial.message)
        if key not in self._same:
            self._same[key] = self.is_same(trial)
        return self._same[key]

    def is_same(self, ending: Ending) -> bool:
        """Whether a timeline ended in this bug."""
        return ending.verdict.is_bug and self._buckets.bucket_of(ending) == self._bucket


@dataclass(slots=True)
class _Job:
    orders: list[TrialOrder]
    names: list[list[bytes]]


class _Names:
    """Hashes recipes, and what many of them begin with only once."""

    def __init__(self) -> None:
        self._begun: dict[tuple[int, bool, bytes], hashlib.blake2b] = {}

    def of(self, candidate: Candidate) -> bytes:
        key = (candidate.root, candidate.tape is not None, candidate.prefix)
        begun = self._begun.get(key)
        if begun is None:
            if len(self._begun) >= PREFIXES_MAX:
                self._begun.clear()
            begun = hashlib.blake2b(f"{key[0]} {key[1]} ".encode(), digest_size=16)
            begun.update(candidate.prefix)
            self._begun[key] = begun
        name = begun.copy()
        name.update(candidate.tail)
        return name.digest()


def _jobs(asked: Sequence[tuple[bytes, Candidate]], tails_max: int) -> Iterator[_Job]:
    """Groups candidates that part at the same place, within what a job holds."""
    groups: dict[tuple[int, bool, bytes, int], list[tuple[bytes, bytes]]] = {}
    for name, one in asked:
        key = (one.root, one.tape is not None, one.prefix, one.parts_at)
        groups.setdefault(key, []).append((name, one.tail))
    job, tails, segments = _Job([], []), 0, 0
    for (root, has_tape, prefix, count), members in groups.items():
        at = 0
        while at < len(members):
            room = SEGMENTS_MAX - segments - len(prefix) // SEGMENT.size
            taken = 0
            while at + taken < len(members) and tails + taken < tails_max:
                size = len(members[at + taken][1]) // SEGMENT.size
                if size > room:
                    break
                room -= size
                taken += 1
            if taken == 0 or len(job.orders) == ORDERS_MAX:
                if not job.orders:
                    raise EngineError("a candidate has more segments than a job holds")
                yield job
                job, tails, segments = _Job([], []), 0, 0
                continue
            some = members[at : at + taken]
            job.orders.append(
                TrialOrder(root, prefix, count, tuple(tail for _, tail in some), has_tape)
            )
            job.names.append([name for name, _ in some])
            at += taken
            tails += taken
            segments = SEGMENTS_MAX - room
    if job.orders:
        yield job
