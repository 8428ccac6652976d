"""`fuzzverse corpus export`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from fuzzverse import native
from fuzzverse.cli.merging import inputs_in
from fuzzverse.cli.opening import BuildRequest, open_target
from fuzzverse.cli.options import Duration, build_options
from fuzzverse.cli.watching import say
from fuzzverse.corpus import Corpus
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import disk_errors, name_of, write_whole
from fuzzverse.model import Recipe, Replay, Target
from fuzzverse.report import corpus as report
from fuzzverse.tape import tape_of
from fuzzverse.trace import trace

MEMORY_MB = 2_048


@click.command("export")
@click.argument("target")
@click.argument("directory", type=click.Path(path_type=Path))
@click.argument("to", type=click.Path(path_type=Path))
@click.option("--afl", is_flag=True, help="Names as AFL has them: TO/id:000000,...")
@click.option(
    "--libfuzzer", is_flag=True, help="Names as libFuzzer has them, which is the default."
)
@click.option("--deadline", type=Duration(), default="10s", show_default=True)
@build_options
def export_corpus(target: str, directory: Path, to: Path, afl: bool, libfuzzer: bool,
                  deadline: float, request: BuildRequest) -> None:  # fmt: skip
    """Write the inputs of DIRECTORY to TO as bytes for libFuzzer and AFL: recipes become tapes.

    A tape that does not lead to the same end and features is left out and said: roots may allow
    only some options of a choice, and a tape has no root.
    """
    if afl and libfuzzer:
        raise UsageError("--afl and --libfuzzer: give one of them")
    opened = open_target(target, request)
    inputs = inputs_in([directory], foreign=False)
    found = dict(_exported(opened.target, inputs, round(deadline * 1_000)))
    if afl:
        _write_afl(to, found)
    else:
        Corpus(to).add_group(found.values())
    size = sum(map(len, found.values()))
    click.echo(report.exported(len(found), len(inputs) - len(found), size, to), nl=False)


def _exported(
    target: Target, inputs: Mapping[str, bytes], deadline_ms: int
) -> Iterator[tuple[str, bytes]]:
    for name, data in inputs.items():
        recipe = native.input_parse(data)
        if recipe.tape is not None and not recipe.path:
            yield name, data
            continue
        try:
            yield name, _as_tape(target, recipe, deadline_ms)
        except InputError as error:
            say(f"left out: {name}: {error}")


def _as_tape(target: Target, recipe: Recipe, deadline_ms: int) -> bytes:
    """The tape of a recipe, checked; InputError when there is none."""
    replay, draws = trace(native, target, recipe, deadline_ms, MEMORY_MB)
    tape = tape_of(draws)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        again = native.replay(
            target, native.input_parse(tape), log_fd=null, deadline_ms=deadline_ms
        )
    finally:
        os.close(null)
    if _end(again) != _end(replay):
        raise InputError("its tape leads elsewhere, as its root restricts what may be drawn")
    return tape


def _end(replay: Replay) -> tuple[object, ...]:
    return replay.verdict, replay.identity, replay.passes, replay.failures, replay.edges


def _write_afl(to: Path, found: Mapping[str, bytes]) -> None:
    with disk_errors(to, "create"):
        to.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(found.values()):
        write_whole(to / f"id:{number:06d},src:{name_of(data)[:12]}", data)
