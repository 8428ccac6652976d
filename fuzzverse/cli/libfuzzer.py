"""`fuzzverse libfuzzer`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fuzzverse.cli import fuzzing
from fuzzverse.cli.opening import BuildRequest, Opened, open_target
from fuzzverse.cli.watching import say
from fuzzverse.errors import UsageError
from fuzzverse.libfuzzer import Invocation, parse
from fuzzverse.ossfuzz import load_options
from fuzzverse.report import libfuzzer as report


# -h would be found in the midst of flags with one dash.
@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("target")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def libfuzzer(target: str, words: tuple[str, ...]) -> int:
    """Run TARGET as libFuzzer's users call theirs: -runs=100 CORPUS_DIR, or files to run again.

    -help=1 lists the flags. Exit codes are libFuzzer's: 0 nothing found, 77 crash, 70 timeout, 71
    out of memory, 72 interrupted.
    """
    asked = parse(words)
    for warning in asked.warnings:
        say(f"WARNING: {warning}")
    if asked.flags.help:
        click.echo(report.usage(target), nl=False)
        return 0
    opened = open_target(target, BuildRequest())
    asked = _with_options(opened, words)
    if asked.flags.merge:
        return fuzzing.merge(opened, asked.flags, asked.paths)
    if asked.flags.minimize_crash:
        return fuzzing.minimize(opened, asked.flags, _one_file(asked))
    if asked.paths and not any(path.is_dir() for path in asked.paths):
        path = opened.target.path
        os.execv(path, [str(path), *words])
    return fuzzing.fuzz(opened, asked.flags, asked.paths)


def _with_options(opened: Opened, words: tuple[str, ...]) -> Invocation:
    """What was asked for, after what the files beside the target ask for."""
    options = load_options(opened.beside)
    for warning in options.skipped:
        say(f"WARNING: {warning}")
    near = [] if options.dictionary is None else [f"-dict={options.dictionary}"]
    try:
        parse(options.flags)
    except UsageError as error:
        raise UsageError(f"{opened.beside.options}: {error}") from error
    return parse((*options.flags, *near, *words))


def _one_file(asked: Invocation) -> Path:
    if len(asked.paths) != 1 or asked.paths[0].is_dir():
        raise UsageError("-minimize_crash=1 takes one file, an input that crashes")
    return asked.paths[0]
