"""What `fuzzverse doctor` found."""

from __future__ import annotations

from collections.abc import Sequence

from fuzzverse.outcome import Check
from fuzzverse.report.text import columns


def render(checks: Sequence[Check]) -> str:
    """One line a check, and what to do where something is missing."""
    rows = [(_word(check), check.name, check.found) for check in checks]
    advice = [f"{check.name}: {check.advice}" for check in checks if not check.passed]
    end = "everything that is needed is there"
    if any(check.needed and not check.passed for check in checks):
        end = "something that is needed is missing"
    return "\n".join([columns(rows), "", *advice, end]) + "\n"


def _word(check: Check) -> str:
    if check.passed:
        return "ok"
    return "MISSING" if check.needed else "absent"
