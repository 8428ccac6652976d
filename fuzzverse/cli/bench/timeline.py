"""`fuzzverse bench timeline`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from fuzzverse.bench.search import Interrupted
from fuzzverse.bench.timeline import Shape, TimelineCost, measure_rounds, shape_of
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.opening import BuildRequest, known_variant, open_target
from fuzzverse.cli.options import Duration
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode, UsageError
from fuzzverse.interruption import Interruption
from fuzzverse.report import bench as report
from fuzzverse.report import chart
from fuzzverse.report.costs import charts

_SIZES: Final = ("1mb", "10mb", "100mb", "1000mb")
DEFAULT_VARIANTS: Final = (
    "timeline-1mb",
    *(f"timeline-{size}-20-pages" for size in _SIZES[:-1]),
)
PLOT_VARIANTS: Final = (
    *(f"timeline-{size}-20-pages" for size in _SIZES),
    *(f"timeline-{size}-20-random-pages" for size in _SIZES),
    "timeline-10mb",
    *(f"timeline-10mb-{pages}-pages" for pages in (5, 80, 320)),
)


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1, 1_000))
@click.option(
    "--time",
    "seconds",
    type=Duration(),
    default="1s",
    show_default=True,
    help="Length of one measurement; a round has seven.",
)
@file_options(plot="Costs by process size and by pages written to, as SVG.")
def timeline(targets: tuple[str, ...], rounds: int, seconds: float, files: Files) -> ExitCode:
    """What one timeline costs: forked, rewound, and beside a bare fork of an equal process.

    TARGETS are names or paths; by default those made for this measurement, with --plot all of
    them, which takes a quarter of an hour. Ctrl-C ends with what there is.
    """
    names = targets or (PLOT_VARIANTS if files.plot else DEFAULT_VARIANTS)
    shapes = {name: _shape(name) for name in names}
    if files.plot and not any(shapes.values()):
        raise UsageError("--plot is for variants of the target `timeline`, whose shape is known")
    interruption, costs = Interruption(), list[TimelineCost]()
    try:
        with interruption.listening():
            for name, shape in shapes.items():
                _measure(name, shape, rounds, seconds, costs, lambda: interruption.asked)
    finally:
        if costs:
            _write(costs, files)
    return ExitCode.INTERRUPTED if interruption.asked else ExitCode.NOTHING_FOUND


def _shape(name: str) -> Shape | None:
    known = known_variant(name)
    return shape_of(known[1].defines) if known else None


def _measure(
    name: str, shape: Shape | None, rounds: int, seconds: float,
    costs: list[TimelineCost], interrupted: Interrupted,
) -> None:  # fmt: skip
    """Adds what one target costs, over the rounds that ended before the user asked to stop."""
    if interrupted():
        return
    target, done = open_target(name, BuildRequest()).target, []
    for one in measure_rounds(target, seconds, rounds):
        done.append(one)
        say(report.render_round(name, one, len(done), rounds))
        if interrupted():
            break
    costs.append(TimelineCost(name, shape, seconds, tuple(done)))


def _write(costs: Sequence[TimelineCost], files: Files) -> None:
    command = command_line()
    files.write(
        report.render_timeline(costs),
        report.render_timeline_json(costs, command),
        report.render_timeline_markdown(costs, command),
        chart.render(charts(costs)),
    )
