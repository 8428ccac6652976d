"""Where the results of `fuzzverse bench` go."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from fuzzverse.cli.opening import program
from fuzzverse.files import write_whole

Result = TypeVar("Result")
Command = Callable[..., Result]
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Files:
    """The files that the user asked for; a JSON file of `-` is stdout."""

    json: Path | None
    table: Path | None
    plot: Path | None = None

    def write(self, table: str, values: str, markdown: str, plot: str = "") -> None:
        """Prints the table (the JSON, when its file is -), and writes the files."""
        is_json = self.json == Path("-")
        click.echo(values if is_json else table, nl=False)
        files = (
            (None if is_json else self.json, values),
            (self.table, markdown),
            (self.plot, plot),
        )
        for path, text in files:
            if path is not None:
                write_whole(path, text.encode())


def command_line() -> str:
    """What the user typed, to be typed again."""
    return shlex.join([*program(sys.argv[0]), *sys.argv[1:]])


def file_options(*, plot: str = "") -> Callable[[Command[Result]], Command[Result]]:
    """--json and --out-table, and --plot where it has words; the command gets them as `files`."""

    def decorate(command: Command[Result]) -> Command[Result]:
        @functools.wraps(command)
        def wrapped(
            *arguments: Any,
            json_file: Path | None,
            table_file: Path | None,
            plot_file: Path | None = None,
            **values: Any,
        ) -> Result:
            return command(*arguments, files=Files(json_file, table_file, plot_file), **values)

        options: Command[Result] = wrapped
        options = click.option(
            "--out-table", "table_file", type=_FILE, help="The table, as Markdown."
        )(options)
        if plot:
            options = click.option("--plot", "plot_file", type=_FILE, help=plot)(options)
        return click.option(
            "--json",
            "json_file",
            type=click.Path(path_type=Path, allow_dash=True),
            help="Everything that was measured, as JSON; - is stdout.",
        )(options)

    return decorate
