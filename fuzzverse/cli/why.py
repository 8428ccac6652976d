"""`fuzzverse bugs why`."""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path
from typing import Final

import click

from fuzzverse.cli.trying import OUT_OPTION, Case, Trying, find_case, not_reproduced, trying_options
from fuzzverse.errors import ExitCode
from fuzzverse.explain import FUTURES, Decision, Explainer, Explanation
from fuzzverse.files import write_whole
from fuzzverse.report import why as why_report
from fuzzverse.report.why import Why
from fuzzverse.session import edge_addresses
from fuzzverse.shapes import Shape, alone
from fuzzverse.symbolise import LoggedStacks, Places
from fuzzverse.toolchain import find_tool
from fuzzverse.trials import Oracle, Stopped

TRIALS: Final = 300_000
# Timelines that draw so many times as often, and so much more, are taken to draw forever.
PATIENCE: Final = 20
PATIENCE_DRAWS: Final = 1_000


@click.command()
@click.argument("bucket")
@OUT_OPTION
@click.option(
    "--futures",
    type=click.IntRange(8, 100_000),
    default=FUTURES,
    show_default=True,
    help="Timelines that go on from each draw that is looked at.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@trying_options(TRIALS)
def why(bucket: str, out: Path, futures: int, as_json: bool, trying: Trying) -> ExitCode:
    """Say why a bug happens: at which draw it was decided, and what failing timelines do that
    others do not.

    Tells more of a minimised bug. The result is kept beside the bug, as `why.json`. Exit codes: 0
    explained, 72 interrupted or out of budget, 1 the recipe does not show the bug.
    """
    case = find_case(bucket, out, trying)
    start = time.monotonic()
    try:
        with case.asking(lambda trials: None, deadline_ms=case.hint_ms) as oracle:
            told = explain_case(case, oracle, futures)
    except Stopped as stopped:
        click.echo(f"no explanation: {stopped}", err=True)
        return ExitCode.INTERRUPTED
    named = _name(case, told, oracle.trials, time.monotonic() - start)
    text = why_report.render_json(named)
    write_whole(case.directory / bucket / "why.json", text.encode())
    click.echo(text if as_json else why_report.render(named), nl=False)
    return ExitCode.NOTHING_FOUND


def explain_case(case: Case, oracle: Oracle, futures: int) -> Explanation:
    """Explains the recipe of a case.

    Raises:
        EngineError: it does not show the bug.
        Stopped: a budget is spent, or the user asked to stop.
    """
    (draws,) = oracle.draws([alone(case.recipe)])
    if draws is None:
        raise not_reproduced(case)
    shape = Shape.of(case.recipe, draws)
    oracle.within(PATIENCE * (draws + PATIENCE_DRAWS))
    _, drawn = case.trace(shape.recipe)
    with Path(os.devnull).open("wb") as nowhere:
        fd = nowhere.fileno()
        replay = functools.partial(case.replay, log_fd=fd)
        return Explainer(oracle, shape, drawn, replay, futures).run()


def place_of(case: Case, decision: Decision | None) -> str:
    """Where in the source the deciding draw is; "" when nobody knows."""
    if decision is None:
        return ""
    with Places(find_tool("llvm-symbolizer"), case.opened.target) as places:
        return LoggedStacks(places).place(decision.draw.places)


def _name(case: Case, told: Explanation, trials: int, seconds: float) -> Why:
    """Finds the source of what was found."""
    bug, target = case.saved.bug, case.opened.target
    edges = {f.edge for one in told.telling for f in one.features if f.edge is not None}
    addresses = edge_addresses(target, os.environ) if edges else ()
    with Places(find_tool("llvm-symbolizer"), target) as places:
        stacks = LoggedStacks(places)
        lines = {edge: stacks.place([addresses[edge]]) for edge in sorted(edges)}
    known = {edge: line for edge, line in lines.items() if line}
    return Why(
        bug.bucket, bug.message, target, told, place_of(case, told.decision), known, trials, seconds
    )
