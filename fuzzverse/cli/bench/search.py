"""`fuzzverse bench search`."""

from __future__ import annotations

from pathlib import Path

import click

from fuzzverse.bench.search import Contest, Limits, strategy_names
from fuzzverse.campaign import Interruption
from fuzzverse.cli.bench.contenders import hold
from fuzzverse.cli.bench.names import parse_baseline, parse_names
from fuzzverse.cli.bench.results import Results
from fuzzverse.cli.options import COUNT_MAX, Duration, Jobs, isolation_option
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode
from fuzzverse.model import IsolationChoice

DEFAULT_TARGETS = ("maze", "dungeon")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("targets", nargs=-1)
@click.option(
    "--seeds",
    default=20,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Campaign seeds; everyone searches with each.",
)
@click.option("--first-seed", default=1, show_default=True, type=click.IntRange(0, 1 << 62))
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
@click.option(
    "--jobs",
    type=Jobs(),
    default="2",
    show_default=True,
    metavar="N|all|half|all-but-N",
    help="Cores of a run.",
)
@isolation_option
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Every run, as JSON; - is stdout.",
)
@click.option("--any-bug", is_flag=True, help="The first bug counts, whichever it is.")
@click.option("--plot", "plot_file", type=_FILE, help="Curves, as SVG.")
@click.option("--out-table", "table_file", type=_FILE, help="The table, as Markdown.")
def search(
    targets: tuple[str, ...], seeds: int, first_seed: int, strategies: str, baseline: str | None,
    timelines: int | None, seconds: float, jobs: int, isolation: str, any_bug: bool,
    json_file: Path | None, plot_file: Path | None, table_file: Path | None,
) -> ExitCode:  # fmt: skip
    """How soon each strategy finds the known bug of TARGETS, over many seeds.

    Runs alternate, so that a noisy machine hits all alike; starting inputs are not used. Rivals
    are driven by bytes and get what marks tell as counters. Ctrl-C ends with what there is.
    """
    names = parse_names(strategies)
    against = parse_baseline(baseline, names)
    limits = Limits(seconds, timelines, jobs, any_bug, IsolationChoice(isolation))
    numbers = range(first_seed, first_seed + seeds)
    interruption, contests = Interruption(), list[Contest]()
    try:
        with interruption.listening():
            every = targets or DEFAULT_TARGETS
            for contest in hold(every, names, limits, numbers, lambda: interruption.asked, say):
                contests.append(contest)
    finally:
        # Whatever ended it: what was measured before took long, and stays.
        if any(contest.runs for contest in contests):
            Results(contests, against).write(json_file, plot_file, table_file)
    return ExitCode.INTERRUPTED if interruption.asked else ExitCode.NOTHING_FOUND
