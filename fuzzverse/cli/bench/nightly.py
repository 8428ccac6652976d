"""`fuzzverse bench nightly`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from fuzzverse import resources
from fuzzverse.bench.nights import Contrast, compare, go_through, moments, seconds_of, steps_of
from fuzzverse.catalogue import find
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode, UsageError
from fuzzverse.nightly.file import load, read
from fuzzverse.report import nights as report


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A new directory, for both."
)
@click.option("--kills", default=3, show_default=True, type=click.IntRange(1, 7))
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 1 << 62), help="Of the kills."
)
@click.option(
    "--excuse",
    "excused",
    multiple=True,
    metavar="TARGET",
    help="One that keeps something between timelines on purpose may differ (repeatable).",
)
@file_options()
def nightly(
    file: Path, out: Path, kills: int, seed: int, excused: tuple[str, ...], files: Files
) -> ExitCode:
    """Whether the night of FILE.toml keeps the same when it is killed: once undisturbed, then
    killed at random moments by SIGKILL, with all its processes, and gone on with.

    All budgets of FILE must be in timelines. Exit codes: 0 the same but for clocks, 1 not.
    """
    calm, wild = out / "calm", out / "wild"
    if out.exists():
        raise UsageError(f"{out} is there; give --out a name that is not, or remove it")
    _check(file, excused)
    say(f"the night undisturbed, into {calm}")
    calm_code = go_through(_command(file, calm), (), lambda: 0, say)
    seconds, steps = seconds_of(calm), steps_of(calm)
    points = moments(kills, seed, steps, seconds)
    say(f"it took {seconds:.0f} s, {steps} steps; the same killed (seed {seed}), into {wild}")
    wild_code = go_through(_command(file, wild), points, lambda: steps_of(wild), say)
    homes = compare(calm, wild)
    contrast = Contrast(seconds, seconds_of(wild), (calm_code, wild_code), points, homes, excused)
    command = command_line()
    files.write(
        report.render(contrast),
        report.render_json(contrast, command),
        report.render_markdown(contrast, command),
    )
    return ExitCode.NOTHING_FOUND if contrast.is_equal else ExitCode.ENGINE_FAILED


def _check(file: Path, excused: Sequence[str]) -> None:
    """Before nights are gone through for nothing."""
    tasks = read(file, load(file), find(Path.cwd(), resources.installed().targets).names()).tasks
    for task in tasks:
        if task.seconds is not None or not task.policy.timelines:
            raise UsageError(
                f"{file}: the budget of {task.argument} is a time, which no two nights share; "
                "give it in timelines"
            )
    for name in excused:
        if name not in {task.key for task in tasks}:
            raise UsageError(f"--excuse {name}: {file} has no such target")


def _command(file: Path, out: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "fuzzverse", "nightly", str(file), "--out", str(out)]
