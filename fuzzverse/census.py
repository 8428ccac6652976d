"""What each of many inputs has: run one by one, under whatever isolation, in one campaign."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from fuzzverse.engine import RunningCampaign
from fuzzverse.model import Counted, Policy, Recipe, Strategy

STEP_S: Final = 0.1

# Opens a campaign of these inputs; `native.Campaign` with a target does.
Open = Callable[[Policy, Sequence[Recipe]], AbstractContextManager[RunningCampaign]]


def census(
    open_campaign: Open,
    recipes: Sequence[Recipe],
    limits: Policy,
    goes_on: Callable[[], bool] = lambda: True,
) -> Iterator[Counted]:
    """Runs every recipe once and yields what it has, in their order.

    Args:
        open_campaign: makes the campaign.
        recipes: what to run; they need not differ.
        limits: jobs, isolation, deadline and memory are taken of it.
        goes_on: asked now and then; the end when it says no.

    Raises:
        EngineError: a campaign failed, or an input has more features than are told of one.
    """
    if not recipes:
        return
    policy = Policy(
        strategy=Strategy.CENSUS,
        jobs=limits.jobs,
        window=16,
        timelines=len(recipes),
        isolation=limits.isolation,
        must_rewind=limits.must_rewind,
        deadline_ms=limits.deadline_ms,
        memory_mb=limits.memory_mb,
        canary=0,
    )
    with open_campaign(policy, recipes) as campaign:
        finished = False
        while not finished and goes_on():
            progress = campaign.step(STEP_S)
            finished = progress.finished
            yield from progress.counted
