"""What becomes of known bugs once they are found: how small they get, whether they replay, whether
anybody can say why, and how many buckets they fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fuzzverse.catalogue import Catalogue
from fuzzverse.errors import UsageError
from fuzzverse.explain import Decision
from fuzzverse.outcome import Bug

PLANTED = "bug"  # what `expect` of a variant with a known bug says


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of every variant.

    A minimised recipe has at most `segments`, or no pass finds a simpler one; making it takes at
    most `seconds`. All of `replays` show the bug. One variant fills at most `buckets`.
    """

    segments: int
    seconds: float
    replays: int
    buckets: int


@dataclass(frozen=True, slots=True)
class Search:
    """A campaign of one variant, up to so many timelines behind the bug that was looked for.

    `bug` is that one as it was first seen, or else the first of all; None: there was none. `bugs`
    has one of each bucket.
    """

    seed: int
    bug: Bug | None
    is_wanted: bool
    bugs: tuple[Bug, ...]
    timelines: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Small:
    """A minimised recipe: `segments` of luck or plain, `said` draws that are neither, `lucky` draws
    that follow a seed, `draws` before the bug; of `found` draws that it had before. `stopped`: why
    a pass may find a simpler one; "": none does."""

    recipe: str
    segments: int
    said: int
    lucky: int
    draws: int
    found: int
    trials: int
    seconds: float
    stopped: str


@dataclass(frozen=True, slots=True)
class Reason:
    """What decided, and where; None: no draw whose change avoids the bug."""

    decision: Decision | None
    place: str
    trials: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that became of one variant; what a failure, told in `problem`, left out is None."""

    variant: str
    searches: tuple[Search, ...] = ()
    small: Small | None = None
    replayed: int | None = None
    reason: Reason | None = None
    problem: str = ""

    @property
    def search(self) -> Search | None:
        """The campaign whose bug was looked into: the first that found what it looked for."""
        found = [one for one in self.searches if one.bug is not None]
        return next((one for one in found if one.is_wanted), found[0] if found else None)

    @property
    def buckets(self) -> dict[str, Bug]:
        """One bug of each bucket, over all campaigns; those seen first come first."""
        found: dict[str, Bug] = {}
        for bug in (bug for one in self.searches for bug in one.bugs):
            found.setdefault(bug.bucket, bug)
        return found


def planted(catalogue: Catalogue, names: Sequence[str]) -> tuple[str, ...]:
    """The variants with a known bug: those named, all of a target that is named, or all there are.

    Raises:
        UsageError: nothing is called so, or it has no known bug.
    """
    known = {t.name: [v.name for v in t.variants if v.expect == PLANTED] for t in catalogue.targets}
    every = [name for variants in known.values() for name in variants]
    found: list[str] = []
    for name in names:
        if name not in every and not known.get(name):
            catalogue.resolve(name)
            raise UsageError(f"{name} has no known bug; there are: {', '.join(every)}")
        found += [name] if name in every else known[name]
    return tuple(dict.fromkeys(found if names else every))


def missed(one: Outcome, limits: Limits) -> list[str]:
    """What a variant fails to keep, in words."""
    found = _missed_of_bug(one, limits)
    if len(one.buckets) > limits.buckets:
        found.append(f"its bugs fill {len(one.buckets)} buckets (at most {limits.buckets})")
    return found


def _missed_of_bug(one: Outcome, limits: Limits) -> list[str]:
    if one.problem:
        return [one.problem]
    if one.search is None:
        return ["no bug was found within the limits of the search"]
    found = []
    small, reason = one.small, one.reason
    if small is None or (small.segments > limits.segments and small.stopped):
        found.append(f"the recipe has {small.segments if small else 'unknown'} segments (at most "
                     f"{limits.segments}), and passes were left out")  # fmt: skip
    if small is not None and small.stopped:
        found.append(f"minimising stopped: {small.stopped}")
    if small is not None and small.seconds > limits.seconds:
        found.append(f"minimising took {small.seconds:.1f} s (at most {limits.seconds:g} s)")
    if one.replayed != limits.replays:
        found.append(f"{one.replayed or 0} of {limits.replays} replays show the bug")
    if reason is None or reason.decision is None:
        found.append("no draw is known whose change avoids the bug")
    return found


def shared(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """The buckets that two variants share. A bucket is of a target: its archive name is both."""
    pairs = [(one.variant, bucket) for one in outcomes for bucket in one.buckets]
    return sorted({pair for pair in pairs if pairs.count(pair) > 1})


def namesakes(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """Of names of buckets that several variants have, which: mistakes that fail the same mark."""
    having: dict[str, list[str]] = {}
    for one in outcomes:
        for bucket in one.buckets:
            having.setdefault(bucket, []).append(one.variant)
    return {bucket: who for bucket, who in sorted(having.items()) if len(who) > 1}
