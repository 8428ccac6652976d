from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.engines.wheel import Wheel, find_wheel
from fuzzverse.errors import UsageError

SUFFIXES = (".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so")


def found(folder: Path) -> Wheel:
    return find_wheel(lambda: (folder,), lambda: "3.0.0", SUFFIXES)


def test_the_library_of_this_interpreter_is_taken(tmp_path: Path) -> None:
    library = tmp_path / f"core_with_libfuzzer{SUFFIXES[0]}"
    (tmp_path / f"core_without_libfuzzer{SUFFIXES[0]}").touch()
    (tmp_path / "core_with_libfuzzer.so").touch()
    library.touch()
    assert found(tmp_path) == Wheel(library, "3.0.0")


def test_no_atheris_says_how_to_get_it() -> None:
    with pytest.raises(UsageError, match=r"not installed.*pip install 'fuzzverse\[atheris\]'"):
        find_wheel(lambda: (), lambda: "unknown", SUFFIXES)


def test_another_interpreters_atheris_is_named(tmp_path: Path) -> None:
    (tmp_path / "core_with_libfuzzer.cpython-39-x86_64-linux-gnu.so").touch()
    with pytest.raises(UsageError, match=r"has core_with_libfuzzer\.cpython-39.*pip install"):
        found(tmp_path)


def test_a_package_without_libfuzzer_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no core_with_libfuzzer"):
        found(tmp_path)


def test_the_installed_one_is_found() -> None:
    wheel = find_wheel()
    assert wheel.path.is_file()
    assert wheel.version[0] == "3"
