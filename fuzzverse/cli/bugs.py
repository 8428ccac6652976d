"""`fuzzverse bugs`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from fuzzverse import bugstore
from fuzzverse.errors import UsageError
from fuzzverse.report import bugs as bug_report

OUT_OPTION = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("fuzzverse-out"),
    show_default=True,
    help="What a run left, or a directory of such.",
)


@click.group()
def bugs() -> None:
    """List and show the bugs that runs left."""


@bugs.command("list")
@OUT_OPTION
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_bugs(out: Path, as_json: bool) -> None:
    """List the bugs in OUT."""
    saved = [bugstore.load(bugs, name) for bugs in _places(out) for name in bugstore.names(bugs)]
    if not as_json:
        click.echo(bug_report.render([one.bug for one in saved]))
        return
    for one in saved:
        values = {"target": one.target, "build_id": one.build_id, **asdict(one.bug)}
        click.echo(json.dumps({**values, "verdict": one.bug.verdict.name.lower()}))


@bugs.command("show")
@click.argument("bucket")
@OUT_OPTION
def show(bucket: str, out: Path) -> None:
    """Show a bug in full: facts, recipe, the line that replays it, stack, the end of its log."""
    places = [place for place in _places(out) if bucket in bugstore.names(place)]
    place = places[0] if places else _places(out)[0]
    saved = bugstore.load(place, bucket)
    stack, log = (
        bugstore.read_part(place, bucket, part).decode(errors="replace")
        for part in ("stack", "log")
    )
    click.echo(bug_report.render_shown(saved.bug, saved.target, saved.build_id, stack, log))


def _places(out: Path) -> list[Path]:
    """OUT/bugs, or OUT/*/bugs when OUT holds what several runs left."""
    places = [p for p in (out / "bugs", *sorted(out.glob("*/bugs"))) if p.is_dir()]
    if not places:
        raise UsageError(f"{out} holds no bugs directory; give what a run left with --out")
    return places
