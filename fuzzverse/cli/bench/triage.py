"""`fuzzverse bench triage`."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from fuzzverse import resources
from fuzzverse.bench.triage import Limits, Outcome, missed, planted, shared
from fuzzverse.catalogue import find
from fuzzverse.cli.bench.options import campaign_options
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.bench.triaging import Plan, triage_each
from fuzzverse.cli.options import COUNT_MAX, Duration
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode
from fuzzverse.explain import FUTURES
from fuzzverse.interruption import Interruption
from fuzzverse.report import triage as report


@click.command("triage")
@click.argument("targets", nargs=-1)
@campaign_options(seeds=3)
@click.option(
    "--time", "seconds", type=Duration(), default="120s", show_default=True,
    help="Length of a campaign at most.",
)  # fmt: skip
@click.option(
    "--more", type=click.IntRange(0, COUNT_MAX), default=5_000, show_default=True,
    help="Timelines that a campaign goes on behind the bug, for other buckets.",
)  # fmt: skip
@click.option("--any-bug", is_flag=True, help="The first bug counts, whichever it is.")
@click.option(
    "--futures", type=click.IntRange(8, 100_000), default=FUTURES, show_default=True,
    help="As of `bugs why`.",
)  # fmt: skip
@click.option(
    "--segments", type=click.IntRange(1, 1_024), default=5, show_default=True,
    help="Of a minimised recipe at most, unless no pass finds a simpler one.",
)  # fmt: skip
@click.option(
    "--minimize-time", "minimize_s", type=Duration(), default="60s", show_default=True,
    help="For making a recipe small, at most.",
)  # fmt: skip
@click.option("--replays", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option(
    "--buckets", type=click.IntRange(1, 1_000), default=9, show_default=True,
    help="That bugs of one variant fill at most.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Keep what campaigns leave in here.")
@file_options()
def triage(
    targets: tuple[str, ...], seeds: range, jobs: int, seconds: float, more: int, any_bug: bool,
    futures: int, segments: int, minimize_s: float, replays: int, buckets: int, out: Path | None,
    files: Files,
) -> ExitCode:  # fmt: skip
    """Find, minimise, replay and explain the known bug of TARGETS, and count its buckets.

    TARGETS are variants, or targets, whose planted variants are meant; by default all there are.
    Exit codes: 0 all limits were kept, 1 one was missed, 72 interrupted.
    """
    variants = planted(find(Path.cwd(), resources.installed().targets), targets)
    limits = Limits(segments, minimize_s, replays, buckets)
    plan = Plan(seeds, more, seconds, jobs, any_bug, futures, limits)
    interruption, outcomes = Interruption(), list[Outcome]()
    try:
        with interruption.listening(), _directory(out) as directory:
            for one in triage_each(variants, plan, directory, interruption, say):
                outcomes.append(one)
                say(report.render_outcome(one, limits, len(outcomes), len(variants)))
    finally:
        # Whatever ended it: what is known took long, and stays.
        if outcomes:
            _write(outcomes, limits, files)
    if interruption.asked:
        return ExitCode.INTERRUPTED
    is_missed = any(missed(one, limits) for one in outcomes) or shared(outcomes)
    return ExitCode.ENGINE_FAILED if is_missed else ExitCode.NOTHING_FOUND


@contextlib.contextmanager
def _directory(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="fuzzverse-triage-") as folder:
        yield Path(folder)


def _write(outcomes: list[Outcome], limits: Limits, files: Files) -> None:
    command = command_line()
    files.write(
        report.render(outcomes, limits),
        report.render_json(outcomes, limits, command),
        report.render_markdown(outcomes, limits, command),
    )
