from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from fuzzverse import cli
from fuzzverse.cli import COMMANDS, call, tell_in_one_line
from fuzzverse.errors import EngineError, ExitCode, UsageError


def test_help_loads_neither_commands_nor_what_they_need() -> None:
    program = (
        "import sys\n"
        "from fuzzverse.cli import call\n"
        "call(['--help'])\n"
        "print(sorted({'numpy', 'rich', 'fuzzverse.native'} & sys.modules.keys()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines()[-1] == "[]"
    assert all(name in answer.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("cc", "c++")])
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call([name, "--help"]) == ExitCode.NOTHING_FOUND
    assert f"Usage: fuzzverse {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ruin"], "No such command 'ruin'"),
        (["run", "--strategy", "best"], "'best' is not one of"),
        (["run", "--jobs", "0"], "at least one job"),
        (["run", "--isolation", "vm"], "'vm' is not one of 'auto', 'rewind', 'fork'"),
        (["run", "--canary", "2"], "'2' is no fraction from 0 to 1"),
        (["bench", "search", "--isolation", "none"], "'none' is not one of"),
        (["run", "--time", "soon"], "is no duration"),
        (["run", "--window", "99"], "99 is not in the range"),
        (["run", "--with", "sqlite=/absent"], "not NAME=DIR"),
    ],
)
def test_wrong_usage_ends_with_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(arguments) == ExitCode.USAGE
    assert words in capsys.readouterr().err


def raising(error: BaseException) -> Callable[..., object]:
    def fail(*arguments: object, **values: object) -> object:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (UsageError("no such target"), 2, "fuzzverse: no such target\n"),
        (EngineError("a worker died"), 1, "fuzzverse: a worker died\n"),
        (click.Abort(), 72, "fuzzverse: interrupted\n"),
    ],
)
def test_errors_are_one_line_and_a_code(
    error: BaseException,
    code: int,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli.cli, "main", raising(error))
    assert call([]) == code
    assert capsys.readouterr().err == shown


def test_what_nobody_expected_is_one_line_with_its_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        tell_in_one_line(ValueError, error, error.__traceback__)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "test_main.py:" in shown
    assert "ValueError: two lines" in shown
    assert "FUZZVERSE_TRACEBACK=1" in shown


def test_the_entry_point_ends_with_the_commands_code() -> None:
    answer = subprocess.run(
        [sys.executable, "-P", "-m", "fuzzverse", "config"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == ExitCode.USAGE
    assert "say what to print" in answer.stderr
