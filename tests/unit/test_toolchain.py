from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse.errors import EngineError
from fuzzverse.toolchain import asked_compiler, find_compiler, find_tool


@pytest.fixture
def which(tmp_path: Path) -> Callable[[str], str | None]:
    """Finds programs in tmp_path alone."""

    def find(name: str) -> str | None:
        path = tmp_path / name
        return str(path) if path.exists() else None

    return find


def put(directory: Path, name: str, output: str) -> Path:
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
    return path


def test_the_plain_name_comes_first(tmp_path: Path, which: Callable[[str], str | None]) -> None:
    put(tmp_path, "clang", "Debian clang version 15.0.7")
    put(tmp_path, "clang-19", "clang version 19.1.0")
    compiler = find_compiler(which=which)
    assert (compiler.path.name, compiler.major) == ("clang", 15)


def test_an_old_clang_is_passed_over_and_its_driver_for_cxx_is_beside_it(
    tmp_path: Path, which: Callable[[str], str | None]
) -> None:
    put(tmp_path, "clang", "clang version 11.0.1")
    put(tmp_path, "clang-19", "clang version 19.1.0")
    put(tmp_path, "clang++-19", "clang version 19.1.0")
    compiler = find_compiler(which=which)
    assert (compiler.path.name, compiler.cxx.name) == ("clang-19", "clang++-19")


def test_without_clang_the_package_is_named(which: Callable[[str], str | None]) -> None:
    with pytest.raises(EngineError, match="apt-get install clang"):
        find_compiler(which=which)


@pytest.mark.parametrize(
    ("output", "words"),
    [("gcc (GCC) 13", "CC=mine is no clang"), ("clang version 9.0.0", "is clang 9")],
)
def test_a_compiler_that_was_asked_for_must_do(
    tmp_path: Path, which: Callable[[str], str | None], output: str, words: str
) -> None:
    put(tmp_path, "mine", output)
    put(tmp_path, "clang", "clang version 19.1.0")
    with pytest.raises(EngineError, match=words):
        find_compiler("mine", which)


def test_a_compiler_asked_for_is_taken(tmp_path: Path, which: Callable[[str], str | None]) -> None:
    put(tmp_path, "mine", "clang version 16.0.0")
    assert find_compiler("mine", which).major == 16


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, ""),
        ({"CC": "clang-19"}, "clang-19"),
        ({"CC": "gcc", "FUZZVERSE_CC": "clang-15"}, "clang-15"),
        ({"CC": "/x/fuzzverse-cc"}, ""),
    ],
)
def test_our_own_wrapper_is_never_asked_for(environment: dict[str, str], asked: str) -> None:
    assert asked_compiler(environment) == asked


def test_a_tool_may_carry_a_version(tmp_path: Path, which: Callable[[str], str | None]) -> None:
    assert find_tool("llvm-symbolizer", which) is None
    path = put(tmp_path, "llvm-symbolizer-17", "x")
    assert find_tool("llvm-symbolizer", which) == path
