"""Whom a run shares its archive with: nobody, or a team."""

from __future__ import annotations

from collections.abc import Sequence


class Alone:
    """Nobody: OUT/archive.db is all there is."""

    def changed(self) -> None:
        """Nobody is told."""

    def notes(self) -> Sequence[str]:
        """Nothing can go wrong."""
        return ()
