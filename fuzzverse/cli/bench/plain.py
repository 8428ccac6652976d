"""`fuzzverse bench plain`."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from fuzzverse import native
from fuzzverse.bench.plain import (
    OURS,
    THEIRS,
    Census,
    PlainContest,
    PlainRun,
    build_rival,
    run_plain,
)
from fuzzverse.build import cache_directory
from fuzzverse.census import census
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.opening import BuildRequest, known_variant, open_target
from fuzzverse.cli.options import Duration
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode, UsageError
from fuzzverse.interruption import Interruption
from fuzzverse.model import Counted, Policy, Target
from fuzzverse.report import plain as report
from fuzzverse.toolchain import asked_compiler, find_compiler

DEFAULT_TARGETS: Final = ("cmark", "brotli", "llhttp")


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--seeds", default=10, show_default=True, type=click.IntRange(1, 1_000))
@click.option(
    "--time", "seconds", type=Duration(), default="60s", show_default=True, help="Time of a run."
)
@click.option("--core", type=click.IntRange(0, 1_023), help="Stay on this core.  [default: any]")
@file_options(plot="Edges over time, as SVG.")
def plain(
    targets: tuple[str, ...], seeds: int, seconds: float, core: int | None, files: Files
) -> ExitCode:  # fmt: skip
    """Executions a second and edges on harnesses of bytes, beside libFuzzer itself.

    Both get the same sources, flags, time and seeds, begin with nothing, and take turns.
    """
    contests: list[PlainContest] = []
    interruption = Interruption()
    if core is not None:
        os.sched_setaffinity(0, {core})
    with interruption.listening():
        for name in targets or DEFAULT_TARGETS:
            runs: list[PlainRun] = []
            for run in _runs(name, seeds, seconds):
                runs.append(run)
                say(f"{name}, seed {run.seed}, {run.fuzzer}: {run.rate:,.0f}/s, {run.edges} edges")
                if interruption.asked:
                    break
            contests.append(PlainContest(name, seconds, tuple(runs)))
            if interruption.asked:
                break
    command = command_line()
    files.write(
        report.render(contests),
        report.render_json(contests, command),
        report.render_markdown(contests, command),
        report.render_svg(contests),
    )
    return ExitCode.INTERRUPTED if interruption.asked else ExitCode.NOTHING_FOUND


def _runs(name: str, seeds: int, seconds: float) -> Iterator[PlainRun]:
    known = known_variant(name)
    if known is None:
        raise UsageError(f"{name} is no target with a target.toml, so libFuzzer's cannot be built")
    opened = open_target(name, BuildRequest())
    if not opened.target.is_harness:
        raise UsageError(f"{name} is a simulation; libFuzzer takes LLVMFuzzerTestOneInput alone")
    compiler = find_compiler(asked_compiler(os.environ))
    cache = cache_directory(os.environ, Path.home())
    with tempfile.TemporaryDirectory(prefix="fuzzverse-plain-") as folder:
        rival = build_rival(*known, compiler, cache, Path(folder))
        ours = [sys.executable, "-P", "-m", "fuzzverse", "libfuzzer", str(opened.target.path)]
        calls: dict[str, Sequence[str]] = {OURS: ours, THEIRS: [str(rival)]}
        for seed in range(1, seeds + 1):
            for fuzzer, words in calls.items():
                yield run_plain(fuzzer, words, seed, seconds, _census(opened.target))


def _census(target: Target) -> Census:
    opened = functools.partial(native.Campaign, target)

    def counted(inputs: Sequence[bytes]) -> Iterator[Counted]:
        return census(opened, [native.input_parse(data) for data in inputs], Policy())

    return counted
