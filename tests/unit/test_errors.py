from __future__ import annotations

from fuzzverse.errors import CommandError, EngineError, ExitCode, UsageError


def test_exit_codes_follow_from_the_class() -> None:
    assert CommandError("x").exit_code is ExitCode.ENGINE_FAILED
    assert EngineError("x").exit_code is ExitCode.ENGINE_FAILED
    assert UsageError("x").exit_code is ExitCode.USAGE


def test_exit_codes_are_libfuzzers() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 72, 77]
