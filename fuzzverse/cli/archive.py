"""`fuzzverse archive`."""

from __future__ import annotations

from pathlib import Path

import click

from fuzzverse.archive.database import Where
from fuzzverse.archive.queries import FILE_NAME, open_existing, properties
from fuzzverse.errors import UsageError
from fuzzverse.report.archive import render_properties
from fuzzverse.report.text import plural
from fuzzverse.sharing import push_out


@click.group()
def archive() -> None:
    """Share what runs left with a team, and ask what all of them saw."""


@archive.command("push")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("url")
def push_archive(out: Path, url: str) -> None:
    """Copy the campaigns in OUT into a team's archive at URL.

    URL is postgresql://USER@HOST/DATABASE or the path of a SQLite file. What is there already is
    brought up to date, so it may be repeated at will, also while a run goes on.
    """
    where = Where(url)
    if not (out / FILE_NAME).is_file():
        raise UsageError(f"{out} holds no {FILE_NAME}; give what a run left")
    if where.is_file(out / FILE_NAME):
        raise UsageError(f"{url} is the archive of {out} itself; give another one")
    pushed = push_out(out, where)
    click.echo(
        f"{plural(pushed.campaigns, 'campaign')} in {where.shown}: with "
        f"{plural(pushed.entries, 'entry', 'entries')} and {plural(pushed.bugs, 'bug')}"
    )


@archive.command("properties")
@click.argument("place", metavar="OUT|URL")
@click.option("--property", "words", default="", help="Only those whose message has this in it.")
def show_properties(place: str, words: str) -> None:
    """Show what became of properties, campaign by campaign: passes, failures, watermark."""
    with open_existing(place) as database:
        click.echo(render_properties(properties(database, words)))
