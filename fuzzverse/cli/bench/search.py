"""`fuzzverse bench search`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fuzzverse.bench.search import Contest, Limits, strategy_names
from fuzzverse.cli.bench.contenders import hold
from fuzzverse.cli.bench.names import parse_baseline, parse_names
from fuzzverse.cli.bench.options import campaign_options
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.options import COUNT_MAX, Duration, isolation_option
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode
from fuzzverse.interruption import Interruption
from fuzzverse.model import IsolationChoice
from fuzzverse.report import plot
from fuzzverse.report import search as report

DEFAULT_TARGETS = ("maze", "dungeon")


@click.command()
@click.argument("targets", nargs=-1)
@campaign_options(seeds=20)
@click.option(
    "--strategies",
    default=",".join(strategy_names()),
    show_default=True,
    help="Who competes; libfuzzer[-cmp] and afl[-cmplog] too, where they are installed.",
)
@click.option(
    "--baseline", help="Who the others are compared with (A12).  [default: random, or the last]"
)
@click.option(
    "--timelines",
    type=click.IntRange(1, COUNT_MAX),
    help="Limit of a run, for strategies.  [default: what target.toml gives]",
)
@click.option(
    "--time",
    "seconds",
    type=Duration(),
    default="60s",
    show_default=True,
    help="Limit of a run, for everyone.",
)
@isolation_option
@click.option("--any-bug", is_flag=True, help="The first bug counts, whichever it is.")
@file_options(plot="Curves, as SVG.")
def search(
    targets: tuple[str, ...], seeds: range, jobs: int, strategies: str, baseline: str | None,
    timelines: int | None, seconds: float, isolation: str, any_bug: bool, files: Files,
) -> ExitCode:  # fmt: skip
    """How soon each strategy finds the known bug of TARGETS, over many seeds.

    Runs alternate, so that a noisy machine hits all alike; starting inputs are not used. Rivals
    are driven by bytes and get what marks tell as counters. Ctrl-C ends with what there is.
    """
    names = parse_names(strategies)
    against = parse_baseline(baseline, names)
    limits = Limits(seconds, timelines, jobs, any_bug, IsolationChoice(isolation))
    interruption, contests = Interruption(), list[Contest]()
    try:
        with interruption.listening():
            every = targets or DEFAULT_TARGETS
            for contest in hold(every, names, limits, seeds, lambda: interruption.asked, say):
                contests.append(contest)
    finally:
        # Whatever ended it: what was measured before took long, and stays.
        if any(contest.runs for contest in contests):
            _write(contests, against, files)
    return ExitCode.INTERRUPTED if interruption.asked else ExitCode.NOTHING_FOUND


def _write(contests: Sequence[Contest], baseline: str, files: Files) -> None:
    command = command_line()
    files.write(
        report.render(contests, baseline),
        report.render_json(contests, baseline, command),
        report.render_markdown(contests, baseline, command),
        plot.render(report.panels(contests)),
    )
