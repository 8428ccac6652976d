"""The exceptions of fuzzverse: one root, and the exit codes that commands end with."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """How a command ends; the numbers are libFuzzer's, which CI systems know."""

    NOTHING_FOUND = 0
    ENGINE_FAILED = 1
    USAGE = 2
    INTERRUPTED = 72
    BUGS_FOUND = 77


class FuzzverseError(Exception):
    """Root of everything that fuzzverse raises on purpose."""


class CommandError(FuzzverseError):
    """Ends a command: one message that says what is wrong, where, and what to do."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.ENGINE_FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class UsageError(CommandError):
    """The caller asked for something that does not exist or makes no sense."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.USAGE)


class EngineError(CommandError):
    """The machinery failed: a worker, a session, the disk."""


class InputError(FuzzverseError):
    """Bytes or text from outside that are no recipe, input, or table of ours."""
