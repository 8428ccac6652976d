"""`fuzzverse corpus`."""

from __future__ import annotations

from collections.abc import Callable, Set
from pathlib import Path
from typing import Any

import click

from fuzzverse import corpus as store
from fuzzverse import native
from fuzzverse.cli import tapes
from fuzzverse.cli.merging import Merging, inputs_in, keep_aside, offered_to
from fuzzverse.cli.opening import BuildRequest, open_target
from fuzzverse.cli.options import Duration, Jobs, build_options, isolation_option
from fuzzverse.cli.watching import say
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import disk_errors, name_of
from fuzzverse.model import IsolationChoice, Policy
from fuzzverse.report import corpus as report

_DIRECTORY: Any = click.Path(path_type=Path)


def _running(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how inputs are run."""
    for option in (
        build_options,
        isolation_option,
        click.option("--jobs", type=Jobs(), default="all", show_default=True, help="Workers."),
        click.option("--deadline", type=Duration(), default="1s", show_default=True,
                     help="Longest time of one input."),
        click.option("--memory", "memory_mb", type=click.IntRange(16, 1 << 20), default=2_048,
                     show_default=True, help="Memory of one input, in MiB."),
    ):  # fmt: skip
        command = option(command)
    return command


def _limits(isolation: str, jobs: int, deadline: float, memory_mb: int) -> Policy:
    choice = IsolationChoice(isolation)
    return Policy(
        jobs=jobs,
        isolation=choice.isolation,
        must_rewind=choice is IsolationChoice.REWIND,
        deadline_ms=max(1, round(deadline * 1_000)),
        memory_mb=memory_mb,
    )


@click.group()
def corpus() -> None:
    """List, merge, minimize, export and import inputs."""


@corpus.command("list")
@click.argument("directory", type=_DIRECTORY)
def list_corpus(directory: Path) -> None:
    """List the inputs in DIRECTORY, OUT/corpus of a run or any other, with their recipes."""
    loaded = store.load(directory)
    rows = []
    skipped = list(loaded.skipped)
    for name, data in loaded.entries:
        try:
            recipe = native.input_parse(data)
        except InputError as error:
            skipped.append(f"{directory / name}: {error}")
            continue
        rows.append((name, len(data), recipe, native.recipe_text(recipe)))
    click.echo(report.render(rows))
    for words in skipped:
        say(f"skipped: {words}")


@corpus.command("merge")
@click.argument("target")
@click.argument("into", type=_DIRECTORY)
@click.argument("sources", metavar="FROM...", nargs=-1, required=True, type=_DIRECTORY)
@click.option("--bad", type=_DIRECTORY, help="Keep inputs that end badly in this directory.")
@click.option("--journal", type=_DIRECTORY, help="[default: INTO/.fuzzverse-merge]")
@_running
def merge_corpora(target: str, into: Path, sources: tuple[Path, ...], bad: Path | None,
                  journal: Path | None, request: BuildRequest, **running: Any) -> None:  # fmt: skip
    """Add to INTO what FROM, directories or zips, have and INTO lacks, in few and small inputs.

    What is in INTO stays. A merge that was killed goes on when the same command is given again.
    """
    opened = open_target(target, request)
    there, offered = offered_to(into, sources)
    found = Merging(opened.target, _limits(**running), into, journal).run(there, offered)
    if bad is not None:
        keep_aside(bad, found, {**offered, **there})
    click.echo(report.merged(found, into, sum(len(offered[name]) for name in found.kept)), nl=False)


@corpus.command("import")
@click.argument("into", type=_DIRECTORY)
@click.argument("sources", metavar="FROM...", nargs=-1, required=True, type=_DIRECTORY)
def import_corpora(into: Path, sources: tuple[Path, ...]) -> None:
    """Copy all inputs of FROM into INTO: directories as libFuzzer and AFL leave them, or zips.

    Nothing is run; `corpus merge` adds what is worth it alone.
    """
    found = inputs_in(sources)
    store.Corpus(into).add_group(found.values())
    click.echo(report.imported(len(found), sum(map(len, found.values())), into), nl=False)


@corpus.command("minimize")
@click.argument("target")
@click.argument("directory", type=_DIRECTORY)
@click.option("--out", type=_DIRECTORY, help="Where what is enough goes; DIRECTORY stays.")
@click.option("--in-place", is_flag=True, help="Remove from DIRECTORY what is not needed.")
@_running
def minimize_corpus(target: str, directory: Path, out: Path | None, in_place: bool,
                    request: BuildRequest, **running: Any) -> None:  # fmt: skip
    """Find the few and small inputs of DIRECTORY that have every feature that all of them have."""
    if (out is None) is not in_place:
        raise UsageError("give --out for what is enough, or --in-place to remove all else")
    opened = open_target(target, request)
    inputs = inputs_in([directory], foreign=False)
    into = out or directory
    found = Merging(opened.target, _limits(**running), into).run({}, inputs)
    if in_place:
        keep_aside(directory, found, inputs)
        _remove_others(directory, {*found.kept, *(name for name, _ in found.bad)})
    size = sum(len(inputs[name]) for name in found.kept)
    click.echo(report.minimized(found, into, size), nl=False)


def _remove_others(directory: Path, kept: Set[str]) -> None:
    """Leaves what is kept, under its own name, and what was no input."""
    for name, data in store.load(directory).entries:
        if name not in kept or name != name_of(data):
            with disk_errors(directory / name, "remove"):
                (directory / name).unlink(missing_ok=True)


corpus.add_command(tapes.export_corpus)
