"""Whom a run shares its archive with: nobody, or a team."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from fuzzverse.archive.database import Database, Where
from fuzzverse.cli.watching import say
from fuzzverse.observer import Team
from fuzzverse.sharing import Sharing, push_out

ARCHIVE_OPTION = click.option(
    "--archive",
    metavar="URL",
    envvar="FUZZVERSE_ARCHIVE",
    help="Share what is found: postgresql://USER@HOST/DATABASE, or the path of a SQLite file. "
    "[env: FUZZVERSE_ARCHIVE]",
)


class Alone:
    """Nobody: OUT/archive.db is all there is."""

    def changed(self) -> None:
        """Nobody is told."""

    def notes(self) -> Sequence[str]:
        """Nothing can go wrong."""
        return ()


@contextlib.contextmanager
def shared(archive: str | None, out: Path, uid: str) -> Iterator[Team]:
    """Whom a campaign is shared with. OUT/archive.db is written in any case.

    Raises:
        CommandError: the archive cannot be used now, before the run. Later that is only told.
    """
    where = Where(archive) if archive else None
    if where is None or where.is_file(out / "archive.db"):
        yield Alone()
        return
    Database(where).close()
    team = Sharing(lambda: push_out(out, where, uid))
    try:
        with team:
            yield team
    finally:
        if team.failed:
            say(
                f"warning: {team.failed}\n  share the run later: "
                f"fuzzverse archive push {out} {where.shown}"
            )
