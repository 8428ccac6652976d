"""Who watches a campaign: the screen on a terminal, lines elsewhere, nobody when quiet."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from fuzzverse.model import Discovery
from fuzzverse.observer import Observer
from fuzzverse.outcome import Bug, Snapshot
from fuzzverse.report.lines import Lines


class Nobody:
    """Watches nothing."""

    def moved(self, moment: Snapshot, discoveries: Sequence[Discovery]) -> None:
        """Is not shown."""

    def found(self, bug: Bug) -> None:
        """Is not shown: the summary shows it."""

    def noted(self, words: str) -> None:
        """Is not shown: events.jsonl has it."""


def rss_mb() -> int:
    """The memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2


def say(line: str) -> None:
    """Prints a line of progress; results go to stdout, everything else to stderr."""
    click.echo(line, err=True)


@contextlib.contextmanager
def watching(target: str, *, quiet: bool) -> Iterator[Observer]:
    """The observer that suits where stderr goes."""
    if quiet:
        yield Nobody()
    elif not sys.stderr.isatty():
        yield Lines(say, rss_mb)
    else:
        # Imported here because runs without a terminal need not pay for it.
        from rich.console import Console

        from fuzzverse.report.screen import Screen

        with Screen(target, Console(stderr=True)) as screen:
            yield screen
