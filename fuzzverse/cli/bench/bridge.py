"""`fuzzverse bench bridge`."""

from __future__ import annotations

from typing import Final

import click

from fuzzverse.bench.bridge import BridgeCost, BridgeRound, measure_bridge
from fuzzverse.cli.bench.results import Files, command_line, file_options
from fuzzverse.cli.opening import BuildRequest, open_target
from fuzzverse.cli.options import Duration
from fuzzverse.cli.watching import say
from fuzzverse.engines.wheel import Wheel, find_wheel
from fuzzverse.errors import ExitCode
from fuzzverse.interruption import Interruption
from fuzzverse.report import bridge as report

DEFAULT_TARGET: Final = "empty"


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1, 1_000))
@click.option(
    "--time",
    "seconds",
    type=Duration(),
    default="3s",
    show_default=True,
    help="Length of one measurement.",
)
@file_options()
def bridge(targets: tuple[str, ...], rounds: int, seconds: float, files: Files) -> ExitCode:
    """What an input of `run --engine atheris` costs, all on one core, beside its floor.

    TARGETS are names or paths; by default one that does nothing. Ctrl-C ends with what there is.
    """
    wheel = find_wheel()
    interruption, costs = Interruption(), list[BridgeCost]()
    with interruption.listening():
        for name in targets or (DEFAULT_TARGET,):
            if not interruption.asked:
                done = _measure(name, wheel, rounds, seconds, interruption)
                costs.append(BridgeCost(name, f"atheris {wheel.version}", seconds, done))
    command = command_line()
    files.write(
        report.render_bridge(costs),
        report.render_bridge_json(costs, command),
        report.render_bridge_markdown(costs, command),
    )
    return ExitCode.INTERRUPTED if interruption.asked else ExitCode.NOTHING_FOUND


def _measure(
    name: str, wheel: Wheel, rounds: int, seconds: float, interruption: Interruption
) -> tuple[BridgeRound, ...]:
    """The rounds of a target that ended before the user asked to stop."""
    target, done = open_target(name, BuildRequest()).target, list[BridgeRound]()
    for one in measure_bridge(target, wheel, seconds, rounds):
        done.append(one)
        say(report.render_bridge_round(name, one, len(done), rounds))
        if interruption.asked:
            break
    return tuple(done)
