"""Whom a campaign tells what happens, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fuzzverse.model import Discovery
from fuzzverse.outcome import Bug, Snapshot


class Observer(Protocol):
    """Who watches a campaign: a screen, or lines."""

    def moved(self, moment: Snapshot, discoveries: Sequence[Discovery]) -> None:
        """Something fresh came (discoveries may be none) or time passed."""

    def found(self, bug: Bug) -> None:
        """A bug in a new bucket; it is on disk already."""

    def noted(self, words: str) -> None:
        """Something went wrong that does not end the campaign."""


class Team(Protocol):
    """Whom a campaign is shared with while it runs: a team's archive, or nobody."""

    def changed(self) -> None:
        """What OUT/archive.db holds is worth sharing now."""

    def notes(self) -> Sequence[str]:
        """What went wrong since this was last asked; the campaign goes on."""
