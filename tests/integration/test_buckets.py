"""Crashes are sorted by what they are: a bug has one bucket however it is reached, two have two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import Fuzzverse

Compiled = Callable[..., Path]
BUGS = {
    "sigsegv-in-write-nowhere": 2,  # from two callers
    "sigsegv-in-copy-nowhere": 1,
    "sigfpe-in-divide": 1,
    "sigabrt-in-check": 1,
    "sigabrt-in-fv-target-body-crashes": 1,
    "sigsegv-in-check-twice": 2,  # in two lines
    "sigsegv-in-descend": 1,
}


def bugs_of(fuzzverse: Fuzzverse, executable: Path, *words: str) -> list[dict[str, Any]]:
    done = fuzzverse(
        *("run", executable, "--timelines", "300", "--keep-going", "--jobs", "2", "--seed", "1"),
        *("--json", "--quiet", *words),
    )
    assert done.code == 77, done.err
    bugs: list[dict[str, Any]] = done.json["bugs"]
    return bugs


def stems(bugs: list[dict[str, Any]]) -> dict[str, int]:
    names = [bug["bucket"].rpartition("-")[0] for bug in bugs]
    return {name: names.count(name) for name in names}


def test_each_crash_has_its_bucket_in_every_isolation_and_after_an_edit(
    compiled: Compiled, fuzzverse: Fuzzverse
) -> None:
    bugs = bugs_of(fuzzverse, compiled("crashes.c"), "--isolation", "fork", "--out", "a")
    assert stems(bugs) == BUGS
    assert all(bug["reproduced"] == 3 for bug in bugs)
    names = {bug["bucket"] for bug in bugs}
    rewound = bugs_of(fuzzverse, compiled("crashes.c"), "--isolation", "auto", "--out", "b")
    assert {bug["bucket"] for bug in rewound} == names
    edited = bugs_of(fuzzverse, compiled("crashes.c", "-DMOVED"), "--out", "c")
    assert {bug["bucket"] for bug in edited} == names


def test_a_crash_says_where_and_an_assert_what(
    compiled: Compiled, fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    bugs = {bug["bucket"]: bug for bug in bugs_of(fuzzverse, compiled("crashes.c"), "--out", "o")}
    told = {name.rpartition("-")[0]: bug["message"] for name, bug in bugs.items()}
    assert told["sigabrt-in-check"] == "Assertion `n < 0' failed"
    assert told["sigfpe-in-divide"] == "killed by SIGFPE in divide"
    name = next(name for name in bugs if name.startswith("sigfpe-"))
    stack = (tmp_path / "o" / "bugs" / name / "stack").read_text()
    assert stack.startswith("SIGFPE at 0x")
    inner, inlined, outer = stack.splitlines()[1:4]
    assert inner.startswith("    at divide in ")
    assert inlined.startswith("    at deeper in ")
    assert outer.startswith("    at fv_target_body_crashes in ")


@pytest.mark.parametrize("sanitizer", ["address", "undefined"])
def test_what_sanitizers_say_is_sorted_too(
    compiled: Compiled, fuzzverse: Fuzzverse, sanitizer: str
) -> None:
    executable = compiled("reports.c", f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all")
    bugs = bugs_of(fuzzverse, executable, "--out", "o")
    wanted = {
        "address": {"heap-use-after-free-in-read-it": 2, "heap-buffer-overflow-in-read-it": 1},
        "undefined": {"signed-integer-overflow": 1, "out-of-bounds-index": 1},
    }[sanitizer]
    found = stems(bugs)
    assert {stem: found[name] for stem in wanted for name in found if stem in name} == wanted
    assert sum(found.values()) == sum(wanted.values())
