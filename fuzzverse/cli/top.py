"""`fuzzverse top`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click
from rich.console import Console, RenderableType
from rich.live import Live

from fuzzverse.errors import ExitCode
from fuzzverse.glance import Glance, look
from fuzzverse.report.screen import render

INTERVAL_S: Final = 0.5


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, help="Show it once, also while it runs.")
def top(out: Path, once: bool) -> ExitCode:
    """Show the screen of the run that writes to OUT, or of the last one that did.

    It is looked at from outside: Ctrl-C leaves, the run goes on.
    """
    console = Console()
    glance = look(out)
    if once or not glance.is_running or not console.is_terminal:
        console.print(_shown(glance, _mean(glance), console.height))
        return ExitCode.NOTHING_FOUND
    _follow(out, console, glance)
    return ExitCode.NOTHING_FOUND


def _follow(out: Path, console: Console, glance: Glance) -> None:
    with Live(console=console, auto_refresh=False) as live:
        rate = _mean(glance)
        while glance.is_running:
            live.update(_shown(glance, rate, console.height), refresh=True)
            time.sleep(INTERVAL_S)
            now = look(out)
            rate = _rate(glance, now, rate)
            glance = now
        live.update(_shown(glance, _mean(glance), console.height), refresh=True)


def _mean(glance: Glance) -> float:
    return glance.moment.totals.timelines / max(glance.moment.seconds, 0.001)


def _rate(before: Glance, now: Glance, rate: float) -> float:
    """Timelines/s just now; totals are written once a second, so that some looks see no change."""
    seconds = now.moment.seconds - before.moment.seconds
    timelines = now.moment.totals.timelines - before.moment.totals.timelines
    return timelines / seconds if seconds > 0 else rate


def _shown(glance: Glance, rate: float, height: int) -> RenderableType:
    if glance.is_running:
        advice = "Ctrl-C leaves, the run goes on"
    else:
        advice = f"ended: {glance.stopped}" if glance.stopped else "was killed, or has crashed"
    return render(glance.target, glance.moment, rate, height, advice)
