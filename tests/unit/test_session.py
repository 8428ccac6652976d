from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.errors import EngineError, UsageError
from fuzzverse.model import Compare, Mark, MarkKind
from fuzzverse.session import describe, edge_addresses
from fuzzverse.toolchain import find_compiler

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "SECRET": "1"}
GOOD: dict[str, object] = {
    "abi": 1,
    "name": "coin",
    "edges": 5,
    "modules": [2, 3],
    "marks": [{"kind": 6, "compare": 1, "message": "m", "file": "f.c", "line": 9}],
    "sanitizer": "",
    "fixed_addresses": True,
    "simulation": "target",
    "threads": 1,
}
# Prints what the macro says; `marker` is what stands in every target.
PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((used)) static const char marker[] = MARKER;
int main(void) { if (getenv("SECRET")) return 9; fputs(TEXT, stdout); fflush(stdout); END }
"""

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    compiler = find_compiler()

    def build(text: object, marker: str = "fuzzverse-target-abi:0001;", end: str = "") -> Path:
        source, path = tmp_path / "p.c", tmp_path / "p"
        source.write_text(PROGRAM)
        words = text if isinstance(text, str) else json.dumps(text)
        defines = {"TEXT": json.dumps(words), "MARKER": json.dumps(marker), "END": end}
        flags = [f"-D{name}={value}" for name, value in defines.items()]
        subprocess.run([compiler.path, *flags, source, "-o", path], check=True)
        return path

    return build


def test_a_target_is_taken_at_its_word_when_that_makes_sense(make: Make) -> None:
    path = make(GOOD)
    target = describe(path, 1, ENVIRONMENT)
    assert (target.name, target.edges, target.modules) == ("coin", 5, (2, 3))
    assert target.marks == (Mark(0, MarkKind.SOMETIMES_NUMERIC, Compare.GT, "m", "f.c", 9),)
    assert target.path == path
    assert len(target.build_id) == 16
    assert describe(path, 1, ENVIRONMENT).build_id == target.build_id


@pytest.mark.parametrize(
    "changes",
    [
        {"abi": "1"},
        {"edges": -1},
        {"edges": 6},
        {"edges": True},
        {"modules": 5},
        {"modules": [2, "3"]},
        {"marks": [{"kind": 99}]},
        {"marks": [3]},
        {"marks": [{"kind": 6, "compare": 1, "message": None, "file": "f", "line": 1}]},
        {"fixed_addresses": 1},
        {"name": None},
        {"threads": 1 << 40},
    ],
)
def test_a_description_of_wrong_types_or_sizes_is_refused(
    make: Make, changes: dict[str, object]
) -> None:
    with pytest.raises(EngineError, match="make no sense"):
        describe(make({**GOOD, **changes}), 1, ENVIRONMENT)


def test_a_target_without_a_simulation_is_told_what_it_lacks(make: Make) -> None:
    with pytest.raises(UsageError, match=r"FV_TARGET\(name\) .*LLVMFuzzerTestOneInput"):
        describe(make({**GOOD, "simulation": "none"}), 1, {})
    assert describe(make({**GOOD, "simulation": "harness"}), 1, {}).is_harness


@pytest.mark.parametrize("text", ["", "[]", "{", "nothing", "[" * 3_000])
def test_a_description_that_is_no_object_is_refused(make: Make, text: str) -> None:
    with pytest.raises(EngineError, match="make no sense"):
        describe(make(text), 1, ENVIRONMENT)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threads": 3}, "runs 3 threads"),
        ({"marks_left_out": 2}, "has 2 marks and 0 modules more than"),
        ({"abi": 2}, "target ABI 2, this is ABI 1"),
    ],
)
def test_a_target_that_cannot_be_run_is_refused(
    make: Make, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        describe(make({**GOOD, **changes}), 1, ENVIRONMENT)


def test_a_file_without_the_marker_is_never_executed(make: Make, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    path = make(GOOD, marker="none", end=f'fclose(fopen("{witness}", "w"));')
    with pytest.raises(UsageError, match=r"no fuzzverse build: compile it with fuzzverse-cc"):
        describe(path, 1, ENVIRONMENT)
    assert not witness.exists()


def test_another_abi_names_both_versions_and_the_way_out(make: Make) -> None:
    path = make(GOOD, marker="fuzzverse-target-abi:0007;")
    with pytest.raises(UsageError, match=r"ABI 7, this is ABI 1; rebuild it with `fuzzverse build"):
        describe(path, 1, ENVIRONMENT)


def test_a_file_that_is_no_executable_is_refused(make: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        describe(tmp_path / "absent", 1, ENVIRONMENT)
    with pytest.raises(UsageError, match=r"cannot read|is no file"):
        describe(tmp_path, 1, ENVIRONMENT)
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(UsageError, match="no ELF executable"):
        describe(script, 1, ENVIRONMENT)
    script.write_text("")
    with pytest.raises(UsageError, match="no ELF executable"):
        describe(script, 1, ENVIRONMENT)
    path = make(GOOD)
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod"):
        describe(path, 1, ENVIRONMENT)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("for (;;) pause();", "did not describe itself within 0.5 s"),
        ("fclose(stdout); for (;;) pause();", "did not describe itself within 0.5 s"),
        ("abort();", "ended with signal 6"),
        ("return 3;", "ended with exit code 3"),
        ("for (;;) fputs(TEXT, stdout);", "description is larger than|within"),
    ],
)
def test_a_target_that_misbehaves_is_ended(make: Make, end: str, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        describe(make(GOOD, end=end), 1, ENVIRONMENT, 0.5)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("0x555555556010\n0\n", (0x555555556010, 0)),
        ("0x5\n", None),
        ("0x5\nhere\n", None),
        ("-5\n0x5\n", None),
        ("0x5\n0x10000000000000000\n", None),
    ],
)
def test_edges_are_where_a_target_says(
    make: Make, words: str, expected: tuple[int, ...] | None
) -> None:
    target = describe(make({**GOOD, "edges": 2, "modules": [2]}), 1, ENVIRONMENT)
    target = replace(target, path=make(words))
    if expected is not None:
        assert edge_addresses(target, ENVIRONMENT) == expected
        return
    with pytest.raises(EngineError, match="does not say where its 2 edges are"):
        edge_addresses(target, ENVIRONMENT)
