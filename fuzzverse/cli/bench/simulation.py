"""`fuzzverse bench sim`."""

from __future__ import annotations

import click

from fuzzverse.bench.simulation import (
    KINDS,
    Contrast,
    Round,
    SimulationCost,
    Workload,
    measure_rounds,
    operations_of,
)
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.opening import BuildRequest, known_variant, open_target
from fuzzverse.cli.options import Duration
from fuzzverse.cli.watching import say
from fuzzverse.errors import EngineError, ExitCode
from fuzzverse.interruption import Interruption
from fuzzverse.report import simulation as report


@click.command("sim")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 1_000))
@click.option(
    "--time",
    "seconds",
    type=Duration(),
    default="500ms",
    show_default=True,
    help="Length of one measurement; a round has sixteen.",
)
@file_options()
def sim(rounds: int, seconds: float, files: Files) -> ExitCode:
    """What the simulation kit costs: switches, messages, preemption, linearizability.

    Ctrl-C ends with what there is.
    """
    interruption, done = Interruption(), list[Round]()
    contrasts = {kind: _contrast(kind) for kind in KINDS}
    try:
        with interruption.listening():
            for one in measure_rounds(contrasts, seconds, rounds):
                done.append(one)
                say(report.render_round(one, len(done), rounds))
                if interruption.asked:
                    break
    finally:
        if done:
            _write(SimulationCost(seconds, tuple(done)), files)
    return ExitCode.INTERRUPTED if interruption.asked else ExitCode.NOTHING_FOUND


def _contrast(kind: str) -> Contrast:
    return Contrast(_workload(f"simbench-{kind}"), _workload(f"simbench-{kind}-few"))


def _workload(name: str) -> Workload:
    known = known_variant(name)
    if known is None:
        raise EngineError(f"{name} is an executable here, and no target of fuzzverse's")
    return Workload(open_target(name, BuildRequest()).target, operations_of(known[1].defines))


def _write(cost: SimulationCost, files: Files) -> None:
    command = command_line()
    files.write(
        report.render(cost),
        report.render_json(cost, command),
        report.render_markdown(cost, command),
    )
