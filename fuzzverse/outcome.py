"""What a campaign leaves behind: its bugs, its budgets, its moments and its summary, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from fuzzverse.model import MarkTally, Policy, Totals, Verdict

# How native/runtime/canary.c begins its words.
_LEAK: Final = "rewinding leaks"


def is_leak(unfit: str) -> bool:
    """Whether timelines are not rewound any more because a canary saw a difference."""
    return unfit.startswith(_LEAK)


class StopReason(enum.StrEnum):
    """Why a campaign ended."""

    TIMELINES = "timelines"
    ROOTS = "roots"
    TIME = "time"
    STABLE = "stable"
    FRESH = "fresh"
    BUG = "bug"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class Bug:
    """A bucket of bugs and its best (shortest) recipe.

    `kind` is that of the failed mark, "bug" for `fv_bug`, the signal, or the verdict; `recipe` is
    the text of the recipe's `segments` segments, after the root seed; `sightings` counts the
    timelines of this campaign that fell into the bucket; `reproduced` of `replays` replays ended
    in it; `command` is the line that replays it; `is_minimized`: `bugs minimize` made the recipe.
    """

    bucket: str
    verdict: Verdict
    kind: str
    message: str
    identity: str
    root: int
    recipe: str
    segments: int
    draws: int
    sightings: int
    first_timeline: int
    reproduced: int
    replays: int
    command: str
    is_minimized: bool = False

    @property
    def length(self) -> tuple[bool, int, int, str]:
        """What makes a recipe better when it is less: any as found loses to a minimised one; then
        segments, draws, text."""
        return not self.is_minimized, self.segments, self.draws, self.recipe


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A running campaign as observers see it; times are in seconds since its start.

    `unfit` says why timelines are not rewound although they were to be ("": they are).
    """

    seconds: float
    last_discovery: float
    totals: Totals
    tallies: tuple[MarkTally, ...]
    bugs: tuple[Bug, ...]
    corpus: int
    policy: Policy
    unfit: str

    @property
    def timelines_per_second(self) -> float:
        """Timelines a second since the start."""
        return self.totals.timelines / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished campaign.

    `digest` names the whole campaign: equal digests took the same decisions and saw the same
    things. It is a function of target build, policy and inputs, unless the clock or Ctrl-C ended
    the campaign: then it depends on when that was. `unfit` is that of the last Snapshot.
    """

    target: str
    build_id: str
    stopped: StopReason
    seconds: float
    bugs: tuple[Bug, ...]
    tallies: tuple[MarkTally, ...]
    totals: Totals
    corpus: int
    out: str
    problems: tuple[str, ...]
    policy: Policy
    unfit: str

    @property
    def digest(self) -> str:
        """The campaign's digest, as 16 hex digits."""
        return f"{self.totals.digest:016x}"

    @property
    def timelines_per_second(self) -> float:
        """Timelines a second over the whole campaign."""
        return self.totals.timelines / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that doctor looked at: what was found, and what to do when it did not pass."""

    name: str
    passed: bool
    needed: bool
    found: str
    advice: str = ""
