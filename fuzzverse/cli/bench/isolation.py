"""`fuzzverse bench isolation`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from fuzzverse.bench.isolation import Comparison, Setting, Trial, compare, run_campaign
from fuzzverse.cli.bench.options import campaign_options
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.opening import BuildRequest, open_target
from fuzzverse.cli.options import COUNT_MAX, OneIn
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode
from fuzzverse.interruption import Interruption
from fuzzverse.model import STRATEGIES, Policy
from fuzzverse.report.pairs import render, render_json, render_markdown, render_pair

DEFAULT_TARGETS = ("maze", "dungeon", "gates-spread")


@click.command()
@click.argument("targets", nargs=-1)
@campaign_options(seeds=5)
@click.option(
    "--strategy", type=click.Choice(tuple(STRATEGIES)), default="frontier", show_default=True
)
@click.option(
    "--timelines",
    type=click.IntRange(1, COUNT_MAX),
    default=20_000,
    show_default=True,
    help="Length of a campaign.",
)
@click.option(
    "--canary",
    type=OneIn(),
    default="0",
    show_default=True,
    metavar="FRACTION",
    help="Share of rewound timelines that a fresh process runs again: 0.01, 1%; 0 for none.",
)
@file_options()
def isolation(
    targets: tuple[str, ...], seeds: range, jobs: int, strategy: str, timelines: int, canary: int,
    files: Files,
) -> ExitCode:  # fmt: skip
    """The same campaigns forked and rewound: that they come out the same, and at what speed.

    TARGETS are names or paths. A campaign that comes out differently is an error, and ends the
    bench. Ctrl-C ends with what there is.
    """
    setting = Setting(STRATEGIES[strategy], timelines, jobs, canary)
    interruption, comparisons = Interruption(), list[Comparison]()
    try:
        with interruption.listening():
            for name in dict.fromkeys(targets or DEFAULT_TARGETS):
                comparisons.append(Comparison(name, setting, ()))
                _compare(comparisons, seeds, interruption)
    finally:
        done = [one for one in comparisons if one.pairs]
        if done:
            _write(done, files)
    return ExitCode.INTERRUPTED if interruption.asked else ExitCode.NOTHING_FOUND


def _compare(
    comparisons: list[Comparison], seeds: Sequence[int], interruption: Interruption
) -> None:
    """Adds pairs to the last of the comparisons, as they end."""
    name, setting = comparisons[-1].target, comparisons[-1].setting
    if interruption.asked:
        return
    target = open_target(name, BuildRequest()).target

    def run(policy: Policy) -> Trial | None:
        return run_campaign(target, policy, lambda: interruption.asked)

    for pair in compare(name, setting, seeds, run):
        one = comparisons[-1]
        comparisons[-1] = replace(one, pairs=(*one.pairs, pair))
        say(render_pair(name, pair, len(comparisons[-1].pairs), len(seeds)))


def _write(comparisons: Sequence[Comparison], files: Files) -> None:
    command = command_line()
    files.write(
        render(comparisons),
        render_json(comparisons, command),
        render_markdown(comparisons, command),
    )
