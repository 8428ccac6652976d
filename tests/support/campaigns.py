"""Campaigns on real targets, for tests that ask what the engine does."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzzverse import native
from fuzzverse.model import Isolation, Policy, Recipe, Target, TimelineRecord, Totals
from fuzzverse.session import describe


def described(path: Path) -> Target:
    """What the executable at a path says of itself."""
    return describe(path, native.ABI, os.environ)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A campaign from start to finish; `unfit` says why it was not rewound, if it was not."""

    records: tuple[TimelineRecord, ...]
    totals: Totals
    unfit: str

    @property
    def bugs(self) -> Sequence[TimelineRecord]:
        """Records of bugs: the first sighting of each identity, and better recipes."""
        return [record for record in self.records if record.verdict.is_bug]


def explore(
    target: Target,
    policy: Policy,
    disturb: Callable[[native.Campaign], None] = lambda campaign: None,
    inputs: Sequence[Recipe] = (),
) -> Outcome:
    """Runs a campaign to its end; `disturb` is called between steps."""
    records: list[TimelineRecord] = []
    with native.Campaign(target, policy, inputs) as campaign:
        finished = False
        while not finished:
            progress = campaign.step(0.05)
            records += progress.timelines
            finished = progress.finished
            if not finished:
                disturb(campaign)
        return Outcome(tuple(records), campaign.totals(), campaign.unfit())


def check_both_isolations(executable: Path, timelines: int = 2_000) -> None:
    """No bug, and the same campaign whether timelines are forked or rewound."""
    target = described(executable)
    digests = set()
    for isolation in (Isolation.FORK, Isolation.REWIND):
        outcome = explore(target, Policy(timelines=timelines, jobs=2, isolation=isolation))
        assert [bug.message for bug in outcome.bugs] == []
        assert outcome.unfit == ""
        digests.add(outcome.totals.digest)
    assert len(digests) == 1


def check_replay(target: Target, bug: TimelineRecord) -> None:
    """A bug's recipe ends as the campaign saw it end."""
    with Path(os.devnull).open("wb") as nowhere:
        replay = native.replay(target, bug.recipe, log_fd=nowhere.fileno())
    assert (replay.digest, replay.verdict) == (bug.digest, bug.verdict)


def processes_of(executable: Path) -> list[int]:
    """The ids of living processes that run an executable."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "exe").readlink() == executable:
                found.append(int(entry.name))
        except OSError:
            continue
    return found
