from __future__ import annotations

import re
from pathlib import Path

import pytest

from fuzzverse import pybuild
from fuzzverse.errors import UsageError
from fuzzverse.resources import Resources
from fuzzverse.toolchain import Compiler

NO_COMPILER = Compiler(Path("/absent/clang"), Path("/absent/clang++"), 14, "clang 14")


def refused(path: Path) -> str:
    """What a file that cannot become a target is answered with, before any compiler is asked."""
    with pytest.raises(UsageError) as caught:
        pybuild.build(path, Resources(path.parent), path.parent, NO_COMPILER)
    return str(caught.value)


def test_a_library_is_found_where_the_interpreter_says(tmp_path: Path) -> None:
    shared = tmp_path / "libpython3.so.1.0"
    shared.write_bytes(b"")
    variables = {"LIBDIR": str(tmp_path), "INSTSONAME": shared.name, "LDLIBRARY": "libpython3.a"}
    assert pybuild.find_library(variables) == shared
    below = {"LIBDIR": str(tmp_path.parent), "MULTIARCH": tmp_path.name, "LDLIBRARY": shared.name}
    assert pybuild.find_library(below) == shared


def test_an_interpreter_without_a_library_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "libpython3.a").write_bytes(b"")
    with pytest.raises(UsageError, match=r"no shared library.*install libpython3\.\d+"):
        pybuild.find_library({"LIBDIR": str(tmp_path), "LDLIBRARY": "libpython3.a"})


def test_what_is_no_python_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "it.py"
    assert "it.py does not exist" in refused(path)
    path.write_text("x = 1\nif\n")
    assert "it.py:2: invalid syntax" in refused(path)
    path.write_bytes(b"#" * (pybuild.SOURCE_SIZE_MAX + 1))
    assert "is larger than" in refused(path)


def test_without_atheris_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "it.py").write_text("def target(): pass\n")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'fuzzverse[atheris]'" in refused(tmp_path / "it.py")


def test_literals_of_c_hold_any_text() -> None:
    text = 'a "b" \\ ??/ \t\n\x01\x7fé\udcff0\r\n'
    literal = pybuild.c_string(text)
    assert "\n" in literal
    assert "??" not in literal
    parts = re.findall(r'"((?:[^"\\]|\\[0-7]{3})*)"', literal)
    back = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), "".join(parts))
    assert back.encode("latin-1") == text.encode(errors="surrogateescape")
