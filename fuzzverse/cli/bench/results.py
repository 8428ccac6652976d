"""Where the results of `fuzzverse bench search` go."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from fuzzverse.bench.search import Contest
from fuzzverse.cli.opening import program
from fuzzverse.files import write_whole
from fuzzverse.report import plot
from fuzzverse.report import search as report


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured, and who the others are compared with."""

    contests: Sequence[Contest]
    baseline: str

    def write(self, json_file: Path | None, plot_file: Path | None, table: Path | None) -> None:
        """Prints the table (the JSON, when its file is -), and writes the files asked for."""
        command = shlex.join([*program(sys.argv[0]), *sys.argv[1:]])
        values = report.render_json(self.contests, self.baseline, command)
        is_json = json_file == Path("-")
        shown = values if is_json else report.render(self.contests, self.baseline)
        click.echo(shown, nl=False)
        files = (
            (None if is_json else json_file, values),
            (plot_file, plot.render(report.panels(self.contests))),
            (table, report.render_markdown(self.contests, self.baseline, command)),
        )
        for path, text in files:
            if path is not None:
                write_whole(path, text.encode())
