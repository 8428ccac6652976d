"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Final

import click

from fuzzverse import __version__
from fuzzverse.errors import CommandError, ExitCode

# Name: where the command is, and its line in `fuzzverse --help`.
COMMANDS: Final = {
    "run": ("fuzzverse.cli.run:run", "Explore a target and keep what is found."),
    "libfuzzer": (
        "fuzzverse.cli.libfuzzer:libfuzzer",
        "Run a target as libFuzzer's users call theirs.",
    ),
    "top": ("fuzzverse.cli.top:top", "Show the screen of a run from outside."),
    "new": ("fuzzverse.cli.new:new", "Write a first target of your own into a new folder."),
    "replay": ("fuzzverse.cli.replay:replay", "Replay one timeline: a bug, a recipe, an input."),
    "bugs": ("fuzzverse.cli.bugs:bugs", "List and show the bugs that runs left."),
    "report": ("fuzzverse.cli.report:report", "Make a page, or a file for CI, of what a run left."),
    "corpus": ("fuzzverse.cli.corpus:corpus", "Merge, minimize, export and import inputs."),
    "nightly": ("fuzzverse.cli.nightly:nightly", "Search many targets, as every night."),
    "archive": ("fuzzverse.cli.archive:archive", "Share with a team what runs left."),
    "build": ("fuzzverse.cli.build:build", "Build a target and print the executable's path."),
    "cc": ("fuzzverse.cli.cc:cc", "Compile C with clang as fuzzverse needs it."),
    "c++": ("fuzzverse.cli.cc:cxx", "Compile C++ with clang as fuzzverse needs it."),
    "config": ("fuzzverse.cli.config:config", "Print flags for other build systems."),
    "doctor": ("fuzzverse.cli.doctor:doctor", "Say what is missing on this machine."),
    "bench": ("fuzzverse.cli.bench:bench", "Measure the engine itself."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called, so that `--help` is fast."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the table without importing what is in it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fuzzverse")
def cli() -> None:
    """Find deep bugs in native simulations by exploring a multiverse of timelines.

    `fuzzverse run` finds a first bug in the target that comes along.
    """


def call(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; the one place where errors are caught."""
    try:
        result: object = cli.main(list(arguments), prog_name="fuzzverse", standalone_mode=False)
    except CommandError as error:
        click.echo(f"fuzzverse: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("fuzzverse: interrupted", err=True)
        return ExitCode.INTERRUPTED
    return result if isinstance(result, int) else ExitCode.NOTHING_FOUND


def tell_in_one_line(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """The hook for exceptions that nobody expected: one line instead of a traceback."""
    where = ""
    while trace is not None:
        where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    words = " ".join(str(error).split())
    click.echo(
        f"fuzzverse: internal error{where}: {kind.__name__}: {words}; this is a bug of fuzzverse, "
        "FUZZVERSE_TRACEBACK=1 shows more",
        err=True,
    )


def main() -> None:
    """The entry point of `fuzzverse`."""
    # numpy's linear algebra is not used, and its threads would take time from the workers.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if os.environ.get("FUZZVERSE_TRACEBACK") != "1":
        sys.excepthook = tell_in_one_line
    # What has been imported stays: looking through it again and again is time lost to the workers.
    gc.freeze()
    sys.exit(call(sys.argv[1:]))
