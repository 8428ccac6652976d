from __future__ import annotations

from collections.abc import Callable

from fuzzverse.outcome import Check
from fuzzverse.report.checks import render


def test_what_is_missing_comes_with_advice(golden: Callable[[str, str], None]) -> None:
    checks = (
        Check("python", True, True, "3.11"),
        Check("clang", False, True, "none", "apt-get install clang"),
        Check("gdb", False, False, "none", "apt-get install gdb"),
    )
    golden("checks.txt", render(checks))


def test_only_what_is_needed_can_be_missing() -> None:
    optional = Check("gdb", False, False, "none", "apt-get install gdb")
    assert "MISSING" not in render((optional,))
    assert "everything that is needed is there" in render((optional,))
