"""Words that the house avoids, as identifiers of its own sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

AVOIDED = {
    "virgin",
    "history",
    "transfer",
    "ctx",
    "vm",
    "bm",
    "testcase",
    "unit",
    "manager",
    "helper",
    "helpers",
    "util",
    "utils",
}
AVOIDED_WHOLE = {"trace_bits"}
FOREIGN = {"process_vm_readv", "SYS_process_vm_readv"}  # what the kernel calls its own
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL
)


def words(identifier: str) -> set[str]:
    """The words of an identifier: fv_mapCount -> fv, map, count."""
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def is_avoided(identifier: str) -> bool:
    return bool(words(identifier) & AVOIDED) or any(w in identifier.lower() for w in AVOIDED_WHOLE)


def c_identifiers(text: str) -> set[str]:
    bare = COMMENT_OR_STRING.sub(" ", text)
    bare = re.sub(r"^\s*#\s*include.*$", " ", bare, flags=re.MULTILINE)
    return set(re.findall(r"[A-Za-z_]\w*", bare)) - FOREIGN


def python_identifiers(text: str) -> Iterator[str]:
    """The names that a module defines; what others called theirs is not its fault."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.arg():
                yield node.arg


def test_c_sources_avoid_them(root: Path, c_texts: dict[Path, str]) -> None:
    found = [
        f"{path.relative_to(root)}: {identifier}"
        for path, text in c_texts.items()
        for identifier in sorted(c_identifiers(text))
        if is_avoided(identifier)
    ]
    assert found == []


def test_python_sources_avoid_them(root: Path, python_texts: dict[Path, str]) -> None:
    found = [
        f"{path.relative_to(root)}: {identifier}"
        for path, text in python_texts.items()
        for identifier in sorted(set(python_identifiers(text)))
        if is_avoided(identifier)
    ]
    assert found == []


def test_file_names_avoid_them(
    root: Path, c_texts: dict[Path, str], python_texts: dict[Path, str]
) -> None:
    names = [str(path.relative_to(root)) for path in (*c_texts, *python_texts)]
    assert [name for name in names if is_avoided(Path(name).stem)] == []


@pytest.mark.parametrize(
    ("identifier", "avoided"),
    [
        ("fv_ctx_free", True),
        ("vmCount", True),
        ("TestCase", False),
        ("testcase_new", True),
        ("trace_bits", True),
        ("community", False),
        ("transferred", False),
        ("SlotManager", True),
    ],
)
def test_words_are_recognised(identifier: str, avoided: bool) -> None:
    assert is_avoided(identifier) is avoided
