from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from fuzzverse.libfuzzer import Flags
from fuzzverse.merge import Merged
from fuzzverse.model import Verdict
from fuzzverse.report import libfuzzer as report
from fuzzverse.smaller import Smaller


def test_usage_tells_every_flag_with_its_default() -> None:
    lines = report.usage("./target").splitlines()
    assert lines[0].startswith("Usage: ./target ")
    assert [line.split()[0] for line in lines[1:]] == [field.name for field in fields(Flags)]
    assert "  timeout                1200   seconds that one input may take; 0: any" in lines


@pytest.mark.parametrize(
    ("is_irreducible", "how"),
    [(True, "no byte of it can go"), (False, "stopped by -runs or -max_total_time")],
)
def test_what_became_of_an_input_has_both_sizes(is_irreducible: bool, how: str) -> None:
    found = Smaller(b"ab", 7, is_irreducible)
    assert report.minimized(Path("crash"), b"abcdef", Path("small"), found) == (
        f"CRASH_MIN: crash (6 bytes) has become small (2 bytes) in 7 runs; {how}"
    )


def test_a_merge_tells_what_it_left_out() -> None:
    bad = (("c", Verdict.SIGNAL),)
    found = Merged(("a", "b"), bad, 3, 0, features_before=10, features_after=15, is_whole=True)
    assert report.merged(found) == (
        "MERGE-OUTER: 2 new files with 5 new features added; 1 end badly and are left out"
    )
