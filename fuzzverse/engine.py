"""What the rooms above `native` need of it, as protocols, so that each can be tested alone."""

from __future__ import annotations

from typing import Protocol

from fuzzverse.errors import EngineError
from fuzzverse.model import (
    MarkTally,
    Policy,
    Progress,
    Recipe,
    Replay,
    Survey,
    Target,
    Totals,
    Verdict,
)


class RunningCampaign(Protocol):
    """An open campaign; `native.Campaign` is one."""

    def step(self, timeout_s: float) -> Progress:
        """Runs for at most `timeout_s`; returns early on a bug or the end."""

    def totals(self) -> Totals:
        """The campaign at this moment."""

    def unfit(self) -> str:
        """Why timelines are not rewound although they were to be; empty while they are."""

    def tallies(self) -> tuple[MarkTally, ...]:
        """What was seen of each mark."""

    def sightings(self, verdict: Verdict, identity: str) -> int:
        """How often a bug was seen: timelines of equal bugs are told once, and counted."""

    def survey(self) -> Survey:
        """Where the campaign has been and what it spent there."""

    def stop(self) -> Progress:
        """Ends every timeline under way and returns what they had brought."""


class Replayer(Protocol):
    """Replays recipes and writes them down; the module `native` is one."""

    def replay(
        self,
        target: Target,
        recipe: Recipe,
        *,
        log_fd: int,
        draws: bool = False,
        deadline_ms: int = 10_000,
        memory_mb: int = 2_048,
    ) -> Replay:
        """Runs one timeline alone; its log goes to `log_fd`."""

    def recipe_text(self, recipe: Recipe) -> str:
        """The segments as text, "" when there are none."""

    def input_bytes(self, recipe: Recipe) -> bytes:
        """The input that replays the recipe."""


def insist_on_rewinding(engine: RunningCampaign, policy: Policy) -> None:
    """Raises EngineError when timelines are not rewound although the policy says that they must."""
    why = engine.unfit()
    if policy.must_rewind and why:
        raise EngineError(
            f"timelines cannot be rewound, as --isolation rewind asks: {why}; "
            "--isolation auto runs them under fork instead"
        )
