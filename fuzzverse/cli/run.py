"""`fuzzverse run`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import click

from fuzzverse.cli.exploring import explore
from fuzzverse.cli.inputs import starting
from fuzzverse.cli.opening import BuildRequest, default_out, open_target
from fuzzverse.cli.options import Duration, build_options, policy_options
from fuzzverse.cli.sharing import ARCHIVE_OPTION, shared
from fuzzverse.cli.watching import say, watching
from fuzzverse.engines.wheel import find_wheel
from fuzzverse.errors import ExitCode
from fuzzverse.interruption import Interruption
from fuzzverse.libfuzzer import load_dictionary
from fuzzverse.model import Engine, Policy
from fuzzverse.outcome import StopReason, Summary
from fuzzverse.report import summary as summary_report

DEFAULT_TARGET = "dungeon"


@click.command()
@click.argument("target", default=DEFAULT_TARGET)
@policy_options
@build_options
@click.option("--time", "seconds", type=Duration(), help="Stop after so long: 60, 60s, 5m, 1h.")
@click.option("--out", type=click.Path(path_type=Path), help="[default: fuzzverse-out/TARGET]")
@click.option("--corpus", multiple=True, type=click.Path(path_type=Path), help="Starting inputs.")
@click.option("--resume", is_flag=True, help="Go on from what --out keeps of earlier runs.")
@click.option(
    "--dict",
    "dictionaries",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Words for mutation and for an engine, as AFL and libFuzzer have them (repeatable).",
)
@ARCHIVE_OPTION
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object on stdout.")
@click.option("--quiet", is_flag=True, help="Show nothing but the end.")
def run(
    target: str,
    policy: Policy,
    request: BuildRequest,
    seconds: float | None,
    out: Path | None,
    corpus: tuple[Path, ...],
    resume: bool,
    dictionaries: tuple[Path, ...],
    archive: str | None,
    as_json: bool,
    quiet: bool,
) -> ExitCode:
    """Explore TARGET, a name or the path of an executable, and keep what is found.

    Without a budget the run goes on until the first bug or Ctrl-C. Exit codes: 0 nothing found,
    77 bugs found, 72 interrupted, 1 the engine failed, 2 wrong usage.
    """
    if policy.engine is not Engine.NONE:
        find_wheel()  # or say what is missing before anything is built
    opened = open_target(target, request)
    given = (*opened.beside.corpora, *corpus)
    start = starting(opened.inputs, given, opened.target.name if resume else "", say)
    summary = explore(
        opened,
        policy,
        seconds,
        out or default_out(target),
        start,
        Interruption(),
        functools.partial(shared, archive),
        watching(target, quiet=quiet),
        _words((*dictionaries, *opened.beside.dictionaries)),
    )
    render = summary_report.render_json if as_json else summary_report.render
    click.echo(render(summary), nl=False)
    return _exit_code(summary)


def _words(dictionaries: Sequence[Path]) -> list[bytes]:
    words: dict[bytes, None] = {}
    for path in dictionaries:
        dictionary = load_dictionary(path)
        words |= dict.fromkeys(dictionary.words)
        for warning in dictionary.skipped:
            say(f"warning: {warning}")
    return list(words)


def _exit_code(summary: Summary) -> ExitCode:
    if summary.stopped is StopReason.INTERRUPT:
        return ExitCode.INTERRUPTED
    return ExitCode.BUGS_FOUND if summary.bugs else ExitCode.NOTHING_FOUND
