"""`fuzzverse bugs`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from fuzzverse import bugstore
from fuzzverse.cli.bundles import ARCHIVE_OPTION, export_bug, import_bugs
from fuzzverse.cli.minimize import minimize
from fuzzverse.cli.trying import OUT_OPTION, bug_places, find_bug
from fuzzverse.cli.why import why
from fuzzverse.report import bugs as bug_report


@click.group()
def bugs() -> None:
    """List, show, minimise, explain and pass on the bugs that runs left."""


@bugs.command("list")
@OUT_OPTION
@ARCHIVE_OPTION
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_bugs(out: Path, archive: str | None, as_json: bool) -> None:
    """List the bugs in OUT, or with --archive those of all campaigns that an archive knows: since
    when, in which builds, how often."""
    if archive is not None:
        click.echo(across(archive, as_json))
        return
    saved = [bugstore.load(bugs, name) for bugs in bug_places(out) for name in bugstore.names(bugs)]
    if not as_json:
        click.echo(bug_report.render([one.bug for one in saved]))
        return
    for one in saved:
        values = {"target": one.target, "build_id": one.build_id, **asdict(one.bug)}
        click.echo(json.dumps({**values, "verdict": one.bug.verdict.name.lower()}))


def across(place: str, as_json: bool) -> str:
    """The bugs of an archive, as a table or as JSON."""
    # Imported here because the archive takes longer to load than everything else.
    from fuzzverse.archive.queries import bugs_across, open_existing
    from fuzzverse.report.archive import render_bugs

    with open_existing(place) as database:
        found = bugs_across(database)
    if not as_json:
        return render_bugs(found)
    return "\n".join(json.dumps(asdict(bug)) for bug in found)


@bugs.command("show")
@click.argument("bucket")
@OUT_OPTION
def show(bucket: str, out: Path) -> None:
    """Show a bug in full: facts, recipe, the line that replays it, stack, the end of its log."""
    place = find_bug(bucket, out)
    saved = bugstore.load(place, bucket)
    stack, log = (
        bugstore.read_part(place, bucket, part).decode(errors="replace")
        for part in ("stack", "log")
    )
    click.echo(bug_report.render_shown(saved.bug, saved.target, saved.build_id, stack, log))


for command in (minimize, why, export_bug, import_bugs):
    bugs.add_command(command)
