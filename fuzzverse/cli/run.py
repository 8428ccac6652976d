"""`fuzzverse run`."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import click

from fuzzverse import native
from fuzzverse.campaign import CampaignRun, Clocks, Origin
from fuzzverse.cli.inputs import starting
from fuzzverse.cli.opening import BuildRequest, Opened, default_out, open_target
from fuzzverse.cli.options import Duration, build_options, policy_options
from fuzzverse.cli.sharing import ARCHIVE_OPTION, shared
from fuzzverse.cli.watching import say, watching
from fuzzverse.errors import ExitCode
from fuzzverse.interruption import Interruption
from fuzzverse.model import Policy
from fuzzverse.outcome import StopReason, Summary
from fuzzverse.outdir import OutDirectory
from fuzzverse.report import summary as summary_report
from fuzzverse.session import edge_places
from fuzzverse.symbolise import Places
from fuzzverse.toolchain import find_tool
from fuzzverse.triage import Limits, Triage

DEFAULT_TARGET = "dungeon"


@click.command()
@click.argument("target", default=DEFAULT_TARGET)
@policy_options
@build_options
@click.option("--time", "seconds", type=Duration(), help="Stop after so long: 60, 60s, 5m, 1h.")
@click.option("--out", type=click.Path(path_type=Path), help="[default: fuzzverse-out/TARGET]")
@click.option("--corpus", multiple=True, type=click.Path(path_type=Path), help="Starting inputs.")
@click.option("--resume", is_flag=True, help="Go on from what --out keeps of earlier runs.")
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
    archive: str | None,
    as_json: bool,
    quiet: bool,
) -> ExitCode:
    """Explore TARGET, a name or the path of an executable, and keep what is found.

    Without a budget the run goes on until the first bug or Ctrl-C. Exit codes: 0 nothing found,
    77 bugs found, 72 interrupted, 1 the engine failed, 2 wrong usage.
    """
    opened = open_target(target, request)
    start = starting(opened.inputs, corpus, opened.target.name if resume else "", say)
    interruption, origin = Interruption(), Origin(secrets.token_hex(16), opened.rebuild.to_json())
    with (
        OutDirectory(out or default_out(target), time.monotonic) as directory,
        interruption.listening(),
        native.Campaign(opened.target, policy, *start(directory)) as engine,
        shared(archive, directory.path, origin.uid) as team,
        watching(target, quiet=quiet) as observer,
        Places(find_tool("llvm-symbolizer"), opened.target) as places,
    ):
        summary = CampaignRun(
            target=opened.target,
            policy=policy,
            origin=origin,
            seconds=seconds,
            engine=engine,
            replayer=native,
            triage=_triage(opened, directory, policy, places),
            out=directory,
            clocks=Clocks(time.monotonic, time.time),
            observer=observer,
            interruption=interruption,
            team=team,
            places=lambda: edge_places(opened.target, os.environ),
        ).run()
    render = summary_report.render_json if as_json else summary_report.render
    click.echo(render(summary), nl=False)
    return _exit_code(summary)


def _triage(opened: Opened, directory: OutDirectory, policy: Policy, places: Places) -> Triage:
    return Triage(
        native,
        opened.target,
        directory.bugs,
        opened.replay_command(directory.path),
        Limits(policy.deadline_ms, policy.memory_mb),
        places,
        opened.rebuild,
    )


def _exit_code(summary: Summary) -> ExitCode:
    if summary.stopped is StopReason.INTERRUPT:
        return ExitCode.INTERRUPTED
    return ExitCode.BUGS_FOUND if summary.bugs else ExitCode.NOTHING_FOUND
