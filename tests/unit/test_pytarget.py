from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from fuzzverse import sdk


@pytest.fixture
def pytarget(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setitem(sys.modules, "fuzzverse._target", ModuleType("fuzzverse._target"))
    monkeypatch.delitem(sys.modules, "fuzzverse.pytarget", raising=False)
    import fuzzverse.pytarget

    return fuzzverse.pytarget


def raised(source: str, folder: Path) -> BaseException:
    """What a file of a folder raises."""
    scope: dict[str, object] = {}
    try:
        exec(compile(source, str(folder / "it.py"), "exec"), scope)
    except Exception as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


def test_exceptions_are_told_apart_by_type_and_the_innermost_lines(
    pytarget: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk.Timeline, "folder", str(tmp_path))
    deep = "def f(n):\n    if n: f(n - 1)\n    else: [].pop()\nf(5)\n"
    error = raised(deep, tmp_path)
    assert pytarget.identity_of(error) == (
        "IndexError at it.py:3 in f at it.py:2 in f at it.py:2 in f"
    )
    assert pytarget.message_of(error) == "IndexError at it.py:3 in f: pop from empty list"


def test_lines_of_libraries_are_left_out(
    pytarget: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk.Timeline, "folder", str(tmp_path))
    error = raised("import json\njson.loads('[')\n", tmp_path)
    assert pytarget.identity_of(error) == "JSONDecodeError at it.py:2 in <module>"
    elsewhere = raised("raise OSError\n", tmp_path.parent)
    assert pytarget.identity_of(elsewhere) == pytarget.message_of(elsewhere) == "OSError"


def test_words_of_several_lines_are_cut_to_one(
    pytarget: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk.Timeline, "folder", str(tmp_path))
    error = raised("raise ValueError('one\\ntwo')\n", tmp_path)
    assert pytarget.message_of(error) == "ValueError at it.py:1 in <module>: one"
