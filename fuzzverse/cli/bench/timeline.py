"""`fuzzverse bench timeline`."""

from __future__ import annotations

import click

from fuzzverse.bench.timeline import measure_timeline
from fuzzverse.cli.opening import BuildRequest, open_target
from fuzzverse.report.bench import render_timeline, render_timeline_json

DEFAULT_VARIANTS = ("timeline-1mb", "timeline-1mb-20-pages", "timeline-10mb-20-pages")


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--timelines", default=3_000, show_default=True, type=click.IntRange(min=1))
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, every round included.")
def timeline(targets: tuple[str, ...], timelines: int, rounds: int, as_json: bool) -> None:
    """What one timeline costs, beside a bare fork of an equal process.

    TARGETS are names or paths; by default those made for this measurement.
    """
    costs = []
    for name in targets or DEFAULT_VARIANTS:
        opened = open_target(name, BuildRequest())
        costs.append((name, measure_timeline(opened.target, timelines, rounds)))
    render = render_timeline_json if as_json else render_timeline
    click.echo(render(costs), nl=False)
